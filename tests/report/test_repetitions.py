import math
from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.report.repetitions import (
    fisher,
    mann_whitney,
    mcnemar,
    median,
    median_interval,
    paired_shift,
    shift,
    signed_rank,
    wilson,
)

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


@given(st.lists(st.integers(-50, 50).filter(bool), min_size=1, max_size=9, unique_by=abs))
def test_the_paired_test_counts_every_way_to_set_the_signs(moved: list[int]) -> None:
    ranks = [sorted(map(abs, moved)).index(abs(each)) + 1 for each in moved]
    raised = sum(rank for rank, each in zip(ranks, moved, strict=True) if each > 0)
    least = min(raised, sum(ranks) - raised)
    signs = product((0, 1), repeat=len(ranks))
    sums = [sum(s * r for s, r in zip(each, ranks, strict=True)) for each in signs]
    expected = min(1.0, 2 * sum(total <= least for total in sums) / len(sums))
    assert signed_rank([(0.0, float(each)) for each in moved]) == pytest.approx(expected)


def test_a_known_p_value_of_pairs_with_ties() -> None:
    # By hand: the negative rank is 2, the variance 51 - 30/48, so z = (18 - 2 - 0.5) / 7.0975.
    pairs = [(0.0, each) for each in (1.0, 1.0, 2.0, 2.0, 3.0, -1.0, 4.0, 5.0)]
    assert signed_rank(pairs) == pytest.approx(0.02897, abs=1e-5)
    assert signed_rank([(2.0, 2.0)] * 9) == 1.0
    assert signed_rank([]) == 1.0


def test_pairs_that_were_never_reached_on_either_side_do_not_differ() -> None:
    never = math.inf
    assert paired_shift([(never, never), (1.0, 2.0), (1.0, 2.0)]) == 0.75
    assert paired_shift([(1.0, never)] * 3) == never
    assert signed_rank([(1.0, never)] * 7) < 0.02


@given(st.lists(st.booleans(), min_size=1, max_size=6), st.lists(st.booleans(), max_size=6))
def test_fishers_test_counts_every_way_to_deal_what_held(
    before: list[bool], after: list[bool]
) -> None:
    n, m, held = len(before), len(after), sum(before) + sum(after)
    dealt = [sum(one < n for one in each) for each in combinations(range(n + m), held)]
    rare = [k for k in set(dealt) if dealt.count(k) <= dealt.count(sum(before))]
    expected = sum(map(dealt.count, rare)) / len(dealt)
    assert fisher((sum(before), n), (sum(after), m)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("lost", "gained", "p"), [(0, 0, 1.0), (7, 0, 0.015625), (6, 0, 0.03125), (1, 9, 22 / 1024)]
)
def test_mcnemars_test_is_a_coin_for_each_pair_that_differs(
    lost: int, gained: int, p: float
) -> None:
    assert mcnemar(lost, gained) == pytest.approx(p)
    assert mcnemar(gained, lost) == pytest.approx(p)
