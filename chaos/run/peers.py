"""The processes that a run on real sockets needs: the regions of the key service and a proxy."""

import asyncio
import secrets
from collections.abc import Mapping
from uuid import uuid4

from chaos.run import children
from chaos.run.children import Child
from chaos.run.provision import Site
from chaos.scenario.model import Region, Scenario
from chaos.service.server import new_signing_key

API_KEY_BYTES = 24
ACCOUNT = "keychaos"


class Peers:
    """Two or more regions, each a process, and the proxy before them; `close` ends them all."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self.children: list[Child] = []
        self.sites: dict[str, Site] = {}
        self.api_key = secrets.token_urlsafe(API_KEY_BYTES)
        self.iam = ""
        self.proxy = ""

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
        }
        regions = self._scenario.regions
        origins = await asyncio.gather(*(self._region(region, iam) for region in regions))
        child = await self.spawn("the proxy", "chaos.proxy.server")
        said = await children.configure(
            child,
            {
                "host": "127.0.0.1",
                "port": 0,
                "seed": self._scenario.seed,
                "proxies": [
                    {
                        "name": region.name,
                        "listen": "127.0.0.1:0",
                        "upstream": origin.removeprefix("http://"),
                    }
                    for region, (origin, _) in zip(regions, origins, strict=True)
                ],
            },
        )
        self.proxy = str(said["url"])
        for region, (origin, instance) in zip(regions, origins, strict=True):
            endpoint = f"http://{said['proxies'][region.name]}"
            self.sites[region.name] = Site(region.name, origin, endpoint, instance)
        self.iam = origins[0][0]

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
            },
        )
        return str(said["url"]), instance

    async def close(self) -> None:
        """End every process."""
        await children.stop_all(self.children)
