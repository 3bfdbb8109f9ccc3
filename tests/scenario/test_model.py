"""The nemesis's plan and the phases follow from the faults."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings

from chaos.scenario import Scenario, read
from chaos.scenario.model import Fault, Phase
from tests.scenario.strategies import SHIPPED, scenarios


def test_the_shipped_scenario_has_three_phases_and_two_changes() -> None:
    scenario = read(SHIPPED.read_text(), "f.yaml")
    assert scenario.phases() == (
        Phase("steady", 0.0, 15.0),
        Phase("fault", 15.0, 35.0),
        Phase("recovery", 35.0, 70.0),
    )
    assert [(step.at, step.verb) for step in scenario.changes()] == [
        (15.0, "inject"),
        (35.0, "heal"),
    ]


def test_without_faults_the_whole_run_is_steady() -> None:
    scenario = replace(read(SHIPPED.read_text(), "f.yaml"), faults=())
    assert scenario.phases() == (Phase("steady", 0.0, 70.0),)


def test_a_fault_heals_before_the_next_begins_at_the_same_instant() -> None:
    first = Fault("first", "down", "wire", "us-south", 5.0, 5.0)
    second = replace(first, name="second", at=10.0)
    scenario = replace(read(SHIPPED.read_text(), "f.yaml"), faults=(second, first))
    assert [(step.verb, step.fault.name) for step in scenario.changes()][1:3] == [
        ("heal", "first"),
        ("inject", "second"),
    ]


def test_times_add_up_in_decimal() -> None:
    fault = Fault("a", "down", "wire", "us-south", 0.1, 0.2)
    assert fault.heals == 0.3
    scenario = replace(read(SHIPPED.read_text(), "f.yaml"), faults=(fault,), lasts=0.3)
    assert scenario.phases()[1:] == (Phase("fault", 0.1, 0.3), Phase("recovery", 0.3, 0.3))


def test_a_region_is_found_by_its_name() -> None:
    scenario = read(SHIPPED.read_text(), "f.yaml")
    assert scenario.region("us-east").latency == 0.028
    with pytest.raises(KeyError):
        scenario.region("us-west")


@settings(max_examples=40)
@given(scenarios())
def test_phases_cover_the_run_and_every_fault_is_injected_once_and_healed_once(
    scenario: Scenario,
) -> None:
    phases = scenario.phases()
    assert (phases[0].starts, phases[-1].ends) == (0.0, scenario.lasts)
    assert all(early.ends == late.starts for early, late in pairwise(phases))
    steps = scenario.changes()
    assert all(early.at <= late.at for early, late in pairwise(steps))
    assert len({(step.verb, step.fault.name) for step in steps}) == 2 * len(scenario.faults)
