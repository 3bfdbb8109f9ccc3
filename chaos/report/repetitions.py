"""Statistics whose unit is the repetition: a whole run with a seed of its own.

Operations within a run depend on each other, so nothing here is ever computed over operations.
Intervals of medians are exact, from order statistics; proportions have Wilson's; two sides are held
against each other by the test of Mann and Whitney, and pairs of runs with the same seed by
Wilcoxon's signed ranks; both are exact for small samples without ties.
"""

import math
from collections.abc import Sequence
from itertools import product
from statistics import NormalDist

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
    return low if low == high else (low + high) / 2


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

    >>> round(mann_whitney([1, 2, 3, 4, 5], [6, 7, 8, 9, 10]), 6)
    0.007937
    """
    n, m = len(before), len(after)
    if not n or not m:
        return 1.0
    ranks = [(a > b) + (a == b) / 2 for a, b in product(after, before)]
    wins = math.fsum(ranks)
    ties = len(set(before) | set(after)) < n + m
    if not ties and max(n, m) <= _MOST_EXACT:
        return _exact(n, m, int(min(wins, n * m - wins)))
    return _normal(list(before) + list(after), n, m, wins)


def _exact(n: int, m: int, wins: int) -> float:
    """How likely so few wins are on either side, by counting all orders."""
    # counts[i][w]: orders of i of the first side's and j of the second's with w wins, j growing.
    counts = [[1] for _ in range(n + 1)]
    for j in range(1, m + 1):
        for i in range(1, n + 1):
            last_is_second, last_is_first = counts[i], counts[i - 1]
            size = i * j + 1
            fresh = [0] * size
            for w, ways in enumerate(last_is_second):
                fresh[w + i] += ways
            for w, ways in enumerate(last_is_first):
                fresh[w] += ways
            counts[i] = fresh
        counts[0] = [1]
    return min(1.0, 2 * sum(counts[n][: wins + 1]) / math.comb(n + m, n))


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

    Pairs that do not differ say nothing and are left out, as Wilcoxon did.

    >>> signed_rank([(each, each + 1 + each / 10) for each in range(7)])
    0.015625
    """
    moved = [d for d in (_difference(after, before) for before, after in pairs) if d]
    n = len(moved)
    if not n:
        return 1.0
    sizes = sorted(map(abs, moved))
    ranks = {size: sizes.index(size) + (sizes.count(size) + 1) / 2 for size in set(sizes)}
    raised = math.fsum(ranks[abs(each)] for each in moved if each > 0)
    least = min(raised, n * (n + 1) / 2 - raised)
    if len(ranks) == n and n <= _MOST_EXACT:
        return _exact_signed(n, int(least))
    tied = math.fsum(sizes.count(size) ** 3 - sizes.count(size) for size in ranks)
    variance = n * (n + 1) * (2 * n + 1) / 24 - tied / 48
    distance = max(0.0, n * (n + 1) / 4 - least - 0.5)
    return 2 * (1 - NormalDist().cdf(distance / math.sqrt(variance)))


def _exact_signed(n: int, least: int) -> float:
    """How likely so small a sum of ranks is on either side, by counting all signs."""
    ways = [1] + [0] * (n * (n + 1) // 2)
    for rank in range(1, n + 1):
        for total in range(len(ways) - 1, rank - 1, -1):
            ways[total] += ways[total - rank]
    return min(1.0, sum(ways[: least + 1]) / math.ldexp(1.0, n - 1))
