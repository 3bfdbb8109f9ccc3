"""The nemesis: every change at its time, in order, and noted with what it did."""

from chaos.run.nemesis import nemesis
from chaos.run.world import Applied
from chaos.scenario.model import Change
from tests.run.made import small, world_of

FLAPS = """
  - {name: out, kind: down, target: us-south, at: 1s, lasts: 1s}
  - {name: out-again, kind: down, target: us-south, at: 2s, lasts: 500ms}
  - {name: slow, kind: latency, target: us-south, at: 3s, lasts: 1s, latency: 50ms}
"""


def played(changes: tuple[Change, ...]) -> list[Applied]:
    clock, world, events = world_of()
    clock.play([(0.0, nemesis(world, changes))])
    return [event for event in events if isinstance(event, Applied)]


def test_changes_are_applied_at_their_times_and_noted_in_order() -> None:
    changes = small(faults=FLAPS).changes()

    applied = played(changes)

    assert [(each.at, each.verb, each.fault) for each in applied] == [
        (1.0, "inject", "out"),
        (2.0, "heal", "out"),
        (2.0, "inject", "out-again"),
        (2.5, "heal", "out-again"),
        (3.0, "inject", "slow"),
        (4.0, "heal", "slow"),
    ]
    assert [each.took_effect for each in applied] == [each.at for each in applied]


def test_a_heal_brings_the_proof_of_what_was_touched() -> None:
    *_, heal = played(small(faults=FLAPS).changes())

    assert heal.counts["injected"] == 0.0
    assert "first" not in heal.counts, "nothing passed, so nothing was touched"


def test_without_faults_it_ends_at_once() -> None:
    assert played(()) == []
