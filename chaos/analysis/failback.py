"""When the fleet was back at its primary to stay: the way home after the last heal."""

from dataclasses import dataclass

import numpy as np

from chaos.analysis import sliding
from chaos.analysis.effects import Effect, last_heal
from chaos.analysis.evidence import Bools, Evidence, Floats, Ints
from chaos.analysis.findings import Measured
from chaos.analysis.recovery import leaves

AT_HOME = 0.99


@dataclass(frozen=True, slots=True)
class Failback:
    """The way home after the last heal: when the fleet was back at its primary to stay.

    ``back`` is None where that was not seen; ``watched`` is then the last moment at which a whole
    window could still have begun, and ``away`` the share of operations elsewhere in the last one.
    ``left`` says whether any attempt since the first effect of a fault went elsewhere at all: a
    fleet that never left has no way home, which is not the same as a short one.
    """

    healed: float
    back: float | None
    watched: float
    due: int
    away: float
    left: bool = True

    def measured(self) -> Measured:
        """Time to fail back, in seconds from the last heal."""
        if not self.due or not self.left:
            return Measured(None, "seconds", 0)
        if self.back is None:
            length = max(0.0, self.watched - self.healed)
            return Measured(length, "seconds", self.due, censored=True)
        return Measured(self.back - self.healed, "seconds", self.due)


def homes(evidence: Evidence, clients: Ints) -> Ints:
    """The region that each of ``clients`` prefers: all the same but for a mixed fleet."""
    run = evidence.run
    found = [run.regions.index(group.regions[0]) for group in run.scenario.clients.each()]
    whose = np.minimum(clients, len(found) - 1)
    of_each: Ints = np.array(found, dtype=np.int64)[whose]
    return of_each


def failback(evidence: Evidence, found: tuple[Effect, ...], baseline: float) -> Failback | None:
    """How the fleet went home after the last heal; None where a fault never healed."""
    last = last_heal(found)
    if last is None:
        return None
    due, window = evidence.operations["due"], sliding.width(evidence)
    at_home = evidence.operations["region"] == homes(evidence, evidence.operations["client"])
    count = int(((due >= last) & (due < evidence.until)).sum())
    watched = evidence.until - window
    starts = sliding.starts(last, watched, window)
    n = sliding.within(due, starts, window)
    at = sliding.flagged(due, at_home, starts, window)
    ok = sliding.flagged(due, evidence.good, starts, window)
    good = (at >= AT_HOME * n) & ~leaves(n, ok, baseline)
    back = sliding.held_from(starts, good, _inside(evidence, starts, baseline))
    away = 1.0 - float(at[-1] / n[-1]) if len(n) and n[-1] else 0.0
    return Failback(last, back, watched, count, away, left(evidence, found))


def _inside(evidence: Evidence, starts: Floats, baseline: float) -> Bools:
    """Whether all that was due from each start to the end, taken together, holds the objective."""
    due, rest = evidence.operations["due"], evidence.until - starts
    n = sliding.within(due, starts, rest)
    return ~leaves(n, sliding.flagged(due, evidence.good, starts, rest), baseline, sigmas=0.0)


def left(evidence: Evidence, found: tuple[Effect, ...]) -> bool:
    """Whether any attempt since the first effect of a fault went elsewhere than home."""
    attempts = evidence.attempts
    since = min((each.first for each in found if each.first is not None), default=0.0)
    elsewhere = attempts["region"] != homes(evidence, attempts["client"])
    return bool((elsewhere & (attempts["sent"] >= since)).any())
