"""One statistic of many values, some of which are only lower bounds.

Percentiles are observed values (numpy's `inverted_cdf`). Where values are censored, the statistic
is bounded from both sides: once with every lower bound taken as the value, once with every one
taken as infinite. Where both agree the statistic is known, whatever the censored values are.
"""

import math

import numpy as np

from chaos.analysis.evidence import Bools, Floats
from chaos.analysis.findings import Measured
from chaos.scenario.objective import Unit


def rank(statistic: str, n: int) -> int:
    """Which of ``n`` values in ascending order a statistic is, counted from 0.

    ``statistic`` is `min`, `max`, or `p` and a percentage.

    >>> rank("p50", 4), rank("p95", 60), rank("max", 60)
    (1, 56, 59)
    """
    if statistic in ("min", "max"):
        return 0 if statistic == "min" else n - 1
    # In whole numbers: 95/100 * 60 is a hair over 57 in floats, and the 58th value would be taken.
    per_mille = round(float(statistic[1:]) * 1000)
    return max(0, math.ceil(per_mille * n / 100_000) - 1)


def spread(values: Floats, censored: Bools, statistic: str, unit: Unit = "seconds") -> Measured:
    """The statistic of values of which some are lower bounds; censored where it is one itself."""
    n = len(values)
    if not n:
        return Measured(None, unit, 0)
    place = rank(statistic, n)
    low = high = np.sort(values)[place]
    if censored.any():
        high = np.sort(np.where(censored, np.inf, values))[place]
    return Measured(float(low), unit, n, censored=bool(high > low))


def holder(values: Floats, censored: Bools, statistic: str) -> int:
    """The index of the value that stands for the statistic, a censored one after its equals."""
    order = np.lexsort((censored, values))
    return int(order[rank(statistic, len(values))])
