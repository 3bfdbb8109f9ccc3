"""Windows that slide over the run, and what lies in each: counts by two look-ups, no loop."""

import numpy as np

from chaos.analysis.evidence import Bools, Evidence, Floats

FEWEST = 30
# Windows slide by this share of their width, but there are never more of them than this.
_SLIDE, _MOST = 0.02, 20_000


def width(evidence: Evidence) -> float:
    """W, widened where the load is so thin that fewer than 30 operations are due in it."""
    return max(evidence.run.scenario.window, FEWEST / evidence.run.scenario.load.rate)


def starts(begins: float, last: float, window: float) -> Floats:
    """Where sliding windows begin: from ``begins`` to ``last``, both included."""
    if last < begins:
        return np.zeros(0)
    return edges(begins, last, max(_SLIDE * window, (last - begins) / _MOST))


def edges(begins: float, ends: float, width: float) -> Floats:
    """Instants ``width`` apart from ``begins`` on, before ``ends``, and that itself: ascending.

    What `arange` is asked to end before it may overshoot by a rounding error, and edges that do not
    ascend are none to numpy.
    """
    steps = begins + width * np.arange(max(1, np.ceil((ends - begins) / width)))
    return np.append(steps[steps < ends], ends)


def within(instants: Floats, begins: Floats, window: float | Floats) -> Floats:
    """How many of the instants, which are in order, lie in each window, all of a length or not."""
    left, right = np.searchsorted(instants, begins), np.searchsorted(instants, begins + window)
    return (right - left).astype(np.float64)


def flagged(instants: Floats, flags: Bools, begins: Floats, window: float | Floats) -> Floats:
    """How many of the instants in each window carry the flag."""
    sums = np.concatenate(([0], np.cumsum(flags)))
    left, right = np.searchsorted(instants, begins), np.searchsorted(instants, begins + window)
    return (sums[right] - sums[left]).astype(np.float64)


def held_from(begins: Floats, good: Bools, whole: Bools) -> float | None:
    """The first of the windows from which on all are good, None where the last is not.

    ``whole`` says of each window whether all that follows from its beginning on, taken together, is
    good as well: what each window is forgiven for its few operations may not go on for ever.
    """
    bad = np.flatnonzero(~good)
    held = bad[-1] + 1 if len(bad) else 0
    lasting = np.flatnonzero(whole[held:])
    return float(begins[held + lasting[0]]) if len(lasting) else None
