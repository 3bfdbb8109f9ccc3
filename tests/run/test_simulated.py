"""The simulated world: faults routed to their wires, their proof, and what is noted."""

from random import Random

import pytest

from chaos.exchange import Answer, Failure
from chaos.proxy.link import Toxic
from chaos.proxy.toxics import Latency
from chaos.run.faults import Stream
from chaos.run.simulated import SimulatedWorld
from chaos.run.virtual import VirtualTime
from chaos.run.wires import Wire
from chaos.run.world import Applied, Decided, Event, Operated, run_blocking, send
from chaos.scenario.model import Change, Fault
from tests.run.made import one_try, operated, world_of

KINDS = {
    "down": {},
    "latency": {"latency": 0.5, "jitter": 0.0},
    "timeout": {"timeout": 0.0},
    "reset_peer": {"timeout": 0.0},
}


def fault(kind: str, name: str = "it", target: str = "us-south") -> Fault:
    return Fault(name, kind, "wire", target, 1.0, 1.0, tuple(sorted(KINDS[kind].items())))


class Regions:
    """Two regions behind a wire each, and a program of changes and attempts over them."""

    def __init__(self) -> None:
        self.clock = VirtualTime()
        self.events: list[Event] = []
        self.wires = {
            name: Wire(self.clock, lambda _request, _now: Answer(200), Random(7))
            for name in ("us-south", "us-east")
        }
        by_url = {f"http://{name}": wire for name, wire in self.wires.items()}
        self.world = SimulatedWorld(self.clock, by_url, self.wires, 0.0, self.events.append)

    async def ask(self, region: str, **changes: object) -> Answer | Failure:
        """One attempt at a region."""
        attempt = one_try(**changes)  # type: ignore[arg-type]
        fields = {name: getattr(attempt, name) for name in attempt.__slots__}
        return await send(
            self.world, 1, type(attempt)(**{**fields, "endpoint": f"http://{region}"})
        )

    async def change(self, verb: str, kind: str, **names: str) -> Applied:
        """Inject or heal now."""
        made = fault(kind, **names)
        return await self.world.apply(Change(self.clock.now, verb, made))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_bites_where_it_is_aimed_and_nowhere_else_until_it_is_healed(kind: str) -> None:
    stand = Regions()
    came: dict[str, Answer | Failure | float] = {}

    async def program() -> None:
        for region in stand.wires:
            await stand.ask(region)
        await stand.change("inject", kind)
        begun = stand.clock.now
        came["south"] = await stand.ask("us-south", total=2.0)
        came["lasted"] = stand.clock.now - begun
        came["east"] = await stand.ask("us-east", total=2.0)
        await stand.change("heal", kind)
        begun = stand.clock.now
        came["healed"] = await stand.ask("us-south", total=2.0)
        came["healed in"] = stand.clock.now - begun

    stand.clock.play([(0.0, program())])

    kinds = {"down": "refused", "timeout": "total_timeout", "reset_peer": "reset"}
    if kind == "latency":
        assert came["lasted"] == pytest.approx(0.5012, abs=1e-12)
    else:
        assert isinstance(came["south"], Failure)
        assert came["south"].kind == kinds[kind]
    assert isinstance(came["east"], Answer)
    assert isinstance(came["healed"], Answer)
    assert came["healed in"] < 0.01  # type: ignore[operator]


@pytest.mark.parametrize("kind", KINDS)
def test_healing_leaves_a_wire_as_it_was(kind: str) -> None:
    stand = Regions()

    def shape() -> tuple[bool, dict[Stream, list[str]], list[bool]]:
        wire = stand.wires["us-south"]
        names: dict[Stream, list[str]] = {
            stream: [toxic.name for toxic in toxics] for stream, toxics in wire.toxics.items()
        }
        return wire.enabled, names, [each._through for each in wire.live]

    stand.wires["us-south"].toxics["downstream"].append(Toxic("distance", Latency(0.01)))

    async def program() -> None:
        await stand.ask("us-south")
        before = shape()
        await stand.change("inject", kind)
        assert shape() != before
        await stand.change("heal", kind)
        await stand.ask("us-south")
        assert shape() == before

    stand.clock.play([(0.0, program())])


def test_the_proof_of_injection_says_how_many_connections_were_touched_and_since_when() -> None:
    stand = Regions()
    proof: list[Applied] = []

    async def program() -> None:
        await stand.ask("us-south")
        proof.append(await stand.change("inject", "latency"))
        await stand.world.sleep_until(3.0)
        await stand.ask("us-south")
        proof.append(await stand.change("heal", "latency"))

    stand.clock.play([(0.0, program())])

    injected, healed = proof
    assert injected.took_effect == pytest.approx(0.0016, abs=1e-12)
    assert injected.counts["eligible"] == 1.0, "the connection that the first attempt left"
    assert (healed.counts["eligible"], healed.counts["injected"]) == (1.0, 1.0)
    assert healed.counts["first"] == pytest.approx(3.0012, abs=1e-12)


def test_faults_of_one_wire_are_healed_each_by_its_own_name() -> None:
    stand = Regions()

    async def program() -> None:
        await stand.change("inject", "latency", name="one")
        await stand.change("inject", "timeout", name="two")
        await stand.change("heal", "latency", name="one")
        assert isinstance(await stand.ask("us-south", total=1.0), Failure)
        await stand.change("heal", "timeout", name="two")
        assert isinstance(await stand.ask("us-south", total=1.0), Answer)

    stand.clock.play([(0.0, program())])


def test_whoever_awaits_a_kind_of_event_goes_on_when_one_is_noted_after_who_noted_it() -> None:
    clock, world, _ = world_of()
    order: list[object] = []

    async def waiting(number: int) -> None:
        order.append((number, await world.noted(Operated, 9.0), clock.now))

    async def noting() -> None:
        await world.sleep_until(2.0)
        world.note(operated())
        order.append("noted")

    clock.play([(0.0, waiting(1)), (0.0, waiting(2)), (0.0, noting())])

    assert order == ["noted", (1, True, 2.0), (2, True, 2.0)]


def test_another_kind_of_event_wakes_nobody_and_patience_ends() -> None:
    clock, world, events = world_of()
    woken: list[tuple[bool, float]] = []

    async def waiting() -> None:
        woken.append((await world.noted(Decided, 3.0), clock.now))

    async def noting() -> None:
        world.note(operated())

    clock.play([(0.0, waiting()), (1.0, noting())])

    assert woken == [(False, 3.0)]
    assert events == [operated()]


def test_a_world_plays_programs_to_the_end_of_the_last_by_its_own_clock() -> None:
    _, world, events = world_of()

    async def noting(number: int) -> None:
        await world.sleep_until(world.now() + 2.0)
        world.note(operated(number, ended=world.now()))

    run_blocking(world.play((float(due), noting(due)) for due in range(3)))

    assert events == [operated(number, ended=number + 2.0) for number in range(3)]
    assert (world.now(), world.utc(1.5).timestamp()) == (4.0, 1.5)
