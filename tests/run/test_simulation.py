"""A whole scenario in virtual time: the same seed gives the same bytes, whatever the process."""

import os
import subprocess
import sys

import pytest

from chaos.client.presets import factory_for
from chaos.run.simulation import simulate
from chaos.run.world import Applied, Attempted, Audited, Event, Operated, Wrapped
from chaos.scenario import Scenario
from chaos.scenario.arrivals import arrivals
from tests.run.made import small
from tests.run.playing import EPOCH, hashes, journal

# Of the records of attempts and operations. It changes when virtual time, wires, toxics or the
# layout of the journal do: `python -m tests.run.playing` prints it first. Say why in the changelog.
GOLDEN = "904783fb4e60ec4ed57072233fd7d58b091db05e27de3069b3ed6c734f9011d5"


def played(scenario: Scenario, preset: str = "recommended") -> list[Event]:
    events: list[Event] = []
    simulate(scenario, factory_for(preset), events.append, EPOCH)
    return events


@pytest.mark.parametrize("hash_seed", ["1", "4242"])
def test_the_history_does_not_depend_on_the_processs_hash_seed(hash_seed: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.run.playing"],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert ran.stdout.split() == hashes()


def test_the_history_of_one_scenario_is_the_same_for_ever() -> None:
    assert hashes()[0] == GOLDEN


def test_another_seed_plays_another_history() -> None:
    assert journal(small(seed=7)) != journal(small(seed=8))


@pytest.mark.parametrize("preset", ["recommended", "key-protect-docs"])
def test_a_real_policy_replays_to_the_byte(preset: str) -> None:
    first, second = (journal(small(), factory_for(preset)) for _ in range(2))

    assert first == second


def test_every_arrival_of_the_plan_becomes_one_operation_at_its_due_time() -> None:
    scenario = small()

    operations = [event for event in played(scenario) if isinstance(event, Operated)]

    plan = {(each.number, each.due, each.client, each.kind) for each in arrivals(scenario)}
    assert {(each.number, each.due, each.client, each.kind) for each in operations} == plan
    assert len(operations) == len(plan)
    assert all(each.started == each.due for each in operations), "nothing delays virtual time"


def test_the_audit_opens_every_data_key_in_every_region_after_the_load() -> None:
    events = played(small())
    ledger = [event.number for event in events if isinstance(event, Wrapped)]
    audited = [event for event in events if isinstance(event, Audited)]
    last = max(place for place, event in enumerate(events) if isinstance(event, Operated))

    assert sorted((each.number, each.region) for each in audited) == sorted(
        (number, region) for number in ledger for region in ("us-south", "us-east")
    )
    assert {each.verdict for each in audited} == {"right"}
    assert all(not isinstance(event, Audited) for event in events[:last])


def test_a_fault_is_felt_while_it_lasts_and_healing_restores_what_was() -> None:
    events = played(small())
    inject, heal = [event for event in events if isinstance(event, Applied)]
    attempts = [event for event in events if isinstance(event, Attempted)]

    def failed(since: float, until: float) -> list[Attempted]:
        during = [each for each in attempts if since <= each.sent < until]
        return [each for each in during if getattr(each.reply, "kind", "") == "refused"]

    assert (inject.took_effect, heal.took_effect) == (3.0, 6.0)
    assert failed(3.0, 6.0)
    assert not failed(0.0, 3.0)
    assert not failed(6.0 + 0.001, 99.0)
    at_home = [each for each in attempts if each.sent > 8.5 and each.region == "us-south"]
    assert at_home, "clients came home before the end"


def test_the_ending_is_the_loads_and_nothing_was_dropped() -> None:
    scenario = small()
    events: list[Event] = []

    ending = simulate(scenario, factory_for("recommended"), events.append, EPOCH)

    assert ending.ended == max(each.ended for each in events if isinstance(each, Operated))
    assert (ending.aborted, ending.dropped, ending.clock_error) == ("", 0, 0.0)


def test_what_happened_before_time_zero_is_not_the_clients() -> None:
    before = [event for event in played(small()) if isinstance(event, Attempted) and event.sent < 0]

    assert before == []
