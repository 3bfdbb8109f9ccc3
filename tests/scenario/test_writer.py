"""A scenario written back reads to the same scenario."""

from dataclasses import replace

from hypothesis import given, settings

from chaos.scenario import Scenario, read, write
from tests.scenario.strategies import SHIPPED, scenarios


def unplaced(scenario: Scenario) -> Scenario:
    """The scenario without where it was written."""
    rules = tuple(replace(rule, line=0) for rule in scenario.objectives)
    return replace(scenario, objectives=rules, source="", path="", overrides=())


@settings(max_examples=40)
@given(scenarios())
def test_a_written_scenario_reads_to_an_equal_one(scenario: Scenario) -> None:
    assert unplaced(read(write(scenario), "written.yaml")) == scenario


def test_what_was_overridden_is_written_as_resolved() -> None:
    scenario = read(SHIPPED.read_text(), "file.yaml", ["objectives.rto=9s", "load.rate=99/s"])
    again = read(write(scenario), "written.yaml")
    assert unplaced(again) == unplaced(scenario)
    assert dict(again.parameters) == {"rto": 9.0}
    assert again.load.rate == 99.0


def test_defaults_are_written_out() -> None:
    assert "window: 5s" in write(read(SHIPPED.read_text(), "file.yaml"))
