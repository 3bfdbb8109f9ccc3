"""Planted losses of data keys, and that nothing is left without its sentence."""

from typing import get_args

import pytest

from chaos.analysis import why
from chaos.analysis.advice import ADVICE
from chaos.analysis.telling import Cause
from chaos.scenario.vocabulary import VOCABULARY
from tests.analysis.made import BACKUP, HOME, Made, before, failed_over, judged


def test_data_keys_that_a_stale_backup_does_not_open() -> None:
    made = Made()
    before(made)
    failed_over(made, 0, 21.0)
    made.wrapped(88, {HOME: "right", BACKUP: "lost"}, why="409 KEY_VERSION_NOT_FOUND")
    made.wrapped(89, {HOME: "right", BACKUP: "right"})
    finding = judged(made, "integrity == 100%")

    assert finding.verdict == "failed"
    assert finding.why == (
        "1 of 2 data keys do not open in us-east; the first is the one wrapped as 88: "
        "409 KEY_VERSION_NOT_FOUND."
    )
    assert finding.records == (88,)


def test_another_plaintext_than_was_wrapped() -> None:
    made = Made()
    before(made)
    failed_over(made, 0, 21.0)
    made.wrapped(4, {HOME: "wrong", BACKUP: "right"}, why="another plaintext came than was wrapped")
    finding = judged(made, "wrong_plaintext == 0")

    assert finding.verdict == "failed"
    assert "1 of 1 data key open to another plaintext in us-south" in finding.why


@pytest.mark.parametrize("cause", sorted(ADVICE))
def test_every_advice_is_a_sentence(cause: Cause) -> None:
    assert ADVICE[cause][0].isupper()
    assert ADVICE[cause].endswith(".")


def test_every_measure_has_its_why() -> None:
    assert set(why._WHYS) == set(VOCABULARY)


def test_every_cause_has_its_advice() -> None:
    assert set(ADVICE) == set(get_args(Cause))
