"""The simulated world: virtual time, the key service by function call, faults on simulated wires.

The same programs as on sockets, the same toxics, the same service; a minute passes in a blink.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial
from math import inf
from random import Random

from chaos.client.call import Factory, Try
from chaos.exchange import Answer, Failure, Request
from chaos.proxy.link import Link, Toxic
from chaos.run.audit import audit
from chaos.run.ending import Ending
from chaos.run.faults import DOWN, distance, wire_fault
from chaos.run.fleet import fleet, starts
from chaos.run.nemesis import nemesis
from chaos.run.provision import Provisioned, Site, provision
from chaos.run.virtual import VirtualTicket, VirtualTime, Waiter
from chaos.run.wires import Respond, Wire
from chaos.run.world import Applied, Event, Program, Ticket, World, Wrapped
from chaos.scenario.model import Change, Scenario
from chaos.service.api import KeyService
from chaos.service.iam import Iam
from chaos.service.roles import Identity
from chaos.service.tokens import SecretSigner

PREPARED_WITHIN = 60.0
API_KEY, ACCOUNT = "keychaos-operator", "keychaos"


class SimulatedWorld:
    """Virtual time with a wire for every endpoint."""

    def __init__(
        self,
        time: VirtualTime,
        wires: Mapping[str, Wire],
        regions: Mapping[str, Wire],
        epoch: float,
        note: Callable[[Event], None],
    ) -> None:
        self._time = time
        self._wires = wires
        self._regions = regions
        self._epoch = epoch
        self._note = note
        self._toxics: dict[str, Toxic] = {}
        self._noted: dict[type[Event], list[Waiter]] = {}

    def now(self) -> float:
        return self._time.now

    def utc(self, when: float) -> datetime:
        return datetime.fromtimestamp(self._epoch, UTC) + timedelta(seconds=when)

    async def sleep_until(self, when: float) -> None:
        await self._time.sleep_until(when)

    def start(self, client: int, attempt: Try) -> VirtualTicket:
        return self._wires[attempt.endpoint].send(client, attempt)

    async def first(self, tickets: Sequence[Ticket], until: float) -> Ticket | None:
        own = [ticket for ticket in tickets if isinstance(ticket, VirtualTicket)]
        return await self._time.first(own, until)

    def cancel(self, ticket: Ticket) -> None:
        assert isinstance(ticket, VirtualTicket)
        if ticket.reply is None:
            ticket.end(Failure("cancelled", written=True), self._time.now)

    async def apply(self, change: Change) -> Applied:
        fault, now = change.fault, self._time.now
        wire = self._regions[fault.target]
        if fault.kind == DOWN:
            wire.enabled = change.verb == "heal"
            if change.verb == "inject":
                wire.close_all()
            counts: dict[str, float] = {}
        else:
            counts = self._poison(wire, change)
        return Applied(change.at, now, change.verb, fault.name, fault.kind, fault.target, counts)

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
        self._note(event)
        for waiter in self._noted.pop(type(event), ()):
            # Through the heap: the program that notes goes on first, in every world alike.
            self._time.at(self._time.now, partial(waiter.rouse, event))

    async def noted(self, kind: type[Event], until: float) -> bool:
        waiter = self._time.waiter()
        self._noted.setdefault(kind, []).append(waiter)
        if until < inf:
            self._time.at(until, waiter.rouse)
        return await waiter is not None

    async def play(self, starts: Iterable[tuple[float, Program]]) -> None:
        self._time.play(starts)


def simulate(
    scenario: Scenario, factory: Factory, note: Callable[[Event], None], epoch: float
) -> Ending:
    """Play a scenario in virtual time: provision, load and faults side by side, then the audit.

    ``epoch`` is the UTC time of time zero in seconds since 1970.
    """
    time = VirtualTime(-PREPARED_WITHIN)
    ledger: list[Wrapped] = []

    def keep(event: Event) -> None:
        if isinstance(event, Wrapped):
            ledger.append(event)
        note(event)

    world, sites, iam = _build(scenario, time, epoch, keep)
    stages: list[Provisioned] = []

    async def set_stage() -> None:
        stages.append(await provision(world, scenario, sites, API_KEY, iam))

    time.play([(time.now, set_stage())])
    (stage,) = stages
    assert time.now < 0.0, "provisioning took longer than was set aside for it"
    members = fleet(scenario, factory, stage.supply, epoch)
    time.play(_both(nemesis(world, scenario.changes()), starts(world, scenario, members)))
    ended = time.now
    time.play([(ended, audit(world, ledger, stage.origins, stage.supply.credential))])
    return Ending(ended)


def _both(first: Program, rest: Iterable[tuple[float, Program]]) -> Iterable[tuple[float, Program]]:
    yield 0.0, first
    yield from rest


def _build(
    scenario: Scenario, time: VirtualTime, epoch: float, note: Callable[[Event], None]
) -> tuple[World, dict[str, Site], str]:
    """The service's regions, a direct and a proxied wire to each, and the world around them."""
    entropy = Random(f"{scenario.seed}/entropy").randbytes
    owner = Identity("IBMid-keychaos", ACCOUNT)
    iam = Iam(SecretSigner(entropy(32)), {API_KEY: owner}, entropy=entropy)
    wires: dict[str, Wire] = {}
    regions: dict[str, Wire] = {}
    sites: dict[str, Site] = {}
    for region in scenario.regions:
        service = KeyService(region.name, iam=iam, entropy=entropy)
        instance = service.add_instance(ACCOUNT).id

        respond = _responding(service, epoch)
        origin, endpoint = f"http://{region.name}.origin", f"http://{region.name}.proxy"
        wires[origin] = Wire(time, respond, Random(0))
        proxied = Wire(time, respond, Random(f"{scenario.seed}/wire/{region.name}"))
        far = distance(region)
        proxied.toxics[far.stream].append(Toxic(far.name, far.effect))
        wires[endpoint] = regions[region.name] = proxied
        sites[region.name] = Site(region.name, origin, endpoint, instance)
    iam_url = sites[scenario.regions[0].name].origin
    return SimulatedWorld(time, wires, regions, epoch, note), sites, iam_url


def _responding(service: KeyService, epoch: float) -> Respond:
    def respond(request: Request, now: float) -> Answer:
        return service.answer(request, epoch + now)

    return respond
