"""Limits that every run holds, or none."""

import pytest

from chaos.scenario.objective import Comparison
from chaos.scenario.sense import senseless
from chaos.scenario.vocabulary import VOCABULARY


@pytest.mark.parametrize("name", sorted(VOCABULARY))
def test_a_limit_that_a_run_may_break_or_hold_makes_sense(name: str) -> None:
    term = VOCABULARY[name]
    never = name in ("metastable", "wrong_plaintext")
    better: Comparison = "==" if never else "<=" if term.better == "lower" else ">="
    limit = 0.0 if never else 1.0

    assert senseless(term, better, limit, "1") is None


@pytest.mark.parametrize(
    "name", [name for name, term in VOCABULARY.items() if term.better == "higher"]
)
def test_at_least_nothing_is_what_every_run_holds(name: str) -> None:
    said = senseless(VOCABULARY[name], ">=", 0.0, "0")

    assert said is not None
    assert said.startswith("every run holds '>= 0', whatever the clients do: write ")
    assert senseless(VOCABULARY[name], ">", 0.0, "0") is None


@pytest.mark.parametrize("name", ["metastable", "wrong_plaintext"])
@pytest.mark.parametrize(
    ("comparison", "limit"), [("==", 1.0), ("<=", 0.0), ("<=", 1.0), ("<", 1.0)]
)
def test_what_must_never_be_is_exactly_none(
    name: str, comparison: Comparison, limit: float
) -> None:
    said = senseless(VOCABULARY[name], comparison, limit, f"{limit:g}")

    assert said is not None
    assert said.endswith(f"write '{name} == 0'")
