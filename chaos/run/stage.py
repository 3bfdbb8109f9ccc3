"""Plays a scenario on real sockets: two regions, a proxy and Locust as children, the nemesis here.

Whatever happens, the stage heals every fault, ends every child and keeps what was recorded. A
signal or a dead child aborts the run; it never passes.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from chaos.errors import WorldError
from chaos.run import children, stored
from chaos.run.audit import audit
from chaos.run.children import Child, told
from chaos.run.decoding import events
from chaos.run.ending import Ending
from chaos.run.journal import EVENTS, Journal
from chaos.run.moment import moment, phase_at
from chaos.run.nemesis import nemesis
from chaos.run.peers import Peers
from chaos.run.provision import Provisioned, handed_over, provision
from chaos.run.sockets import SocketsWorld
from chaos.run.tail import Snapshot, Tail
from chaos.run.world import Applied, Event, Wrapped
from chaos.scenario.model import Change, Scenario

PREPARED_WITHIN = 60.0
LEAD = 0.3
LOOK_EVERY = 0.25
DRAIN = 20.0
AUDITORS = 8
NOTICED_WITHIN = 0.1
# The audit's bound: so long at least, and so long for each data key.
AUDIT_WITHIN, AUDITED_WITHIN = 30.0, 0.05

Watch = Callable[[Snapshot], None]


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be played: the scenario, which client plays it, where the records go.

    ``proxy`` is the URL of a Toxiproxy of somebody's own, empty for the embedded one.
    """

    scenario: Scenario
    client: str
    folder: Path
    proxy: str = ""


class SocketsRun:
    """One run on real sockets. ``stop`` may be called by a signal at any moment."""

    def __init__(self, order: Order, watch: Watch) -> None:
        self._order = order
        self._watch = watch
        self._regions = tuple(region.name for region in order.scenario.regions)
        self._peers = Peers(order.scenario, order.proxy)
        self._journal = Journal(order.folder / stored.NEMESIS, self._regions)
        # The stage is set before time zero, which is moved to where the load begins.
        zero = time.monotonic() + PREPARED_WITHIN
        self._world = SocketsWorld(zero, time.time() + PREPARED_WITHIN, self._note, self._apply)
        self._stopped: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._ledger: list[Wrapped] = []
        self._marks: list[tuple[float, str]] = []
        self._watchers: list[asyncio.Task[None]] = []
        self._guarded = 0
        self._begun = False
        self._ended: float | None = None
        self._dropped = 0
        self._clock_error = 0.0

    def stop(self, by: str) -> None:
        """Abort the run because of a signal, by the name that people know it by."""
        self._abort(f"stopped by {by} {self._moment()}")

    def _abort(self, why: str) -> None:
        """End the playing wherever it is; the first reason counts."""
        if not self._stopped.done():
            self._ended = self._world.now()
            self._stopped.set_result(why)

    def _moment(self) -> str:
        return moment(self._order.scenario, self._world.now() if self._begun else -1.0)

    async def play(self) -> Ending:
        """Play the whole scenario. Raises WorldError when it cannot begin."""
        broken: list[WorldError] = []
        try:
            await self._until_stopped()
        except* WorldError as errors:
            broken += _leaves(errors)
        finally:
            # What clearing up takes is no part of the run, to which nothing happens any more.
            ended = self._world.now() if self._ended is None else self._ended
            killed = await self._killed() if broken else None
            broken += await self._clear()
        if broken and not self._begun:
            raise killed or broken[0]
        why = self._stopped.result() if self._stopped.done() else ""
        why = why or (str(broken[0]) if broken else "")
        ended = max(0.0, ended) if self._begun and why else 0.0
        return Ending(ended, why, self._dropped, self._clock_error)

    async def _killed(self) -> WorldError | None:
        """Which child was killed, where that is why nobody answered while the stage was set."""
        await asyncio.sleep(NOTICED_WITHIN)
        for child in self._peers.children:
            code = child.process.returncode
            if code is not None and code < 0:
                return WorldError(f"{child.name} {told(code)}, {self._moment()}.")
        return None

    async def _until_stopped(self) -> None:
        played = asyncio.create_task(self._play())
        self._stopped.add_done_callback(lambda _: played.cancel())
        try:
            await played
        except asyncio.CancelledError:
            # A stop of our own is told in words; whoever cancels us from outside hears of it.
            if not self._stopped.done():
                raise

    async def _play(self) -> None:
        load = await self._peers.spawn("the load generator", "chaos.run.load")
        stage = await self._set(load)
        self._begun = True
        self._watch_over(self._look())
        self._guard_all()
        try:
            if await self._both(load):
                await self._audit(stage)
        finally:
            for watcher in self._watchers:
                watcher.cancel()

    async def _set(self, load: Child) -> Provisioned:
        """Set the stage, up to time zero, which lies a moment ahead then."""
        scenario = self._order.scenario
        await self._peers.open()
        stage = await provision(
            self._world, scenario, self._peers.sites, self._peers.api_key, self._peers.iam
        )
        stage = await handed_over(self._world, stage, self._peers.api_key, self._peers.iam)
        await self._brief(load, stage)
        zero, before = time.monotonic() + LEAD, self._world.zero
        self._world.zero, self._world.epoch = zero, time.time() + LEAD
        await load.tell({"zero": zero, "epoch": self._world.epoch, "moved": zero - before})
        return stage

    async def _both(self, load: Child) -> bool:
        """Play load and faults side by side; whether both came to their end in time."""
        scenario = self._order.scenario
        try:
            async with asyncio.timeout(LEAD + scenario.lasts + DRAIN), asyncio.TaskGroup() as both:
                both.create_task(nemesis(self._world, scenario.changes()))
                both.create_task(self._heard(load))
        except TimeoutError:
            self._abort(f"operations were still under way {DRAIN:g} s after the end of the plan")
            return False
        return True

    async def _brief(self, load: Child, stage: Provisioned) -> None:
        """Hand the load generator its order, and bound how far its clock lies from ours."""
        scenario, supply = self._order.scenario, stage.supply
        asked = time.monotonic()
        ready = await children.configure(
            load,
            {
                "scenario": {
                    "text": scenario.source,
                    "path": scenario.path,
                    "overrides": scenario.overrides,
                    "seed": scenario.seed,
                },
                "client": self._order.client,
                "targets": [asdict(target) for target in supply.targets],
                "credential": asdict(supply.credential),
                "sealed": {
                    client: [(each.ciphertext, each.digest) for each in kept]
                    for client, kept in supply.sealed.items()
                },
                "folder": str(self._order.folder / stored.LOAD),
            },
        )
        said, heard = float(ready["monotonic"]), time.monotonic()
        # One machine has one monotonic clock: anything else would show as a reading out of order.
        self._clock_error = max(0.0, asked - said, said - heard)

    async def _heard(self, load: Child) -> None:
        said = await load.hear()
        if said is None or "done" not in said:
            words = (await load.last_words()).rstrip(".") or told(await load.ended())
            raise WorldError(f"the load generator ended early: {words}.")
        self._dropped = int(said["dropped"])

    def _guard_all(self) -> None:
        """Guard every child, also those that came since."""
        for child in self._peers.children[self._guarded :]:
            self._watch_over(self._guard(child))
        self._guarded = len(self._peers.children)

    def _watch_over(self, watching: Coroutine[object, object, None]) -> None:
        watcher = asyncio.create_task(watching)
        watcher.add_done_callback(self._watched)
        self._watchers.append(watcher)

    def _watched(self, watcher: asyncio.Task[None]) -> None:
        """A watcher that breaks, as on a full disk, ends the run: nothing more would be seen."""
        error = None if watcher.cancelled() else watcher.exception()
        if error is not None:
            self._abort(f"{error} It was noticed {self._moment()}")

    async def _guard(self, child: Child) -> None:
        code = await child.ended()
        # The load generator ends by itself when the plan has ended; `_heard` knows which it was.
        if child.name != "the load generator" and not child.scheduled:
            self._abort(f"{child.name} {told(code)}, {self._moment()}")

    async def _look(self) -> None:
        tail = Tail(self._order.folder / stored.LOAD, self._regions)
        try:
            while True:
                await asyncio.sleep(LOOK_EVERY)
                self._journal.flush()
                now = self._world.now()
                phase = phase_at(self._order.scenario, now)
                self._watch(tail.look(now, phase, tuple(self._marks)))
        finally:
            tail.close()

    async def _audit(self, stage: Provisioned) -> None:
        """Unwrap every ledger entry again, the prepared ones and those that the load wrapped."""
        path = self._order.folder / stored.LOAD / EVENTS
        entries = self._ledger + (events(path.read_bytes().splitlines(keepends=True)).ledger)
        self._watch_audit(len(entries))
        shares = [entries[start::AUDITORS] for start in range(AUDITORS)]
        token, within = stage.supply.credential, AUDIT_WITHIN + AUDITED_WITHIN * len(entries)
        try:
            async with asyncio.timeout(within):
                await self._world.play(
                    (0.0, audit(self._world, share, stage.origins, token)) for share in shares
                )
        except TimeoutError:
            keys = f"{len(entries):,} data keys"
            self._abort(f"the audit of {keys} was not done within {within:g} s of its begin")

    def _watch_audit(self, entries: int) -> None:
        self._marks.append((self._world.now(), f"audit of {entries:,} data keys"))

    async def _apply(self, change: Change) -> Applied:
        took_effect, counts = await self._peers.apply(change)
        self._guard_all()
        fault = change.fault
        return Applied(
            change.at,
            took_effect - self._world.zero,
            change.verb,
            fault.name,
            fault.kind,
            fault.target,
            _relative(counts, self._world.zero),
        )

    def _note(self, event: Event) -> None:
        self._journal.note(event)
        if isinstance(event, Wrapped):
            self._ledger.append(event)
        elif isinstance(event, Applied):
            verb = "begins" if event.verb == "inject" else "heals"
            self._marks.append((event.took_effect, f"{event.fault} {verb}"))

    async def _clear(self) -> list[WorldError]:
        """Heal every fault, end every child, close every file, in that order; what went wrong."""
        await self._peers.close()
        await self._world.close()
        try:
            self._journal.close()
        except WorldError as error:
            return [error]
        return []


def _leaves(errors: BaseExceptionGroup[WorldError]) -> list[WorldError]:
    """The errors of a group, however deep it nests."""
    found: list[WorldError] = []
    for error in errors.exceptions:
        found += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found


def _relative(counts: Mapping[str, float], zero: float) -> dict[str, float]:
    """Counts with their instants on the run's clock."""
    return {name: value - zero if name == "first" else value for name, value in counts.items()}
