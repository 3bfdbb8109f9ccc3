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


def test_a_share_of_right_keys_does_not_make_up_for_a_wrong_one() -> None:
    made = Made(faults=())
    made.healthy(0.0, 60.0)
    made.wrapped(7, {HOME: "right", BACKUP: "wrong"}, why="another plaintext came")
    for number in range(8, 207):
        made.wrapped(number, {HOME: "right", BACKUP: "right"})
    finding = judged(made, "integrity >= 99%")

    assert (finding.verdict, finding.measured.value, finding.margin) == ("failed", 0.995, -1.0)
    assert finding.why == (
        "1 of 200 data keys open to another plaintext in us-east; the first is the one wrapped as "
        "7: another plaintext came; another plaintext is never tolerated, however many keys are "
        "right."
    )
    assert judged(made, "integrity(us-south) >= 99%").verdict == "passed"


def test_keys_that_are_wrong_and_keys_that_are_lost_are_told_apart() -> None:
    made = Made(faults=())
    made.healthy(0.0, 60.0)
    for number in range(10):
        made.wrapped(number, {HOME: "right", BACKUP: {0: "wrong", 1: "lost", 2: "lost"}.get(
            number, "right")})  # fmt: skip
    finding = judged(made, "integrity == 100%")

    assert "1 of 10 data keys open to another plaintext in us-east; the first" in finding.why
    assert "2 of 10 data keys do not open in us-east; the first is the one wra" in finding.why
    assert finding.records == (0, 1, 2)


def test_a_data_key_that_waited_for_a_rotation_to_be_repeated_at_the_backup() -> None:
    made = Made(faults=())
    made.healthy(0.0, 60.0)
    both = {HOME: "right", BACKUP: "right"}
    made.wrapped(5, both, at=10.0, version="1")
    made.wrapped(6, both, at=12.0, version="2")
    made.decided(0, "rotation_repeated", 20.0, BACKUP)
    finding = judged(made, "key_rpo <= 1s")

    assert finding.verdict == "failed"
    assert finding.why == (
        "The data key wrapped as 6 at 12 s, with version 2 of the root key, did not open in "
        "us-east for 8 s: the rotation was repeated there only at 20 s."
    )


@pytest.mark.parametrize("cause", sorted(ADVICE))
def test_every_advice_is_a_sentence(cause: Cause) -> None:
    assert ADVICE[cause][0].isupper()
    assert ADVICE[cause].endswith(".")


def test_every_measure_has_its_why() -> None:
    assert set(why._WHYS) == set(VOCABULARY)


def test_every_cause_has_its_advice() -> None:
    assert set(ADVICE) == set(get_args(Cause))
