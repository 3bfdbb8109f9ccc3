import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.analysis.spread import rank, spread

STATISTICS = ("min", "p50", "p95", "p99", "p99.9", "max")
VALUES = st.lists(st.tuples(st.floats(0, 1e6), st.booleans()), min_size=1, max_size=200)


def split(pairs: list[tuple[float, bool]]) -> tuple[np.ndarray, np.ndarray]:
    values, censored = zip(*pairs, strict=True)
    return np.array(values), np.array(censored)


@pytest.mark.parametrize(
    ("statistic", "n", "place"),
    [("p50", 1, 0), ("p50", 4, 1), ("p50", 5, 2), ("p95", 20, 18), ("p95", 60, 56),
     ("p95", 100, 94), ("p99", 100, 98), ("p99.9", 1000, 998), ("max", 7, 6), ("min", 7, 0)],
)  # fmt: skip
def test_a_percentile_is_the_least_value_that_enough_values_do_not_exceed(
    statistic: str, n: int, place: int
) -> None:
    assert rank(statistic, n) == place


@given(VALUES, st.sampled_from(("p50", "p95", "p99")))
def test_percentiles_are_those_of_numpys_inverted_cdf(
    pairs: list[tuple[float, bool]], statistic: str
) -> None:
    values, _ = split(pairs)
    found = spread(values, np.zeros(len(values), dtype=bool), statistic)
    place = rank(statistic, len(values))

    assert found.value == np.sort(values)[place]
    # numpy multiplies in floats, which is one place off where n * q is a whole number.
    exact = float(statistic[1:]) / 100 * len(values)
    if abs(exact - round(exact)) > 1e-6:
        expected = np.percentile(values, float(statistic[1:]), method="inverted_cdf")
        assert found.value == expected


def test_a_percentile_below_every_censored_value_is_known() -> None:
    found = spread(np.array([1.0, 2.0, 3.0, 9.0]), np.array([False, False, False, True]), "p50")

    assert (found.value, found.censored, found.n) == (2.0, False, 4)


def test_a_percentile_that_a_censored_value_may_shift_is_a_lower_bound() -> None:
    # The censored 1.0 may in truth be 5.0; the median is then 3.0 and not 2.0.
    found = spread(np.array([1.0, 2.0, 3.0]), np.array([True, False, False]), "p50")

    assert (found.value, found.censored) == (2.0, True)


def test_the_greatest_of_values_with_a_censored_one_is_a_lower_bound() -> None:
    found = spread(np.array([1.0, 20.0]), np.array([True, False]), "max")

    assert (found.value, found.censored) == (20.0, True)


def test_of_no_values_there_is_no_statistic() -> None:
    found = spread(np.array([]), np.array([], dtype=bool), "p95")

    assert (found.value, found.n, found.censored) == (None, 0, False)


@given(VALUES, st.sampled_from(STATISTICS), st.data())
def test_whatever_the_censored_values_are_the_statistic_is_not_below_what_is_said(
    pairs: list[tuple[float, bool]], statistic: str, data: st.DataObject
) -> None:
    values, censored = split(pairs)
    beyond = np.array([data.draw(st.floats(0, 1e6)) if each else 0.0 for each in censored])
    truth = np.sort(values + beyond)[rank(statistic, len(values))]
    found = spread(values, censored, statistic)

    assert found.value is not None
    assert truth >= found.value
    if not found.censored:
        assert truth == found.value
