"""Each objective on both sides, by exact tests, and what nobody can say of side B."""

from dataclasses import replace

import pytest

from chaos.analysis.findings import Verdict
from chaos.report.document import Document, document
from chaos.report.held import gaps, objective
from tests.report import made

GOOD = document(made.told("passed"))
RULE = "integrity == 100%"
WORDS: dict[str, Verdict] = {"+": "passed", "-": "failed", "?": "inconclusive"}


def side(signs: str, start: int = 0) -> tuple[Document, ...]:
    """A repetition a sign: in which integrity held (+), failed (-) or was not decided (?)."""
    return tuple(
        replace(
            GOOD,
            identity=replace(GOOD.identity, seed=seed),
            objectives=tuple(
                replace(one, verdict=WORDS[sign]) if one.rule == RULE else one
                for one in GOOD.objectives
            ),
        )
        for seed, sign in enumerate(signs, start)
    )


@pytest.mark.parametrize(("runs", "bad"), [(1, 1), (4, 1), (5, 4), (6, 4), (10, 5), (20, 6)])
def test_what_always_held_and_fails_in_some_runs_is_worse(runs: int, bad: int) -> None:
    row = objective(RULE, side("+" * runs), side("-" * bad + "+" * (runs - bad)))
    assert row.worse
    assert row.p is None


def test_pairs_of_seeds_are_tested_as_pairs_and_other_sides_as_wholes() -> None:
    before, after = "-+++++++", "--------"
    paired = objective(RULE, side(before), side(after))
    apart = objective(RULE, side(before), side(after, start=100))
    assert paired.p == pytest.approx(2 / 2**7)
    assert paired.worse
    # 7 of 8 against none: 8 of the 11,440 ways to choose whose the seven are, and the other end.
    assert apart.p == pytest.approx(16 / 11_440)
    few = objective(RULE, side("-++++++"), side("-------"))
    assert few.p == pytest.approx(2 / 2**6)
    assert not few.worse


def test_what_held_more_often_is_never_worse() -> None:
    row = objective(RULE, side("-" * 12), side("+" * 12))
    assert row.p is not None
    assert row.p < 0.02
    assert not row.worse


def test_what_was_not_decided_neither_held_nor_failed() -> None:
    row = objective(RULE, side("++?"), side("+??"))
    assert (row.before, row.after, row.undecided) == ((2, 2), (1, 1), (1, 2))
    assert not row.worse
    found = list(gaps([row], (), side("+++"), side("+++")))
    assert found == [f"{RULE} is not decided in 2 of 3 runs of B"]
    assert objective(RULE, side("+?"), side("-?")).worse
