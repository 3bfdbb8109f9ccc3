"""A region of the key service as processes: one life after the other, and its standby."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from random import Random

from chaos.errors import WorldError
from chaos.run import children
from chaos.run.children import Child
from chaos.service.replication import CROSS_REGION_PLAN
from chaos.service.server import CRASHED

MODULE = "chaos.service.server"
ENDS_WITHIN = 10.0
Spawn = Callable[[str, str], Awaitable[Child]]


class RegionPeer:
    """One region: ``told`` is the line that its process is given, ``lag`` that of its standby.

    ``origin`` is the region's own URL, the same for all its lives; ``standby`` the standby's.
    """

    def __init__(self, told: Mapping[str, object], spawn: Spawn, lag: float | None = None) -> None:
        self.region = str(told["region"])
        self.origin = self.standby = ""
        self._spawn = spawn
        self._lag = lag
        self._lives = 0
        self._told = dict(told)
        if lag is not None:
            tenants = [{**each, "plan": CROSS_REGION_PLAN} for each in told["instances"]]  # type: ignore[attr-defined] # we wrote the list
            self._told["instances"] = tenants
        self._child: Child | None = None
        self._next: Child | None = None

    async def open(self) -> str:
        """Start the region, and its standby where it has one; the region's URL."""
        name = f"the key service of {self.region}"
        self._child = await self._spawn(name, MODULE)
        said = await children.configure(self._child, self._told)
        self.origin, self._told["port"] = str(said["url"]), said["port"]
        if self._lag is not None:
            follows = {"url": self.origin, "control_token": self._told["control_token"]}
            changed: dict[str, object] = {"instances": [], "port": 0, "directory": None}
            changed |= {"standby_of": {**follows, "lag": self._lag}, "seed": self._seed("standby")}
            behind = await self._spawn(f"the standby of {self.region}", MODULE)
            heard = await children.configure(behind, {**self._told, **changed})
            self.standby = str(heard["url"])
        return self.origin

    async def crash(self, inject: Callable[[], object]) -> float:
        """Have the process ended by ``inject``; when it was gone (monotonic).

        The next one is started at once, and waits to be told. WorldError where it does not end as
        by a crash.
        """
        child = self._child
        assert child is not None
        child.scheduled = True
        await asyncio.to_thread(inject)
        try:
            async with asyncio.timeout(ENDS_WITHIN):
                code = await child.ended()
        except TimeoutError:
            raise WorldError(f"{child.name} outlived its crash by {ENDS_WITHIN:g} s.") from None
        gone = time.monotonic()
        await child.stop()
        if code != CRASHED:
            raise WorldError(f"{child.name} ended with code {code} where it was to crash.")
        self._next = await self._spawn(child.name, MODULE)
        return gone

    async def restart(self) -> float:
        """Let the next process be the region, with what the last one kept; when it answered."""
        assert self._next is not None
        self._lives += 1
        # Another seed: what a region draws is never drawn again, or keys would share their ids.
        again = {**self._told, "seed": self._seed(self._lives)}
        await children.configure(self._next, again)
        self._child, self._next = self._next, None
        return time.monotonic()

    def _seed(self, what: object) -> int:
        return Random(f"{self._told['seed']}/{what}").getrandbits(63)
