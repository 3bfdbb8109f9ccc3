"""Kolmogorov and Smirnov's tests, small enough to read: no library is needed for two formulas."""

import math
from collections.abc import Sequence

# The probability with which a right sample is called wrong; there are some hundred such tests.
ALPHA = 1e-6
_CRITICAL = math.sqrt(-math.log(ALPHA / 2.0) / 2.0)


def uniform_distance(sample: Sequence[float], low: float, high: float) -> float:
    """Kolmogorov's distance between a sample and the uniform distribution on [low, high]."""
    count = len(sample)
    worst = 0.0
    for index, value in enumerate(sorted(sample)):
        expected = (value - low) / (high - low)
        worst = max(worst, abs(expected - index / count), abs(expected - (index + 1) / count))
    return worst


def is_uniform(sample: Sequence[float], low: float, high: float) -> bool:
    """Whether the sample may have been drawn from U(low, high); a point where they are equal."""
    if low == high:
        return all(math.isclose(value, low, abs_tol=1e-12) for value in sample)
    return uniform_distance(sample, low, high) <= _CRITICAL / math.sqrt(len(sample))


def same_distribution(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether two samples may have been drawn from one distribution (two-sample test)."""
    ranked = sorted([(value, 1) for value in one] + [(value, 0) for value in other])
    worst = ahead = behind = 0.0
    for index, (value, mine) in enumerate(ranked):
        if mine:
            ahead += 1.0 / len(one)
        else:
            behind += 1.0 / len(other)
        last_of_its_value = index + 1 == len(ranked) or ranked[index + 1][0] != value
        if last_of_its_value:
            worst = max(worst, abs(ahead - behind))
    count = len(one) * len(other) / (len(one) + len(other))
    return worst <= _CRITICAL / math.sqrt(count)
