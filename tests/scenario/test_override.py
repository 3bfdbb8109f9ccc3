"""`--set key=value`: what it reaches, and what it says where it cannot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.scenario import Scenario, read
from chaos.scenario.document import parse
from chaos.scenario.override import override
from tests.scenario.refusals import refusal
from tests.scenario.strategies import SHIPPED


def overridden(*words: str) -> Scenario:
    return read(SHIPPED.read_text(), "f.yaml", words)


def test_every_part_of_a_scenario_is_reached() -> None:
    scenario = overridden(
        "objectives.rto=9s",
        "load.rate=200/s",
        "clients.count=80",
        "faults.0.lasts=19s",
        "faults.us-south-refuses.at=14s",
        "keys.orders=[us-east, us-south]",
        "objectives.rules.0=detect.p50 <= rto",
        "window=4s",
    )
    assert dict(scenario.parameters) == {"rto": 9.0}
    assert scenario.load.rate == 200.0
    assert scenario.clients.count == 80
    assert (scenario.faults[0].at, scenario.faults[0].lasts) == (14.0, 19.0)
    assert scenario.keys[0].regions == ("us-east", "us-south")
    assert scenario.objectives[0].text == "detect.p50 <= rto"
    assert scenario.objectives[0].line == 0
    assert scenario.window == 4.0
    assert scenario.overrides[0] == "objectives.rto=9s"


def test_the_last_of_two_overrides_counts() -> None:
    assert overridden("seed=1", "seed=2").seed == 2


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("load.rat=3/s", "--set load.rat=3/s: unknown key 'rat'; did you mean 'rate'?"),
        ("laod.rate=3/s", "unknown key 'laod'; did you mean 'load'?"),
        ("objectives.rot=3s", "'rot' is used by no rule; did you mean 'rto'?"),
        ("faults.us-soth-refuses.lasts=3s", "did you mean 'us-south-refuses'?"),
        ("faults.7.lasts=3s", "'faults' has no element '7'"),
        ("faults.٣.lasts=3s", "has no element"),
        ("lasts.long=3s", "'lasts' has no parts, so there is no 'long' in it"),
        ("seed", "needs key=value, such as objectives.rto=10s"),
        ("=7", "needs key=value"),
        ("load..rate=3/s", "needs key=value"),
        ("load.rate=", "--set load.rate=: 'load.rate' needs a rate with a unit"),
        ("load.rate=[", "'[' cannot be read as a value"),
        ("load.rate=9", "9 has no unit"),
        ("clients.count=many", "'clients.count' needs a whole number; got 'many'"),
        ("keys.orders=[us-soth]", "'us-soth' is not a region; did you mean 'us-south'?"),
        ("load={rate: 3/s, opertions: {wrap: 100%}}", "did you mean 'operations'?"),
    ],
)
def test_a_mistake_is_shown_with_the_word_that_made_it(word: str, message: str) -> None:
    said = refusal(overridden, word)
    assert message in said
    assert "--set " in said


@given(st.text(), st.text())
def test_any_word_is_applied_or_named(key: str, value: str) -> None:
    tree = parse("a: {b: [1, {name: c, d: e}]}", "f.yaml")
    assert len(override(tree, [f"{key}={value}"])) <= 1
