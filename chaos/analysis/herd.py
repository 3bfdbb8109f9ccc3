"""Whether the clients came back as a herd: arrivals after a heal against those before the fault."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chaos.analysis import sliding
from chaos.analysis.effects import Effect
from chaos.analysis.evidence import Evidence
from chaos.analysis.findings import Measured, Watched
from chaos.scenario.vocabulary import HERD_WATCHED

BIN, FEWEST = 0.1, 10


@dataclass(frozen=True, slots=True)
class Herd:
    """The herd at one region after one heal: the fullest bin against the usual one.

    ``at`` is where the fullest bin begins and ``width`` how long a bin is, in seconds. ``watched``
    is how long after the heal arrivals were seen at all.
    """

    region: int
    index: float
    arrivals: int
    at: float
    width: float
    most: int
    usual: float
    watched: float

    @property
    def censored(self) -> bool:
        """Whether the watching ended, by more than a bin, before a herd could not come any more."""
        return self.watched + self.width < HERD_WATCHED


def herds(evidence: Evidence, found: Sequence[Effect], t0: float) -> tuple[Herd, ...]:
    """The herd after each heal of a region that a fault hit, worst first.

    A region that was not called before T0 has no usual to compare with.
    """
    healed = {
        (effect.region, effect.healed)
        for effect in found
        if effect.region is not None and effect.healed is not None and effect.first is not None
    }
    all_of_them = (_herd(evidence, region, at, t0) for region, at in sorted(healed))
    return tuple(sorted((each for each in all_of_them if each), key=lambda each: -each.index))


def measured(found: Sequence[Herd]) -> Measured:
    """The worst herd index; nothing where no region with a past was healed.

    A lower bound where one of the heals was not watched for long enough.
    """
    if not found:
        return Measured(None, "ratio", 0)
    cut = [each.watched for each in found if each.censored]
    worst = found[0]
    if not cut:
        return Measured(worst.index, "ratio", worst.arrivals)
    return Watched(worst.index, "ratio", worst.arrivals, censored=True, watched=min(cut))


def _herd(evidence: Evidence, region: int, healed: float, t0: float) -> Herd | None:
    sent = evidence.attempts["sent"][evidence.attempts["region"] == region]
    before = sent[sent < t0]
    ends = min(healed + HERD_WATCHED, evidence.until)
    if not len(before) or t0 <= 0 or ends <= healed:
        return None
    # Fewer arrivals a bin would read plain Poisson noise as a herd.
    width = max(BIN, FEWEST * t0 / len(before))
    if width > t0:
        return None
    usual = float(np.median(np.histogram(before, np.arange(0.0, t0 + 1e-9, width))[0]))
    edges = sliding.edges(healed, max(ends, healed + width), width)
    after = np.histogram(sent, edges)[0]
    if usual <= 0:
        return None
    most = int(np.argmax(after))
    return Herd(
        region=region,
        index=float(after[most] / usual),
        arrivals=int(after.sum()),
        at=float(edges[most]),
        width=float(width),
        most=int(after[most]),
        usual=usual,
        watched=ends - healed,
    )
