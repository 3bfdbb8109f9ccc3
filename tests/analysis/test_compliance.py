import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.analysis.case import work_up
from chaos.analysis.compliance import TOLERANCE, compliance
from chaos.analysis.evidence import gather
from chaos.analysis.findings import Measured
from chaos.analysis.measures import measured
from chaos.scenario.objective import Measure
from tests.analysis.made import BACKUP, HOME, Made, Tried, failed_over, judged


def flags(made: Made) -> list[bool]:
    """Which attempts were early, in the order they were sent."""
    return [bool(each) for each in compliance(gather(made.run())).early]


@pytest.mark.parametrize(
    ("sent", "is_early"),
    [(22.0, True), (22.94, True), (22.96, False), (23.0, False), (25.0, False)],
)
def test_a_retry_before_its_retry_after_is_early_but_for_50_ms(
    sent: float, *, is_early: bool
) -> None:
    made = Made()
    made.operation(
        0, 20.9, Tried(HOME, 20.9, 21.0, 429, retry_after=2.0), Tried(HOME, sent, sent + 0.1)
    )

    assert flags(made) == [False, is_early]


def test_going_elsewhere_instead_is_no_early_retry() -> None:
    made = Made()
    made.operation(
        0, 20.9, Tried(HOME, 20.9, 21.0, 503, retry_after=300.0),
        Tried(BACKUP, 21.1, 21.2, 200, "failover"),
    )  # fmt: skip

    assert flags(made) == [False, False]


def test_another_operation_is_no_retry() -> None:
    made = Made()
    made.operation(0, 20.9, Tried(HOME, 20.9, 21.0, 429, retry_after=5.0))
    made.operation(0, 21.5, Tried(HOME, 21.5, 21.6))

    assert flags(made) == [False, False]


def test_only_the_last_answer_counts() -> None:
    made = Made()
    made.operation(
        0, 20.9, Tried(HOME, 20.9, 21.0, 429, retry_after=1.0),
        Tried(HOME, 22.0, 22.1, 503, "retry"),
        Tried(HOME, 22.2, 22.3, 200, "retry"),
    )  # fmt: skip

    assert flags(made) == [False, False, False]


def test_coming_back_after_a_detour_is_still_bound_by_what_that_region_asked() -> None:
    made = Made()
    made.operation(
        0, 20.9, Tried(HOME, 20.9, 21.0, 503, retry_after=10.0),
        Tried(BACKUP, 21.1, 21.2, 503, "failover"),
        Tried(HOME, 22.0, 22.1, 200, "retry"),
    )  # fmt: skip

    assert flags(made) == [False, False, True]


def test_an_attempt_that_was_not_answered_takes_no_retry_after_back() -> None:
    made = Made()
    made.operation(
        0, 25.0, Tried(HOME, 25.0, 25.01, 429, retry_after=10.0),
        Tried(HOME, 28.0, 28.01, "refused", "retry"),
        Tried(HOME, 30.0, 30.01, 200, "retry"),
    )  # fmt: skip

    assert flags(made) == [False, True, True]


def test_a_hedge_that_was_sent_before_the_answer_came_could_not_know_of_it() -> None:
    made = Made()
    made.operation(
        0, 25.0, Tried(HOME, 25.0, 26.0, 429, retry_after=5.0),
        Tried(HOME, 25.2, 25.3, 200, "hedge"),
    )  # fmt: skip

    assert flags(made) == [False, False]


def test_a_retry_in_the_very_instant_of_the_answer_follows_it() -> None:
    made = Made()
    made.operation(
        0, 25.0, Tried(HOME, 25.0, 25.0, 429, retry_after=5.0), Tried(HOME, 25.0, 25.0, 200)
    )

    assert flags(made) == [False, True]


def test_early_retries_are_of_the_answers_that_asked_to_wait() -> None:
    made = Made()
    made.healthy(0.0, 20.0)
    made.operation(
        0, 25.0, Tried(HOME, 25.0, 25.01, 429, retry_after=1.0),
        Tried(HOME, 26.5, 26.51, 503, "retry"),
        Tried(HOME, 27.0, 27.01, 200, "retry"),
    )  # fmt: skip

    assert measured(work_up(made.run()), Measure("early_retries")) == Measured(0.0, "count", 1)


def test_a_client_that_goes_elsewhere_has_obeyed() -> None:
    made = Made()
    for client in range(3):
        made.operation(
            client, 25.0, Tried(HOME, 25.0, 25.01, 429, retry_after=1.0),
            Tried(BACKUP, 25.1, 25.12, 200, "failover"),
        )  # fmt: skip

    assert measured(work_up(made.run()), Measure("early_retries")) == Measured(0.0, "count", 3)


def test_an_early_retry_is_of_an_answer_wherever_that_was_sent() -> None:
    made = Made()
    made.operation(
        0, 39.9, Tried(HOME, 39.9, 39.95, 429, retry_after=9.0),
        Tried(HOME, 41.0, 41.1, 200, "retry"),
    )  # fmt: skip
    found = measured(work_up(made.run()), Measure("early_retries", ("recovery",)))

    assert found == Measured(1.0, "count", 1)


def test_where_nobody_was_asked_to_wait_there_is_nothing_to_measure() -> None:
    made = Made()
    made.healthy(0.0, 20.0)
    failed_over(made, 0, 25.0, tries=3)
    finding = judged(made, "early_retries == 0")

    assert (finding.verdict, finding.measured.value) == ("inconclusive", None)
    assert finding.why == ("No answer asked, with a Retry-After, to wait.")


@given(st.lists(st.tuples(st.floats(0.0, 5.0), st.floats(0.0, 8.0)), min_size=1, max_size=20))
def test_a_client_that_waits_as_long_as_asked_is_never_early(
    steps: list[tuple[float, float]],
) -> None:
    made = Made(lasts=1000.0)
    now, tries = 20.0, []
    for asked, more in steps:
        tries.append(Tried(HOME, now, now + 0.01, 429, "retry", retry_after=asked))
        now += 0.01 + float(np.float32(asked)) + more
    made.operation(0, 20.0, *tries)

    assert not any(flags(made))
    assert TOLERANCE == 0.05
