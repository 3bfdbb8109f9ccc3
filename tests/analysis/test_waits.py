"""What observed waits show: how they grow, scatter and hang together."""

from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.analysis.evidence import gather
from chaos.analysis.waits import Waits, autocorrelation, growth, jitter, waits
from tests.analysis.made import BACKUP, HOME, Made, Tried


def of(*operations: tuple[float, ...]) -> Waits:
    """The waits of operations that home refuses, each told as the waits between its attempts."""
    made = Made()
    for number, lengths in enumerate(operations):
        now = 21.0 + number
        tries = [Tried(HOME, now, now + 0.001, "refused")]
        for length in lengths:
            now = tries[-1].ended + length
            tries.append(Tried(HOME, now, now + 0.001, "refused", "retry", length))
        made.operation(number, tries[0].sent, *tries)
    return waits(gather(made.run()))


def test_each_retry_has_its_number_its_wait_and_the_wait_before_it() -> None:
    found = of((0.1, 0.2, 0.4), (0.3,))

    assert found.retry.tolist() == [1, 2, 3, 1]
    assert found.wait == pytest.approx([0.1, 0.2, 0.4, 0.3])
    assert found.previous == pytest.approx([float("nan"), 0.1, 0.2, float("nan")], nan_ok=True)
    assert found.asked == pytest.approx([0.1, 0.2, 0.4, 0.3])


def test_an_attempt_elsewhere_ends_a_run_of_retries_and_is_no_retry_itself() -> None:
    made = Made()
    made.operation(
        0,
        21.0,
        Tried(HOME, 21.0, 21.001, "refused"),
        Tried(HOME, 21.101, 21.102, "refused", "retry", 0.1),
        Tried(BACKUP, 21.2, 21.3, 503, "failover"),
        Tried(BACKUP, 21.5, 21.6, 200, "retry", 0.2),
    )
    found = waits(gather(made.run()))

    assert found.retry.tolist() == [1, 1]
    assert found.wait == pytest.approx([0.1, 0.2])


def test_what_a_retry_after_asked_for_is_not_the_clients_own_wait() -> None:
    made = Made()
    made.operation(
        0,
        21.0,
        Tried(HOME, 21.0, 21.001, 429, retry_after=2.0),
        Tried(HOME, 23.1, 23.101, 429, "retry", 2.1),
        Tried(HOME, 23.2, 23.21, 200, "retry", 0.1),
    )

    assert waits(gather(made.run())).wait == pytest.approx([0.099])


def test_a_pause_of_the_breaker_is_no_wait_that_was_drawn() -> None:
    made = Made()
    made.operation(
        0,
        21.0,
        Tried(HOME, 21.0, 21.001, "refused"),
        Tried(HOME, 21.101, 21.102, "refused", "retry", 0.1),
        Tried(HOME, 25.0, 25.001, "refused", "retry", 3.9),
        Tried(HOME, 25.201, 25.202, 200, "retry", 0.2),
    )
    made.operation(
        1, 21.0, Tried(HOME, 21.0, 21.001, "refused"), Tried(HOME, 24.001, 24.1, 200, "retry", 3.0)
    )
    made.decided(0, "breaker_opened", 21.102, HOME)
    made.decided(0, "breaker_opened", 22.0, HOME)
    made.decided(0, "breaker_closed", 24.9, HOME)
    made.decided(1, "breaker_opened", 21.5, BACKUP)

    assert waits(gather(made.run())).wait == pytest.approx([0.1, 0.2, 3.0])


def test_a_breaker_that_never_closes_pauses_for_good() -> None:
    made = Made()
    made.operation(
        0, 21.0, Tried(HOME, 21.0, 21.001, "refused"),
        Tried(HOME, 22.0, 22.001, "refused", "retry", 1.0),
    )  # fmt: skip
    made.decided(0, "breaker_opened", 21.5, HOME)

    assert len(waits(gather(made.run()))) == 0


def test_what_one_operation_was_asked_for_holds_the_whole_client_that_heeds_it() -> None:
    made = Made()
    made.operation(0, 21.0, Tried(HOME, 21.0, 21.1, 429, retry_after=2.0))
    for client in (0, 1):
        made.operation(
            client, 21.2, Tried(HOME, 21.2, 21.3, 503),
            Tried(HOME, 23.2, 23.3, 200, "retry", 1.9),
        )  # fmt: skip
    made.decided(0, "held", 21.1, HOME)

    assert waits(gather(made.run())).wait == pytest.approx([1.9])


def test_waits_without_jitter_do_not_scatter() -> None:
    assert jitter(of(*[(1.0, 2.0)] * 10)) == pytest.approx(0.0, abs=1e-9)


def test_the_jitter_of_each_retry_is_relative_to_its_own_mean() -> None:
    # Both numbers have the values 0.5 and 1.5 times their mean: a standard deviation of a half.
    found = of(*[(0.5, 1.0), (1.5, 3.0)] * 5)

    assert jitter(found) == pytest.approx(0.5 * sqrt(10 / 9))


def test_too_few_waits_of_a_sort_say_nothing() -> None:
    found = of((1.0, 2.0))

    assert jitter(found) is None
    assert growth(found) is None
    assert autocorrelation(found) is None


def test_growth_is_counted_until_the_cap() -> None:
    assert growth(of(*[(1.0, 2.0, 4.0, 4.0, 4.0)] * 5)) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("lengths", "factor"),
    [
        ((1.0, 2.0, 4.0, 5.0, 5.0), 2.0),
        ((1.0, 2.0, 4.0, 5.0), 2.0),
        ((1.0, 2.0, 4.0, 8.0, 9.0, 9.0), 2.0),
        ((1.0, 1.5, 2.25, 2.5), 1.5),
        ((1.0, 2.0, 4.0, 8.0), 2.0),
        ((1.0, 3.0, 3.0), 3.0),
    ],
)
def test_a_step_that_the_cap_cuts_is_no_growth(lengths: tuple[float, ...], factor: float) -> None:
    assert growth(of(*[lengths] * 5)) == pytest.approx(factor)


def test_waits_that_stay_the_same_do_not_grow() -> None:
    assert growth(of(*[(1.0, 1.0, 1.0)] * 5)) == pytest.approx(1.0)


def test_waits_that_hang_on_the_one_before_correlate() -> None:
    found = of(*[(length, 3 * length) for length in (0.1, 0.2, 0.3, 0.4, 0.5)] * 2)

    assert autocorrelation(found) == pytest.approx(1.0)


def test_growth_alone_is_no_correlation() -> None:
    pairs = ((0.9, 2.2), (1.1, 2.2), (0.9, 1.8), (1.1, 1.8))

    assert autocorrelation(of(*pairs, *pairs)) == pytest.approx(0.0, abs=1e-9)


@given(st.lists(st.lists(st.floats(0.001, 5.0), max_size=6), max_size=12))
def test_every_wait_that_was_made_is_found_once(lengths: list[list[float]]) -> None:
    found = of(*[tuple(each) for each in lengths])

    assert found.wait == pytest.approx([length for each in lengths for length in each])
    assert found.retry.tolist() == [at for each in lengths for at in range(1, len(each) + 1)]
