"""Moments in words: the run's own clock and the phase that people see in the report."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.run.moment import moment, phase_at
from tests.run.made import small

SCENARIO = small()


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (-0.2, "before time zero"),
        (0.0, "0.0 s into the run, in the steady phase"),
        (3.0, "3.0 s into the run, in the fault phase"),
        (6.0, "6.0 s into the run, in the recovery phase"),
        (9.04, "9.0 s into the run, after its plan"),
    ],
)
def test_a_moment_is_told_on_the_runs_clock_with_its_phase(now: float, said: str) -> None:
    assert moment(SCENARIO, now) == said


@given(st.floats(-100.0, 100.0))
def test_every_instant_lies_in_one_phase_and_they_come_in_order(now: float) -> None:
    order = [phase.name for phase in SCENARIO.phases()]

    assert order.index(phase_at(SCENARIO, now)) <= order.index(phase_at(SCENARIO, now + 1.0))


def test_without_faults_all_is_steady() -> None:
    assert moment(small(faults="[]"), 4.0) == "4.0 s into the run, in the steady phase"
