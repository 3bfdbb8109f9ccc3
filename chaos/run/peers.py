"""The processes that a run on real sockets needs: the regions of the key service and a proxy."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import Mapping
from functools import partial
from tempfile import TemporaryDirectory
from uuid import uuid4

from chaos.errors import WorldError
from chaos.run import children, region_peer
from chaos.run.children import Child
from chaos.run.faults import DIED, Gates, mortal, standby_of
from chaos.run.injector import Injector
from chaos.run.provision import Site
from chaos.run.region_peer import RegionPeer
from chaos.run.service_injector import ServiceInjector
from chaos.scenario.model import CRASH, IAM, PROVIDER_FAILOVER, Change, Region, Scenario
from chaos.service.server import new_signing_key

API_KEY_BYTES = 24
ACCOUNT = "keychaos"


class Peers:
    """Two or more regions, each a process, and the proxy before them; `close` ends them all.

    ``proxy`` is the URL of a fault proxy of somebody's own, empty to start ours.
    """

    def __init__(self, scenario: Scenario, proxy: str = "") -> None:
        self._scenario = scenario
        self._others = bool(proxy)
        self._proxy = proxy
        self.children: list[Child] = []
        self.sites: dict[str, Site] = {}
        self.api_key = secrets.token_urlsafe(API_KEY_BYTES)
        self.iam = ""
        self.injector: Injector | None = None
        self._inside: ServiceInjector | None = None
        self._regions: dict[str, RegionPeer] = {}
        self._gates = Gates()
        self._directory: TemporaryDirectory[str] | None = None
        self._sweeper: Child | None = None
        self._opened = time.time()
        self._control_token = secrets.token_urlsafe(API_KEY_BYTES)

    async def spawn(self, name: str, module: str) -> Child:
        """Start one more process that is to end with the run."""
        child = await children.spawn(name, module)
        self.children.append(child)
        return child

    async def open(self) -> None:
        """Start the regions and the proxy, side by side. Raises WorldError where one fails."""
        iam = {
            "signing_key": await asyncio.to_thread(new_signing_key),
            "api_keys": [{"key": self.api_key, "iam_id": "IBMid-keychaos", "account": ACCOUNT}],
            "token_lasts": round(self._scenario.service.token_lasts),
        }
        instances = {region.name: str(uuid4()) for region in self._scenario.regions}
        for region in self._scenario.regions:
            told = self._told(region, iam, instances[region.name])
            self._regions[region.name] = RegionPeer(told, self.spawn, region.lag)
        if self._directory is not None:
            self._sweeper = await children.spawn("the sweeper", "chaos.run.sweeper")
            await children.configure(self._sweeper, {"directory": self._directory.name})
        url, behind, alone, *found = await asyncio.gather(
            self._proxied(),
            self._counted(),
            self._iam(iam),
            *(peer.open() for peer in self._regions.values()),
        )
        origins = dict(zip(self._regions, found, strict=True))
        injector = await asyncio.to_thread(Injector, url, others=self._others, behind=behind)
        self.injector = injector
        endpoints = await asyncio.to_thread(injector.prepare, self._scenario, origins)
        for name, origin in origins.items():
            self.sites[name] = Site(name, origin, endpoints[name], instances[name])
        self.iam = alone or found[0]
        standbys = {standby_of(name): peer.standby for name, peer in self._regions.items()}
        told_of = {**origins, **standbys, IAM: self.iam}
        self._inside = ServiceInjector(told_of, self._control_token)

    async def apply(self, change: Change) -> tuple[float, dict[str, float]]:
        """Inject or heal one fault where its site is; see :meth:`Injector.apply`."""
        assert self.injector is not None, "no change is applied before the stage is open"
        assert self._inside is not None
        fault, listens = change.fault, self._gates.change(change)
        if fault.kind == CRASH:
            applied = await self._crash(self._inside, change)
        elif fault.kind == PROVIDER_FAILOVER:
            applied = await asyncio.to_thread(self._fail_over, self._inside, self.injector, change)
        elif fault.site == "service":
            return await asyncio.to_thread(self._inside.apply, change)
        else:
            return await asyncio.to_thread(self.injector.apply, change)
        if listens is None:
            return applied
        await asyncio.to_thread(self.injector.listen, fault.target, listens)
        return (time.monotonic() if listens else applied[0]), applied[1]

    async def _crash(
        self, inside: ServiceInjector, change: Change
    ) -> tuple[float, dict[str, float]]:
        """End a region's process, or start it again."""
        peer = self._regions[change.fault.target]
        if change.verb == "heal":
            return await peer.restart(), {}
        return await peer.crash(partial(inside.apply, change)), {DIED: 1.0}

    def _fail_over(
        self, inside: ServiceInjector, injector: Injector, change: Change
    ) -> tuple[float, dict[str, float]]:
        """Have the standby serve under the region's name, or the region itself again."""
        peer = self._regions[change.fault.target]
        if change.verb == "inject":
            inside.apply(change)
            injector.move(peer.region, peer.standby)
            return time.monotonic(), {}
        injector.move(peer.region, peer.origin)
        return inside.apply(change)

    async def _proxied(self) -> str:
        """The URL of the proxy's API."""
        return self._proxy or await self._own("the proxy")

    async def _counted(self) -> str:
        """The URL of a proxy of ours that counts behind somebody's own, which does not."""
        return await self._own("the counting proxy") if self._others else ""

    async def _own(self, name: str) -> str:
        child = await self.spawn(name, "chaos.proxy.server")
        wish = {"host": "127.0.0.1", "port": 0, "seed": self._scenario.seed, "proxies": []}
        said = await children.configure(child, wish)
        return str(said["url"])

    async def _iam(self, iam: Mapping[str, object]) -> str:
        """The URL of a token service of its own, where a crash is to end the first region."""
        if self._scenario.regions[0].name not in mortal(self._scenario):
            return ""
        child = await self.spawn("the token service", region_peer.MODULE)
        wish = {"region": None, "iam": iam, "seed": self._scenario.seed}
        said = await children.configure(child, {**wish, "control_token": self._control_token})
        return str(said["url"])

    def _told(self, region: Region, iam: Mapping[str, object], instance: str) -> dict[str, object]:
        """The line that a region's process is given."""
        kept = region.name in mortal(self._scenario)
        if kept and self._directory is None:
            self._directory = TemporaryDirectory(prefix="keychaos-")
        return {
            "region": region.name,
            "host": "127.0.0.1",
            "port": 0,
            "iam": iam,
            "instances": [{"id": instance, "account": ACCOUNT}],
            "seed": self._scenario.seed,
            "scale_time": self._scenario.service.timers,
            "scaled_from": self._opened,
            "control_token": self._control_token,
            "directory": self._directory.name if kept and self._directory else None,
        }

    async def close(self) -> None:
        """Heal every fault, then end every process."""
        if self._inside is not None:
            self._inside.close()
        if self.injector is not None:
            with contextlib.suppress(WorldError):
                await asyncio.to_thread(self.injector.heal)
            self.injector.close()
        await children.stop_all(self.children)
        if self._directory is not None:
            self._directory.cleanup()
        if self._sweeper is not None:
            await self._sweeper.stop()
