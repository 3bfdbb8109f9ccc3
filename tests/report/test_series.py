import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chaos.report import series
from chaos.report.series import Bins
from tests.report import made

TIMES = st.lists(st.floats(0.0, 70.0), max_size=60).map(np.array)


@given(st.floats(-5, 5), st.floats(0.01, 1e5), st.integers(2, 200))
def test_bins_cover_the_stretch_and_are_never_more_than_asked(
    starts: float, lasts: float, most: int
) -> None:
    over = series.bins(starts, starts + lasts, most=most)
    assert over.edges[0] == starts
    assert over.edges[-1] >= starts + lasts - 1e-6 * max(1.0, lasts)
    assert len(over.edges) - 1 <= max(most, np.ceil(lasts / 900.0))


def test_the_last_instant_lies_in_the_last_bin_wherever_its_edge_is_rounded_to() -> None:
    last = 0.1 + 0.2
    over = series.bins(0.0, last, most=40, finest=0.1)
    assert over.count(np.array([last])).tolist() == [0.0, 0.0, 1.0]
    (found,) = series.percentiles(np.array([last]), np.array([7.0]), over, (0.5,))
    assert found[-1] == 7.0


@given(TIMES)
def test_nothing_is_counted_twice_and_nothing_is_missed(times: np.ndarray) -> None:
    over = series.bins(0.0, 70.0, most=150, finest=1.0)
    assert over.count(times).sum() == len(times)


def test_a_percentile_is_an_observed_value_of_its_bin() -> None:
    times = np.array([0.1, 0.2, 0.9, 2.5])
    values = np.array([3.0, 1.0, 2.0, 7.0])
    p50, p99 = series.percentiles(times, values, Bins(np.array([0.0, 1, 2, 3])), (0.5, 0.99))
    assert p50[0] == 2.0
    assert p99[0] == 3.0
    assert np.isnan(p50[1])
    assert p50[2] == p99[2] == 7.0


def test_a_bin_without_anything_has_no_share() -> None:
    over = Bins(np.array([0.0, 1.0, 2.0]))
    shares = series.success(np.array([0.5, 0.6]), np.array([True, False]), over)
    assert shares[0] == 0.5
    assert np.isnan(shares[1])


def test_every_operation_is_drawn_exactly_once() -> None:
    for run in (made.run(), made.run(made.Toy(fails_over=False)), made.everything_failed()):
        times = sum(crowd.where.astype(int) for crowd in series.crowds(run))
        assert np.array_equal(times, np.ones(len(run.operations)))


def test_goodput_counts_answers_where_they_came() -> None:
    run = made.run(made.Toy(fails_over=False))
    over = Bins(np.array([0.0, 15.0, 35.0, 80.0]))
    south, east = series.goodput_by_region(run, over)
    assert south[0] > 100.0
    assert south[1] < 1.0
    assert east.sum() == 0.0


def test_only_attempts_beyond_the_first_are_extra() -> None:
    run = made.run()
    over = Bins(np.array([0.0, 80.0]))
    extra = sum(
        float(rates.sum() * over.width) for rates in series.extra_attempts(run, over).values()
    )
    assert round(extra) == len(run.attempts) - len(run.operations)
