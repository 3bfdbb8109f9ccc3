import math
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.report.repetitions import mann_whitney, median, median_interval, shift, wilson

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=12)


def by_hand(n: int, m: int, wins: int) -> float:
    """All orders of n + m values, counted one by one."""
    whole = n + m
    found = [
        sum(1 for i in second for j in set(range(whole)) - set(second) if i > j)
        for second in combinations(range(whole), m)
    ]
    extreme = min(wins, n * m - wins)
    return min(1.0, 2 * sum(w <= extreme for w in found) / len(found))


@given(st.permutations(range(9)), st.integers(1, 8))
def test_the_exact_test_counts_every_order(order: list[int], n: int) -> None:
    before, after = order[:n], order[n:]
    wins = sum(a > b for a in after for b in before)
    assert mann_whitney(before, after) == pytest.approx(by_hand(n, 9 - n, wins))


@given(VALUES, VALUES)
def test_the_test_has_no_favourite_side(before: list[float], after: list[float]) -> None:
    assert mann_whitney(before, after) == pytest.approx(mann_whitney(after, before))
    assert 0.0 < mann_whitney(before, after) <= 1.0


def test_known_p_values_with_ties() -> None:
    # R: wilcox.test(c(1,2,2,3,4,5), c(2,6,7,8,9,9), exact=FALSE)$p.value
    assert mann_whitney([1, 2, 2, 3, 4, 5], [2, 6, 7, 8, 9, 9]) == pytest.approx(0.02919, abs=1e-5)
    assert mann_whitney([3, 3], [3, 3, 3]) == 1.0
    assert mann_whitney([], [1.0]) == 1.0


@pytest.mark.parametrize(("n", "ranks"), [(6, (1, 6)), (8, (1, 8)), (9, (2, 8)), (20, (6, 15))])
def test_the_interval_of_a_median_has_the_ranks_of_the_tables(
    n: int, ranks: tuple[int, int]
) -> None:
    assert median_interval(list(range(1, n + 1))) == ranks


def test_fewer_than_six_repetitions_have_no_interval() -> None:
    assert median_interval([1, 2, 3, 4, 5]) is None


@pytest.mark.parametrize(
    ("times", "n", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (0, 0, 0.0, 1.0)],
)
def test_wilsons_interval_is_the_published_one(times: int, n: int, low: float, high: float) -> None:
    assert wilson(times, n) == pytest.approx((low, high), abs=1e-4)


@given(VALUES, st.floats(-1e3, 1e3))
def test_a_side_that_is_moved_is_found_moved_by_as_much(values: list[float], by: float) -> None:
    assert shift(values, [value + by for value in values]) == pytest.approx(by, abs=1e-6)


def test_values_that_were_never_reached_do_not_differ_from_one_another() -> None:
    never = math.inf
    assert shift([never, never], [never, never]) == 0.0
    assert shift([1.0, 2.0, 3.0], [never, never, never]) == never
    assert median([1.0, never, never]) == never
