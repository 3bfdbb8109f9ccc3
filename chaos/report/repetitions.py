"""Statistics whose unit is the repetition: a whole run with a seed of its own.

Operations within a run depend on each other, so nothing here is ever computed over operations.
Intervals of medians are exact, from order statistics; proportions have Wilson's; two sides are held
against each other by the test of Mann and Whitney, and pairs of runs with the same seed by
Wilcoxon's signed ranks; both are exact for small samples, with ties and without.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import product
from statistics import NormalDist
from typing import Any

import numpy as np

FEWEST_FOR_INTERVAL = 6
FEWEST_FOR_TEST = 5
# With fewer pairs no outcome at all is as rare as 2 %.
FEWEST_FOR_PAIRS = 7
LEVEL = 0.95
_MOST_EXACT = 25


def median(values: Sequence[float]) -> float:
    """The middle value; the mean of the two middle ones of an even number."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    low, high = ordered[middle - 1], ordered[middle]
    # Between never better and never worse by anything lies no difference at all.
    return low if low == high else 0.0 if low == -high else (low + high) / 2


def median_interval(values: Sequence[float]) -> tuple[float, float] | None:
    """The exact 95 % interval of the median, from order statistics; None for fewer than six.

    >>> median_interval([1, 2, 3, 4, 5, 6])
    (1, 6)
    """
    n = len(values)
    if n < FEWEST_FOR_INTERVAL:
        return None
    ordered = sorted(values)
    # The interval [x(k+1), x(n-k)] misses the median with probability 2·P(Binomial(n, ½) <= k).
    outside, below = 0.0, -1
    for k in range(n // 2):
        outside += math.comb(n, k) / 2**n
        if 2 * outside > 1 - LEVEL:
            break
        below = k
    return ordered[below], ordered[n - 1 - below]


def wilson(times: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a proportion; (0, 1) where nothing was tried.

    >>> [round(edge, 4) for edge in wilson(0, 10)]
    [0.0, 0.2775]
    """
    if not n:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(1 - (1 - LEVEL) / 2)
    part, spread = times / n, z * z / n
    middle = (part + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(part * (1 - part) / n + spread / (4 * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def shift(before: Sequence[float], after: Sequence[float]) -> float:
    """By how much the second side lies above the first: Hodges and Lehmann's median difference."""
    return median([_difference(b, a) for a, b in product(before, after)])


def _difference(one: float, other: float) -> float:
    """Their difference; two values that were both never reached do not differ."""
    return 0.0 if one == other else one - other


def mann_whitney(before: Sequence[float], after: Sequence[float]) -> float:
    """The two-sided p-value that two sides are alike; 1.0 where one of them is empty.

    Exact with ties as well where neither side has more than 25 values, by counting every way to
    deal them; beyond, the normal approximation, corrected for ties.

    >>> round(mann_whitney([1, 2, 3, 4, 5], [6, 7, 8, 9, 10]), 6)
    0.007937
    >>> round(mann_whitney([0, 0, 0, 0, 0], [0, 1, 1, 1, 1]), 6)
    0.047619
    """
    n, m = len(before), len(after)
    if not n or not m:
        return 1.0
    if max(n, m) > _MOST_EXACT:
        wins = math.fsum((a > b) + (a == b) / 2 for a, b in product(after, before))
        return _normal([*before, *after], n, m, wins)
    ranks = _doubled_ranks([*before, *after])
    ways = _dealt(ranks, n)[n]
    # As far from the middle as what was found, to either side: with ties it need not be even.
    middle = n * sum(ranks)
    found = abs((n + m) * sum(ranks[:n]) - middle)
    apart = np.abs((n + m) * np.arange(len(ways)) - middle)
    return float(ways[apart >= found].sum() / ways.sum())


def _doubled_ranks(values: Sequence[float]) -> list[int]:
    """Twice the rank of each value, so that the mean rank of ties is a whole number."""
    ordered = sorted(values)
    return [bisect_left(ordered, each) + bisect_right(ordered, each) + 1 for each in values]


def _dealt(ranks: Sequence[int], most: int) -> "np.ndarray[Any, np.dtype[np.int64]]":
    """[i, s] is in how many ways i of the ranks, at most so many, have the sum s."""
    ways = np.zeros((most + 1, sum(ranks) + 1), dtype=np.int64)
    ways[0, 0] = 1
    for rank in ranks:
        ways[1:, rank:] += ways[:-1, : ways.shape[1] - rank].copy()
    return ways


def _normal(values: list[float], n: int, m: int, wins: float) -> float:
    """The normal approximation with correction for ties and continuity."""
    total = n + m
    tied = math.fsum(values.count(v) ** 3 - values.count(v) for v in set(values))
    variance = n * m / 12 * (total + 1 - tied / (total * (total - 1)))
    if variance <= 0:
        return 1.0
    distance = max(0.0, abs(wins - n * m / 2) - 0.5)
    return 2 * (1 - NormalDist().cdf(distance / math.sqrt(variance)))


def fisher(before: tuple[int, int], after: tuple[int, int]) -> float:
    """Fisher's exact two-sided p-value that two sides hold as often, each (times held, of so many).

    >>> round(fisher((5, 5), (1, 5)), 6)
    0.047619
    """
    (held, n), (still, m) = before, after
    whole = math.comb(n + m, held + still)
    ways = {
        k: math.comb(n, k) * math.comb(m, held + still - k)
        for k in range(max(0, held + still - m), min(n, held + still) + 1)
    }
    return sum(each for each in ways.values() if each <= ways[held]) / whole


def mcnemar(lost: int, gained: int) -> float:
    """McNemar's exact two-sided p-value of pairs of which so many lost and so many gained.

    Pairs that agree say nothing.

    >>> mcnemar(7, 0)
    0.015625
    """
    n = lost + gained
    tail = sum(math.comb(n, k) for k in range(min(lost, gained) + 1))
    return min(1.0, 2 * tail / math.ldexp(1.0, n))


def paired_shift(pairs: Sequence[tuple[float, float]]) -> float:
    """By how much the second of each pair lies above the first: the median of the Walsh averages.

    Where a value was not reached there is no average, and it is the median of the differences; it
    is nothing where as many pairs no longer reach it as reach it now.

    >>> paired_shift([(1.0, 1.5), (2.0, 2.5), (3.0, 3.5)])
    0.5
    """
    moved = sorted(_difference(after, before) for before, after in pairs)
    if not all(map(math.isfinite, moved)):
        return median(moved)
    sums = [(a + b) / 2 for i, a in enumerate(moved) for b in moved[i:]]
    return median(sums)


def signed_rank(pairs: Sequence[tuple[float, float]]) -> float:
    """The two-sided p-value that the second of each pair is no other than the first.

    Pairs that do not differ say nothing and are left out, as Wilcoxon did. Exact with ties as well
    for up to 25 pairs that differ; beyond, the normal approximation, corrected for ties.

    >>> signed_rank([(each, each + 1 + each / 10) for each in range(7)])
    0.015625
    >>> signed_rank([(0, 1)] * 6)
    0.03125
    """
    moved = [d for d in (_difference(after, before) for before, after in pairs) if d]
    if not moved:
        return 1.0
    ranks = _doubled_ranks(list(map(abs, moved)))
    raised = sum(rank for rank, each in zip(ranks, moved, strict=True) if each > 0)
    least = min(raised, sum(ranks) - raised)
    if len(moved) > _MOST_EXACT:
        return _normal_signed(ranks, least / 2)
    ways = np.zeros(sum(ranks) + 1, dtype=np.int64)
    ways[0] = 1
    for rank in ranks:
        ways[rank:] += ways[:-rank].copy()
    return min(1.0, float(2 * ways[: least + 1].sum() / ways.sum()))


def _normal_signed(doubled: Sequence[int], least: float) -> float:
    """The normal approximation of the smaller sum of ranks, corrected for ties and continuity."""
    n = len(doubled)
    tied = math.fsum(doubled.count(rank) ** 3 - doubled.count(rank) for rank in set(doubled))
    variance = n * (n + 1) * (2 * n + 1) / 24 - tied / 48
    distance = max(0.0, n * (n + 1) / 4 - least - 0.5)
    return 2 * (1 - NormalDist().cdf(distance / math.sqrt(variance)))
