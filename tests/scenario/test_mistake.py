"""Mistakes: collected, in the order of the file, each with the nearest right word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.errors import ScenarioError
from chaos.scenario.mistake import Mistake, Place, did_you_mean, refusal


def test_all_mistakes_are_raised_together_in_the_order_of_the_file() -> None:
    late = Mistake(Place(12, "f.yaml:12"), "late")
    early = Mistake(Place(9, "f.yaml:9"), "early")
    with pytest.raises(ScenarioError) as caught:
        raise refusal([late, early, late])
    assert str(caught.value) == "f.yaml:9: early\nf.yaml:12: late"


def test_a_flood_of_mistakes_is_cut_and_counted() -> None:
    flood = [Mistake(Place(number, f"f.yaml:{number}"), "wrong") for number in range(1, 73)]
    lines = str(refusal(flood)).splitlines()
    assert lines[0] == "f.yaml:1: wrong"
    assert lines[49:] == ["f.yaml:50: wrong", "and 22 more mistakes after these"]


@pytest.mark.parametrize(
    ("word", "right"),
    [("us-sout", "us-south"), ("US_SOUTH", "us-south"), ("use-ast", "us-east")],
)
def test_the_nearest_right_word_is_suggested(word: str, right: str) -> None:
    assert did_you_mean(word, ["us-south", "us-east"]) == f"; did you mean '{right}'?"


def test_without_a_near_word_all_are_listed() -> None:
    assert did_you_mean("zzz", ["wrap", "unwrap"]) == "; known here: wrap, unwrap"
    assert did_you_mean("zzz", []) == ""


@given(st.text(), st.lists(st.text(min_size=1), max_size=5))
def test_a_suggestion_is_always_one_of_the_known_words(word: str, known: list[str]) -> None:
    said = did_you_mean(word, known)
    if "did you mean" in said:
        assert said[len("; did you mean '") : -len("'?")] in known
