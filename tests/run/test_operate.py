"""One operation, as the program plays it."""

from collections.abc import Iterator
from random import Random
from typing import TypeVar

import orjson
import pytest

from chaos.client import mutants, presets
from chaos.client.call import Credential, Decision, Factory, Step, Target, Wait, Wiring
from chaos.exchange import Answer, Failure
from chaos.run.operate import WRONG_PLAINTEXT, Member, Sealed, digest_of, operate
from chaos.run.simulated import SimulatedWorld
from chaos.run.virtual import VirtualTime
from chaos.run.wires import Respond, Wire
from chaos.run.world import Attempted, Decided, Event, Operated, Wrapped
from chaos.scenario.model import Arrival
from tests.run.made import OTHER, PLAINTEXT, Script, done, one_try, world_of

Kind = TypeVar("Kind", bound=Event)


def wrap(due: float = 1.0) -> Arrival:
    return Arrival(0, due, 0, "wrap", 0.5)


def unwrap(due: float = 1.0) -> Arrival:
    return Arrival(1, due, 0, "unwrap", 0.99)


def of(kind: type[Kind], events: list[Event]) -> list[Kind]:
    return [event for event in events if isinstance(event, kind)]


def play(client: Script, arrival: Arrival, *, sealed: Sealed | None = None) -> list[Event]:
    clock, world, events = world_of()
    member = Member(0, client, [sealed] if sealed else [])
    clock.play([(arrival.due, operate(world, member, arrival))])
    return events


def test_an_attempt_is_noted_before_the_operation_that_it_ended() -> None:
    def steps(script: Script) -> Iterator[Step]:
        yield one_try()
        yield Wait(9.0)
        yield done()

    client = Script(steps)
    events = play(client, wrap())

    assert [type(event) for event in events] == [Attempted, Wrapped, Operated]
    (attempt,), (operation,) = of(Attempted, events), of(Operated, events)
    assert (attempt.sent, attempt.operation, attempt.number) == (1.0, 0, 1)
    assert isinstance(attempt.reply, Answer)
    assert (operation.due, operation.started, operation.attempts) == (1.0, 1.0, 1)
    assert operation.ended == attempt.ended == client.replies[0][2]


def test_what_was_wrapped_is_kept_by_the_digest_of_its_plaintext_alone() -> None:
    def steps(script: Script) -> Iterator[Step]:
        yield done()

    events = play(Script(steps), wrap())

    (entry,) = of(Wrapped, events)
    assert entry.digest == digest_of(PLAINTEXT)
    assert PLAINTEXT not in repr(entry)


def test_an_unwrap_that_gives_another_plaintext_is_failed_and_says_so() -> None:
    def steps(script: Script) -> Iterator[Step]:
        yield done(plaintext=OTHER)

    sealed = Sealed("d3JhcHBlZA==", digest_of(PLAINTEXT))
    (operation,) = of(Operated, play(Script(steps), unwrap(), sealed=sealed))

    assert (operation.outcome, operation.why) == ("failed", WRONG_PLAINTEXT)


def test_an_unwrap_asks_for_the_data_key_that_the_draw_names() -> None:
    def steps(script: Script) -> Iterator[Step]:
        yield done()

    client = Script(steps)
    clock, world, _ = world_of()
    keys = [Sealed(f"cipher-{n}", f"digest-{n}") for n in range(4)]
    clock.play([(1.0, operate(world, Member(0, client, keys), unwrap()))])

    assert (client.works[0].ciphertext, client.works[0].digest) == ("cipher-3", "digest-3")


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (presets.factory_for("recommended"), ("ok", "us-east", "")),
        (
            mutants.factory_for("trusts-plaintext-unchecked"),
            ("failed", "us-south", WRONG_PLAINTEXT),
        ),
    ],
)
def test_a_client_that_checks_has_what_it_needs_to_and_asks_elsewhere(
    build: Factory, expected: tuple[str, str, str]
) -> None:
    def opening(plaintext: str) -> Respond:
        body = orjson.dumps({"plaintext": plaintext, "keyVersion": {"id": "v1"}})
        return lambda _request, _now: Answer(200, {}, body)

    clock, events = VirtualTime(), list[Event]()
    wires = {
        region: Wire(clock, opening(plaintext), Random(7))
        for region, plaintext in (("us-south", OTHER), ("us-east", PLAINTEXT))
    }
    doors = {f"http://{region}": wire for region, wire in wires.items()}
    world = SimulatedWorld(clock, doors, wires, 0.0, events.append)
    targets = tuple(Target(region, f"http://{region}", "i", "k") for region in wires)
    credential = Credential("key", "http://iam", "token", 0.0, 1e9)
    client = build(Wiring("client", targets, credential, 0.0), Random(1))
    sealed = Sealed("d3JhcHBlZA==", digest_of(PLAINTEXT))

    clock.play([(1.0, operate(world, Member(0, client, [sealed]), unwrap()))])

    (operation,) = of(Operated, events)
    assert (operation.outcome, operation.region, operation.why) == expected


def test_what_a_hedge_leaves_open_is_cancelled_and_noted_all_the_same() -> None:
    def steps(script: Script) -> Iterator[Step]:
        yield one_try(1)
        yield one_try(2)
        yield Wait(9.0)
        yield done()

    client = Script(steps)
    attempts = of(Attempted, play(client, wrap()))

    assert sorted(attempt.number for attempt in attempts) == [1, 2]
    cancelled = [each for each in attempts if isinstance(each.reply, Failure)]
    assert [each.reply.kind for each in cancelled if isinstance(each.reply, Failure)] in (
        [],
        ["cancelled"],
    )
    assert len(client.replies) == 2


def test_decisions_are_noted_as_they_are_made() -> None:
    decision = Decision("failover", 1.0, 0, "us-east", "us-south", "us-south refused twice")

    def steps(script: Script) -> Iterator[Step]:
        script.decided.append(decision)
        yield Wait(2.0)
        yield done()

    (decided,) = of(Decided, play(Script(steps), wrap()))

    assert decided.decision == decision


def test_a_shared_attempt_is_no_attempt_of_the_operation_and_wakes_who_waits_for_it() -> None:
    woken: list[float] = []

    def first(script: Script) -> Iterator[Step]:
        yield one_try(1, shared=True)
        yield Wait(9.0, shared=True)
        yield done()

    def second(script: Script) -> Iterator[Step]:
        yield Wait(9.0, shared=True)
        woken.append(clock.now)
        yield done()

    clock, world, events = world_of()
    member = Member(0, Script(first))
    follower = Member(0, Script(second))

    async def follow() -> None:
        follower.refresh = member.refresh
        await operate(world, follower, wrap())

    clock.play([(1.0, operate(world, member, wrap())), (1.0001, follow())])

    assert [operation.attempts for operation in of(Operated, events)] == [0, 0]
    (refresh,) = of(Attempted, events)
    assert woken == [refresh.ended]
