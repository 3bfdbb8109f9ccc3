import math
from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.report import repetitions
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


@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=5),
    st.lists(st.integers(0, 3), min_size=1, max_size=5),
)
def test_the_exact_test_counts_every_way_to_deal_values_that_tie(
    before: list[int], after: list[int]
) -> None:
    values, n = [*before, *after], len(before)

    def apart(first: tuple[int, ...]) -> float:
        second = set(range(len(values))) - set(first)
        wins = sum(
            (values[j] > values[i]) + (values[j] == values[i]) / 2 for i in first for j in second
        )
        return abs(wins - n * len(after) / 2)

    dealt = [apart(first) for first in combinations(range(len(values)), n)]
    found = apart(tuple(range(n)))
    expected = sum(each >= found for each in dealt) / len(dealt)
    assert mann_whitney(before, after) == pytest.approx(expected)


def test_few_values_that_tie_are_no_sooner_different_than_chance_allows() -> None:
    # The normal approximation says 0.01996 and 0.0197: both would have been called worse.
    assert mann_whitney([0.0] * 5, [0.0, 1.0, 1.0, 1.0, 1.0]) == pytest.approx(12 / 252)
    assert signed_rank([(0.0, 0.0), *[(0.0, 1.0)] * 6]) == pytest.approx(2 / 64)


def test_beyond_25_values_the_approximation_takes_over_without_a_step() -> None:
    before, after = [each % 7 for each in range(25)], [each % 9 for each in range(25)]
    exact = mann_whitney(before, after)
    close = repetitions._normal([*before, *after], 25, 25, wins(before, after))
    assert exact == pytest.approx(close, rel=0.02)
    assert mann_whitney([*before, 0], after) == repetitions._normal(
        [*before, 0, *after], 26, 25, wins([*before, 0], after)
    )
    pairs = [(0.0, float(each % 5 - 1)) for each in range(40)]
    assert signed_rank(pairs) < signed_rank(pairs[:31])


def wins(before: list[int], after: list[int]) -> float:
    return sum((b > a) + (b == a) / 2 for a in before for b in after)


def test_known_p_values_with_ties() -> None:
    # R: wilcox.test(c(1,2,2,3,4,5), c(2,6,7,8,9,9), exact=FALSE)$p.value
    before, after = [1, 2, 2, 3, 4, 5], [2, 6, 7, 8, 9, 9]
    approximate = repetitions._normal([*before, *after], 6, 6, wins(before, after))
    assert approximate == pytest.approx(0.02919, abs=1e-5)
    # Counted one by one: 24 of the 924 ways to deal them.
    assert mann_whitney(before, after) == pytest.approx(24 / 924)
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
    moved = (1.0, 1.0, 2.0, 2.0, 3.0, -1.0, 4.0, 5.0)
    doubled = repetitions._doubled_ranks([abs(each) for each in moved])
    assert repetitions._normal_signed(doubled, 2.0) == pytest.approx(0.02897, abs=1e-5)
    # No sign turned, or one of the three ones: 4 of 256 ways, and as many on the other side.
    assert signed_rank([(0.0, each) for each in moved]) == pytest.approx(8 / 256)
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


def test_as_many_lost_as_gained_are_no_shift_and_no_nonsense() -> None:
    never = math.inf
    assert paired_shift([(1.0, never), (never, 1.0)]) == 0.0
    assert shift([1.0, never], [never, 1.0]) == 0.0
    assert median([-never, never]) == 0.0
    assert signed_rank([(1.0, never), (never, 1.0)] * 4) == 1.0
