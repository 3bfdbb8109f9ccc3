"""When the fleet was good again: time to recover, and the operations lost until then.

B is the availability before T0, of operations that end ok within W of when they were due. The
moment of recovery is estimated as the argmin of the cumulative sum of (ok - 0.99 B due) over bins
of 1 s that hold 30 operations or more, and confirmed by the hold rule: no later window W of the
phase leaves 0.99 B. Change-point methods were off by 10 to 60 s where this one is off by less than
a second (compared over 300 drawn outages each).

A window leaves the objective when it falls short of 0.99 B by more than three standard deviations
of what B itself would scatter there; where nothing failed before T0 that is any shortfall at all.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import inf, sqrt

import numpy as np

from chaos.analysis import sliding
from chaos.analysis.effects import Effect, touched_operations
from chaos.analysis.evidence import Bools, Evidence, Floats
from chaos.analysis.findings import Measured

BIN = 1.0
GOOD = 0.99
SIGMAS = 3.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of the run with what was due in it: ``ok`` of ``due`` operations."""

    starts: float
    ends: float
    due: int
    ok: int


@dataclass(frozen=True, slots=True)
class Recovery:
    """The way back to what was before T0.

    ``baseline`` is B, None where no operation was due before T0. ``recovered`` is the moment of
    recovery; where it is None, there was none before ``until`` and ``worst`` is the stretch that
    shows it, with nothing due where the phase was merely too short to confirm the moment. ``lost``
    is the area between B and the availability of the disturbed time, in operations.
    """

    baseline: float | None
    t0: float
    until: float
    recovered: float | None
    worst: Stretch | None
    due: int
    lost: float

    def measured(self, detected: float | None) -> Measured:
        """Time to recover, in seconds from T0.

        ``detected`` is when, from T0, half of the touched clients had noticed. A fleet that lost
        nothing on its way elsewhere is not called recovered before that.
        """
        if self.baseline is None or not self.due:
            return Measured(None, "seconds", 0)
        if self.recovered is None:
            return Measured(self.until - self.t0, "seconds", self.due, censored=True)
        return Measured(max(self.recovered - self.t0, detected or 0.0), "seconds", self.due)


def recovery(evidence: Evidence, found: tuple[Effect, ...], t0: float) -> Recovery:
    """How the fleet recovered from the faults, judged to the end of the fault phase."""
    due = evidence.operations["due"]
    phase = evidence.phase("fault")
    until = min(evidence.until, max(phase.ends if phase else inf, t0))
    before = (due < t0) & ~touched_operations(evidence, found)
    baseline = float(evidence.good[before].mean()) if before.any() else None
    within = (due >= t0) & (due < until)
    if baseline is None:
        return Recovery(None, t0, until, None, None, int(within.sum()), 0.0)
    bins = stretches(evidence, evidence.good, t0, until)
    recovered, worst = _recovered(evidence, bins, baseline, until)
    if worst is not None and not worst.due:
        until = worst.starts
    disturbed = within & (due < (until if recovered is None else recovered))
    lost = float(evidence.ok[before].mean() * disturbed.sum() - evidence.ok[disturbed].sum())
    return Recovery(baseline, t0, until, recovered, worst, int(within.sum()), max(0.0, lost))


def stretches(evidence: Evidence, flags: Bools, starts: float, ends: float) -> tuple[Stretch, ...]:
    """Bins of 1 s from ``starts`` on, each widened until 30 operations are due in it.

    ``flags`` says which operations count as ok.
    """
    due = evidence.operations["due"]
    edges = sliding.edges(starts, ends, BIN)
    places = np.searchsorted(due, edges)
    kept = [0]
    for index in range(1, len(edges)):
        if places[index] - places[kept[-1]] >= sliding.FEWEST:
            kept.append(index)
    # What is left over at the end is too little for a bin of its own.
    if kept[-1] != len(edges) - 1:
        kept[-1 if len(kept) > 1 else len(kept) :] = [len(edges) - 1]
    sums = np.concatenate(([0], np.cumsum(flags)))
    return tuple(
        Stretch(
            float(edges[left]),
            float(edges[right]),
            int(places[right] - places[left]),
            int(sums[places[right]] - sums[places[left]]),
        )
        for left, right in pairwise(kept)
    )


def _recovered(
    evidence: Evidence, bins: tuple[Stretch, ...], baseline: float, until: float
) -> tuple[float | None, Stretch | None]:
    """The moment of recovery, or None and the stretch that speaks against it."""
    gains = np.array([each.ok - GOOD * baseline * each.due for each in bins])
    lowest = int(np.argmin(np.concatenate(([0.0], np.cumsum(gains)))))
    if lowest == len(bins):
        return None, _bad(bins, baseline)
    moment = bins[lowest].starts
    window = sliding.width(evidence)
    starts = sliding.starts(moment, until - window, window)
    if not len(starts):
        return None, Stretch(moment, until, 0, 0)
    due = evidence.operations["due"]
    n, ok = sliding.within(due, starts, window), sliding.flagged(due, evidence.good, starts, window)
    left = leaves(n, ok, baseline)
    if not left.any():
        return moment, None
    worst = int(np.argmin(np.where(left, ok / np.maximum(n, 1), inf)))
    at = float(starts[worst])
    return None, Stretch(at, at + window, int(n[worst]), int(ok[worst]))


def _bad(bins: tuple[Stretch, ...], baseline: float) -> Stretch | None:
    """The worst bin with all that were short of the objective around it, without a gap."""
    if not bins:
        return None
    short = [each.ok < GOOD * baseline * each.due for each in bins]
    first = min(range(len(bins)), key=lambda place: bins[place].ok / max(1, bins[place].due))
    last = first + 1
    while first > 0 and short[first - 1]:
        first -= 1
    while last < len(bins) and short[last]:
        last += 1
    whole = bins[first:last]
    due, ok = (sum(counts) for counts in zip(*((one.due, one.ok) for one in whole), strict=True))
    return Stretch(whole[0].starts, whole[-1].ends, due, ok)


def leaves(n: Floats, ok: Floats, baseline: float, sigmas: float = SIGMAS) -> Bools:
    """Which windows with ``ok`` of ``n`` operations leave 0.99 B by more than chance explains.

    A window alone is allowed so many standard deviations. That may not be used up for ever: from
    the moment of recovery on the sum of (ok - 0.99 B due) does not fall below where it was, by the
    choice of that moment, and others hold all that follows, taken together, to none of them.
    """
    allowed = sigmas * np.sqrt(n) * sqrt(baseline * (1.0 - baseline))
    # A hair of slack: 0.99 * 100 is not exactly 99 in floats.
    return np.asarray(ok < GOOD * baseline * n - allowed - 1e-9, dtype=np.bool_)
