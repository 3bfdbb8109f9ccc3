"""What came of holding runs B against runs A, as values: the rows of a comparison.

They stand in a report's own findings where it was played against a baseline.
"""

from dataclasses import dataclass
from typing import Literal

from chaos.analysis.findings import Verdict
from chaos.scenario.objective import Unit

# As Kayenta judges canaries.
CONFIDENCE, EFFECT = 0.98, 0.25
Change = Literal[
    "worse", "better", "changed", "no difference shown", "too few repetitions", "one side only"
]


@dataclass(frozen=True, slots=True)
class Side:
    """One measure on one side: every repetition's value, a censored one as infinity."""

    values: tuple[float, ...]
    median: float | None
    interval: tuple[float, float] | None
    censored: int


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """One measure on both sides. ``effect`` is relative, positive where B is worse.

    ``judged`` says whether a difference of it is good or bad here; where it is neither, ``effect``
    is positive where B is higher, and all that a row can be is changed.
    ``pairs`` counts the seeds that both sides were played with, where those were compared with each
    other; 0 where the sides were compared as wholes.
    """

    name: str
    unit: Unit
    before: Side
    after: Side
    effect: float | None
    p: float | None
    change: Change
    pairs: int = 0
    judged: bool = True


@dataclass(frozen=True, slots=True)
class ObjectiveRow:
    """One objective: in how many repetitions of each side it held, of those that decided it.

    The intervals are Wilson's and for the eye; ``p`` is of the test that decided where it failed on
    both sides, None where none was needed. ``undecided`` are the repetitions that could not say.
    """

    rule: str
    before: tuple[int, int]
    after: tuple[int, int]
    before_interval: tuple[float, float]
    after_interval: tuple[float, float]
    worse: bool
    p: float | None = None
    undecided: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Against:
    """A run held against a baseline: the claim in words, the rows, and what else is not alike.

    ``baseline`` are the run ids that it was held against, ``gaps`` what could not be compared;
    ``verdict`` is failed where it regressed, and passed only where there is no gap either.
    """

    regressed: bool
    claim: str
    baseline: tuple[str, ...]
    differences: tuple[str, ...]
    objectives: tuple[ObjectiveRow, ...]
    measures: tuple[MeasureRow, ...]
    verdict: Verdict = "passed"
    gaps: tuple[str, ...] = ()
