"""The processes that a run on real sockets needs: the regions of the key service and a proxy."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import Mapping
from uuid import uuid4

from chaos.errors import WorldError
from chaos.run import children
from chaos.run.children import Child
from chaos.run.injector import Injector
from chaos.run.provision import Site
from chaos.run.service_injector import ServiceInjector
from chaos.scenario.model import IAM, Change, Region, Scenario
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
        regions = self._scenario.regions
        url, behind, found = await asyncio.gather(
            self._proxied(),
            self._counted(),
            asyncio.gather(*(self._region(region, iam) for region in regions)),
        )
        origins = {region.name: origin for region, (origin, _) in zip(regions, found, strict=True)}
        injector = await asyncio.to_thread(Injector, url, others=self._others, behind=behind)
        self.injector = injector
        endpoints = await asyncio.to_thread(injector.prepare, self._scenario, origins)
        for region, (origin, instance) in zip(regions, found, strict=True):
            name = region.name
            self.sites[name] = Site(name, origin, endpoints[name], instance)
        self.iam = origins[regions[0].name]
        self._inside = ServiceInjector({**origins, IAM: self.iam}, self._control_token)

    def apply(self, change: Change) -> tuple[float, dict[str, float]]:
        """Inject or heal one fault where its site is; see :meth:`Injector.apply`."""
        assert self.injector is not None, "no change is applied before the stage is open"
        assert self._inside is not None
        if change.fault.site == "service":
            return self._inside.apply(change)
        return self.injector.apply(change)

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

    async def _region(self, region: Region, iam: Mapping[str, object]) -> tuple[str, str]:
        """One region's address and the instance in it."""
        instance = str(uuid4())
        child = await self.spawn(f"the key service of {region.name}", "chaos.service.server")
        said = await children.configure(
            child,
            {
                "region": region.name,
                "host": "127.0.0.1",
                "port": 0,
                "iam": iam,
                "instances": [{"id": instance, "account": ACCOUNT}],
                "seed": self._scenario.seed,
                "scale_time": self._scenario.service.timers,
                "scaled_from": self._opened,
                "control_token": self._control_token,
            },
        )
        return str(said["url"]), instance

    async def close(self) -> None:
        """Heal every fault, then end every process."""
        if self._inside is not None:
            self._inside.close()
        if self.injector is not None:
            with contextlib.suppress(WorldError):
                await asyncio.to_thread(self.injector.heal)
            self.injector.close()
        await children.stop_all(self.children)
