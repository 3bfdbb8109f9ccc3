"""The simulated world: virtual time, the key service by function call, faults on simulated wires.

The same programs as on sockets, the same toxics, the same service; a minute passes in a blink.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial
from math import inf
from typing import cast

from chaos.client.call import Try
from chaos.proxy.link import Link, Toxic
from chaos.run.faults import DOWN, Gates, wire_fault
from chaos.run.flight import Flight
from chaos.run.insides import Insides
from chaos.run.virtual import VirtualTicket, VirtualTime, Waiter
from chaos.run.wires import Wire
from chaos.run.world import Applied, Event, Program, Ticket, Wrapped
from chaos.scenario.model import PROVIDER_FAILOVER, Change


class SimulatedWorld:
    """Virtual time with a wire for every endpoint; ``ledger`` holds every data key ever wrapped."""

    def __init__(
        self,
        time: VirtualTime,
        wires: Mapping[str, Wire],
        regions: Mapping[str, Wire],
        epoch: float,
        note: Callable[[Event], None],
        insides: Insides | None = None,
    ) -> None:
        self._time = time
        self._wires = wires
        self._regions = regions
        self._epoch = epoch
        self._note = note
        self._insides = insides or Insides({}, epoch)
        # What is not behind a region's wire at the moment: its standby, or itself.
        self._asides = dict(self._insides.standbys)
        self._gates = Gates()
        self.ledger: list[Wrapped] = []
        self._toxics: dict[str, Toxic] = {}
        self._noted: dict[type[Event], list[Waiter[Event]]] = {}

    def now(self) -> float:
        return self._time.now

    def utc(self, when: float) -> datetime:
        return datetime.fromtimestamp(self._epoch, UTC) + timedelta(seconds=when)

    def sleep_until(self, when: float) -> Awaitable[None]:
        return self._time.sleep_until(when)

    def start(self, client: int, attempt: Try) -> VirtualTicket:
        return self._wires[attempt.endpoint].send(client, attempt)

    def first(self, tickets: Sequence[Ticket], until: float) -> Awaitable[VirtualTicket | None]:
        return self._time.first(cast("Sequence[VirtualTicket]", tickets), until)

    def cancel(self, ticket: Ticket) -> None:
        assert isinstance(ticket, Flight)
        ticket.cancel()

    async def apply(self, change: Change) -> Applied:
        fault, now = change.fault, self._time.now
        if fault.site == "service":
            counts = self._insides.apply(change, now)
            self._move(change)
        elif fault.kind == DOWN:
            self._move(change)
            counts = {}
        else:
            counts = self._poison(self._regions[fault.target], change)
        return Applied(change.at, now, change.verb, fault.name, fault.kind, fault.target, counts)

    def _move(self, change: Change) -> None:
        """Close or open the region's wire where the change does that, and say who is behind it."""
        fault = change.fault
        listens = self._gates.change(change)
        wire = self._regions.get(fault.target)
        if wire is None:
            return
        if fault.kind == PROVIDER_FAILOVER:
            aside = self._asides[fault.target]
            self._asides[fault.target], wire.respond = wire.respond, aside
        if listens is not None:
            wire.enabled = listens
        if listens is False or fault.kind == PROVIDER_FAILOVER:
            wire.close_all()

    def _poison(self, wire: Wire, change: Change) -> dict[str, float]:
        """Add or remove a fault's toxic, on the wire and on every live connection."""
        fault = wire_fault(change.fault)
        if change.verb == "inject":
            toxic = self._toxics[fault.name] = Toxic(fault.name, fault.effect)
            wire.toxics[fault.stream].append(toxic)

            def edit(link: Link, now: float) -> None:
                link.add(toxic, now)
        else:
            toxic = self._toxics.pop(fault.name)
            wire.toxics[fault.stream].remove(toxic)

            def edit(link: Link, now: float) -> None:
                link.remove(fault.name, now)

        for connection in list(wire.live):
            connection.change(fault.stream, edit)
        counts = asdict(toxic.counts)
        return {name: float(value) for name, value in counts.items() if value is not None}

    def note(self, event: Event) -> None:
        if isinstance(event, Wrapped):
            self.ledger.append(event)
        self._note(event)
        if self._noted:
            for waiter in self._noted.pop(type(event), ()):
                # Through the heap: the program that notes goes on first, in every world alike.
                self._time.at(self._time.now, partial(waiter.rouse, event))

    async def noted(self, kind: type[Event], until: float) -> bool:
        waiter: Waiter[Event] = Waiter(self._time)
        self._noted.setdefault(kind, []).append(waiter)
        if until < inf:
            self._time.at(until, waiter.rouse)
        return await waiter is not None

    async def play(self, starts: Iterable[tuple[float, Program]]) -> None:
        self._time.play(starts)
