"""Whether the fleet came to rest after the heal: time to steady, metastability, the phase portrait.

Metastable is a run whose load is the same before and after the fault and whose goodput does not
return within 30 s of the heal (Bronson et al., HotOS'21; Huang et al., OSDI'22): what keeps it down
is no longer the fault but the work that the fault caused. Goodput that comes back and then leaves
again, for 30 s on end, has not returned.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

import numpy as np

from chaos.analysis import sliding
from chaos.analysis.effects import Effect, last_heal
from chaos.analysis.evidence import Bools, Evidence, Floats
from chaos.analysis.findings import Measured, Point
from chaos.analysis.recovery import SIGMAS, Recovery, leaves, stretches
from chaos.analysis.wording import many, seconds, share
from chaos.scenario.vocabulary import METASTABLE_AFTER

SLOWER, BUSIER = 1.2, 1.05
STEADY = 0.9
_SLOW_SHARE = 0.01
_SAME_LOAD = 0.2


@dataclass(frozen=True, slots=True)
class Steadiness:
    """What followed the last heal.

    ``steady`` is the moment from which every window was within what was usual before T0 (0.99 B,
    1.2 times the p99 response time, 1.05 times the amplification), None where that was not seen. A
    window may exceed it by as much as chance alone explains in its few operations; all that follows
    from that moment on, taken together, may not exceed it at all.
    ``watched`` is the last moment at which a whole window could still begin. ``metastable`` is None
    where the run was not watched long enough to tell, or its load was not the same. ``broken`` is
    what the last window broke, or else all that followed, taken together: availability, response
    or amplification, empty where nothing.
    """

    healed: float
    steady: float | None
    watched: float
    due: int
    metastable: bool | None
    broken: tuple[str, ...]

    def time_to_steady(self) -> Measured:
        """From the last heal to the moment from which all was as before T0, in seconds."""
        if not self.due:
            return Measured(None, "seconds", 0)
        if self.steady is None:
            length = max(0.0, self.watched - self.healed)
            return Measured(length, "seconds", self.due, censored=True)
        return Measured(self.steady - self.healed, "seconds", self.due)

    def measured(self) -> Measured:
        """1 where the run is metastable, 0 where it is not."""
        if self.metastable is None:
            return Measured(None, "count", 0)
        return Measured(float(self.metastable), "count", self.due)


def steadiness(
    evidence: Evidence, found: tuple[Effect, ...], before: Recovery
) -> Steadiness | None:
    """How the run came to rest after its last heal; None where there was none."""
    healed = last_heal(found)
    if healed is None or before.baseline is None:
        return None
    due, window = evidence.operations["due"], sliding.width(evidence)
    watched = evidence.until - window
    begins = sliding.starts(healed, watched, window)
    broken = _broken(evidence, begins, window, before, SIGMAS)
    lasting = _broken(evidence, begins, evidence.until - begins, before, 0.0)
    steady = sliding.held_from(
        begins,
        ~np.logical_or.reduce(list(broken.values())),
        ~np.logical_or.reduce(list(lasting.values())),
    )
    last = tuple(name for name, bad in broken.items() if len(bad) and bad[-1])
    return Steadiness(
        healed=healed,
        steady=steady,
        watched=watched,
        due=int(((due >= healed) & (due < evidence.until)).sum()),
        metastable=_metastable(evidence, begins, broken["availability"], healed, before.t0),
        broken=last or tuple(name for name, bad in lasting.items() if steady is None and bad.any()),
    )


def unsteady(evidence: Evidence) -> str:
    """Why the run was no experiment: it was not in a steady state before the first fault.

    Empty where it was, where it has no fault, or where nothing was due before it. A service that
    already fails more than one operation in ten has no steady state to fall from.
    """
    due, begins = evidence.operations["due"], evidence.phases[0].ends
    before = due < begins
    if len(evidence.phases) == 1 or not before.any():
        return ""
    part = float(evidence.ok[before].mean())
    if part >= STEADY:
        return ""
    return (
        f"steady state was not reached before the first fault at {seconds(begins)}: only "
        f"{share(part)} of {many(int(before.sum()), 'operation')} ended ok"
    )


def portrait(evidence: Evidence) -> tuple[Point, ...]:
    """Load against goodput over the whole run, a point a second, wider where the load is thin."""
    sent = evidence.attempts["sent"]
    points = []
    for each in stretches(evidence, evidence.ok, 0.0, evidence.until) if evidence.until > 0 else ():
        lasts = each.ends - each.starts
        attempts = np.searchsorted(sent, each.ends) - np.searchsorted(sent, each.starts)
        points.append(
            Point(each.starts, each.ends, each.due / lasts, float(attempts / lasts),
                  each.ok / lasts)
        )  # fmt: skip
    return tuple(points)


def _broken(
    evidence: Evidence, begins: Floats, window: float | Floats, before: Recovery, sigmas: float
) -> dict[str, Bools]:
    """Which windows break what was usual before T0, in each of three respects.

    They are allowed to by as many standard deviations of what is usual.
    """
    assert before.baseline is not None
    operations, attempts = evidence.operations, evidence.attempts
    due = operations["due"]
    response = operations["ended"] - due
    n = sliding.within(due, begins, window)
    ok = sliding.flagged(due, evidence.good, begins, window)
    past = due < before.t0
    usual = float(np.percentile(response[past], 99, method="inverted_cdf"))
    slow = sliding.flagged(due, response > SLOWER * usual, begins, window)
    started = np.sort(operations["started"])
    calls = sliding.within(started, begins, window)
    sent = sliding.within(attempts["sent"], begins, window)
    calls_before = int((started < before.t0).sum())
    amplified = (attempts["sent"] < before.t0).sum() / max(1, calls_before)
    # The p99 of a window lies above a bound where more than 1 % do; chance alone makes it a few.
    allowed = _SLOW_SHARE * n + sigmas * np.sqrt(n) * sqrt(_SLOW_SHARE * (1 - _SLOW_SHARE))
    return {
        "availability": leaves(n, ok, before.baseline, sigmas),
        "response": slow > allowed,
        "amplification": sent > BUSIER * amplified * calls + 1e-9,
    }


def _metastable(
    evidence: Evidence, begins: Floats, bad: Bools, healed: float, t0: float
) -> bool | None:
    """Whether goodput stayed away for 30 s on end, from the heal on or after it had come back.

    None where it is away at the end of the run for less than that: it may have come back.
    """
    if not len(begins) or t0 <= 0 or not _same_load(evidence, healed, t0):
        return None
    turns = np.flatnonzero(np.diff(bad.astype(np.int8)))
    edges = np.concatenate(([0], turns + 1, [len(bad)]))
    for starts, ends in pairwise(edges):
        # All but the first of such windows begin while goodput is still there.
        window = evidence.until - begins[-1] if starts else 0.0
        away = begins[ends - 1] - begins[starts] - window
        if bad[starts] and away >= METASTABLE_AFTER - 1e-9:
            return True
    return None if bad[-1] else False


def _same_load(evidence: Evidence, healed: float, t0: float) -> bool:
    """Whether as much was offered after the heal as before T0, to within a fifth."""
    due = evidence.operations["due"]
    before = float((due < t0).sum()) / t0
    after = float(((due >= healed) & (due < evidence.until)).sum()) / (evidence.until - healed)
    return abs(after - before) <= _SAME_LOAD * before
