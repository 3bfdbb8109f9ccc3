"""Objectives that no run of their scenario could decide are refused before one is played."""

import pytest

from chaos.scenario import read
from tests.scenario.refusals import refusal
from tests.scenario.strategies import SHIPPED

SHORT = "{name: short, kind: down, target: us-south, at: 15s, lasts: 4s}"
LONG = "{name: long, kind: down, target: us-south, at: 25s, lasts: 12s}"
TOKENS = "{name: no-tokens, kind: iam_outage, at: 15s, lasts: 20s}"


def said(rule: str, *words: str) -> str:
    """What is said of the shipped scenario, as changed, with one rule; empty where it is taken."""
    rules = f'objectives={{rules: ["{rule}"]}}'
    return refusal(read, SHIPPED.read_text(), "f.yaml", [*words, rules])


@pytest.mark.parametrize("name", ["failover.max", "detect.p50"])
def test_a_client_is_never_watched_for_the_whole_of_the_fault(name: str) -> None:
    assert said(f"{name} <= 19.9s") == ""
    assert "cannot be decided: the fault must last longer than 20s, and it lasts 20s" in said(
        f"{name} <= 20s"
    )


def test_one_of_several_faults_must_outlast_the_limit() -> None:
    both = f"faults=[{SHORT}, {LONG}]"

    assert said("failover.max <= 11s", both) == ""
    assert "the longest fault must last longer than 13s, and it lasts 12s" in said(
        "failover.max <= 13s", both
    )


@pytest.mark.parametrize(
    "rule",
    [
        "recover <= 5s",
        "failback <= 5s",
        "time_to_steady <= 5s",
        "metastable == 0",
        "lost_operations <= 5",
        "herd_index <= 3",
    ],
)
def test_what_is_held_against_the_time_before_the_fault_needs_one(rule: str) -> None:
    assert said(rule) == ""
    assert "is held against the time before the fault, and that begins at 0s" in said(
        rule, "faults.0.at=0s"
    )
    assert said("failover.p95 <= 5s", "faults.0.at=0s") == ""


def test_a_herd_is_looked_for_where_a_fault_was_healed() -> None:
    assert said("herd_index(us-south) <= 3") == ""
    assert (
        "no fault hits 'us-east', so that no herd can come back to it; did you mean 'us-south'?"
        in said("herd_index(us-east) <= 3")
    )
    assert "no fault hits a region, so that no herd can come back" in said(
        "herd_index <= 3", f"faults=[{TOKENS}]"
    )


def test_a_herd_needs_its_thirty_seconds_after_the_last_heal() -> None:
    assert said("herd_index <= 3", "lasts=65s") == ""
    assert "cannot be decided: it needs 30s after the last heal, and 29s are left" in said(
        "herd_index <= 3", "lasts=64s"
    )


def test_every_refusal_names_the_line() -> None:
    text = SHIPPED.read_text().replace("recover <= rto", "herd_index(us-east) <= 3")

    assert refusal(read, text, "f.yaml").startswith("f.yaml:37: 'herd_index(us-east) <= 3': no ")
