"""Holds two sides of reports against each other: did B get worse than A?

A side is one run or many repetitions of it. An objective that held in every repetition of A and
fails in any of B is a regression, however few the runs; where it failed in A as well, an exact test
decides. A measure is called worse only where enough repetitions show it: 98 % confidence by Mann
and Whitney's test and an effect of at least a quarter, as Kayenta judges canaries. Where both sides
were played with the same seeds, each run is held against its twin instead, by McNemar's test or by
Wilcoxon's signed ranks, which takes the luck of the seed out. What is missing to 100 % counts for
shares: from 99.9 % to 99.8 % is twice the loss. What could not be compared is never green. Which
differences are good or bad at all, :mod:`chaos.report.bearing` says.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

from pydantic import TypeAdapter, ValidationError

from chaos.analysis.findings import Measured, Verdict
from chaos.errors import ScenarioError
from chaos.report import bearing, held
from chaos.report.against import CONFIDENCE, EFFECT, Change, MeasureRow, ObjectiveRow, Side
from chaos.report.document import FORMAT, Document
from chaos.report.repetitions import (
    FEWEST_FOR_PAIRS,
    FEWEST_FOR_TEST,
    mann_whitney,
    median,
    median_interval,
    paired_shift,
    shift,
    signed_rank,
)
from chaos.scenario.objective import Unit

FINDINGS = "findings.json"
_DUST = 1e-12
# What nobody can tell from nothing: a millisecond, a hundredth of a ratio, one in 100 seconds.
_HARDLY: dict[Unit, float] = {"seconds": 0.001, "ratio": 0.01, "rate": 0.01}
_COMPARISON = re.compile(r"\s*[<>=]=?\s*")


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sides of reports. ``differences`` are what else is not alike and may explain a change.

    ``gaps`` are what B does not tell, or A not, so that nobody can say whether it got worse.
    ``unlike`` says that the sides are of different scenarios, empty where they are of the same.
    """

    before: tuple[Document, ...]
    after: tuple[Document, ...]
    objectives: tuple[ObjectiveRow, ...]
    measures: tuple[MeasureRow, ...]
    differences: tuple[str, ...]
    gaps: tuple[str, ...] = ()
    unlike: str = ""

    @property
    def regressed(self) -> bool:
        """Whether anything got worse."""
        return any(row.worse for row in self.objectives) or any(
            row.change == "worse" for row in self.measures
        )

    @property
    def verdict(self) -> Verdict:
        """Failed where B regressed, passed only where all could be compared; worst wins."""
        if any(told.verdict == "aborted" for told in self.after):
            return "aborted"
        if self.regressed:
            return "failed"
        return "inconclusive" if self.gaps else "passed"


def folders(before: Path, after: Path) -> Comparison:
    """Hold the reports in B's folder against those in A's.

    Raises ScenarioError where one of them holds none. A folder differs in nothing from itself: who
    compares it with itself meant another, and is not told that nothing got worse.
    """
    found = compare(load(before), load(after))
    if before.resolve() != after.resolve():
        return found
    return replace(found, gaps=("A and B are the same folder", *found.gaps))


def load(place: Path) -> tuple[Document, ...]:
    """The reports of a run's folder, or of all runs below a folder, in order of their seeds.

    Raises ScenarioError where there is none, or one of them is not a report.
    """
    paths = [place / FINDINGS] if (place / FINDINGS).is_file() else sorted(place.rglob(FINDINGS))
    if not paths:
        raise ScenarioError(
            f"{place} holds no report: no {FINDINGS} is in it or below it. "
            "`keychaos report FOLDER` makes one from a stored run."
        )
    return tuple(sorted(map(_read, paths), key=lambda told: told.identity.seed))


def _read(path: Path) -> Document:
    try:
        told = TypeAdapter(Document).validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        first = str(error).splitlines()[0]
        raise ScenarioError(f"{path} is not a report's findings: {first}.") from error
    if told.format != FORMAT:
        raise ScenarioError(f"{path} is of another format than this version reads.")
    return told


def compare(before: tuple[Document, ...], after: tuple[Document, ...]) -> Comparison:
    """Hold B's reports against A's."""
    rules = dict.fromkeys(one.rule for told in (*before, *after) for one in told.objectives)
    names = dict.fromkeys(name for told in (*before, *after) for name in told.measures)
    named = {_COMPARISON.split(rule)[0] for rule in rules}
    kept = [name for name in names if "(" not in name or name in named]
    objectives = tuple(held.objective(rule, before, after) for rule in rules)
    bounded = bearing.bounded((*before, *after))
    judged = [name for name in kept if bearing.judged(name, bounded)]
    rows = [_measure(name, before, after, judged=name in judged) for name in kept]
    return Comparison(
        before=before,
        after=after,
        objectives=objectives,
        measures=bearing.weighed(rows),
        differences=tuple(_differences(before, after)),
        # Nothing can get worse by what is neither good nor bad.
        gaps=tuple(held.gaps(objectives, judged, before, after)),
        unlike=_unlike(before, after),
    )


def _unlike(before: tuple[Document, ...], after: tuple[Document, ...]) -> str:
    one, other = (sorted({told.identity.scenario for told in side}) for side in (before, after))
    if one == other:
        return ""
    return f"They are of different scenarios, {', '.join(one)} and {', '.join(other)}"


def _measure(
    name: str, before: tuple[Document, ...], after: tuple[Document, ...], *, judged: bool
) -> MeasureRow:
    found = [told.measures[name] for told in (*before, *after) if name in told.measures]
    unit = found[0].unit
    one, other = (_side([told.measures.get(name) for told in side]) for side in (before, after))
    if one.median is None or other.median is None:
        return MeasureRow(name, unit, one, other, None, None, "one side only",
                          judged=judged)  # fmt: skip
    pairs = _pairs(name, before, after)
    moved = paired_shift(pairs) if pairs else shift(one.values, other.values)
    better = bearing.term(name).better if judged else "lower"
    effect = _effect(better, unit, one.values, moved)
    if min(len(one.values), len(other.values)) < FEWEST_FOR_TEST:
        return MeasureRow(name, unit, one, other, effect, None, "too few repetitions",
                          judged=judged)  # fmt: skip
    p = signed_rank(pairs) if pairs else mann_whitney(one.values, other.values)
    change: Change = "no difference shown"
    if p < 1 - CONFIDENCE and abs(effect) >= EFFECT:
        change = ("worse" if effect > 0 else "better") if judged else "changed"
    return MeasureRow(name, unit, one, other, effect, p, change, len(pairs), judged)


def _pairs(
    name: str, before: tuple[Document, ...], after: tuple[Document, ...]
) -> tuple[tuple[float, float], ...]:
    """Each seed's value on both sides; nothing where the sides do not share enough seeds."""
    one, other = (_by_seed(name, side) for side in (before, after))
    if one.keys() != other.keys() or len(one) < FEWEST_FOR_PAIRS:
        return ()
    if len(before) != len(one) or len(after) != len(other):
        return ()
    return tuple((one[seed], other[seed]) for seed in sorted(one))


def _by_seed(name: str, side: tuple[Document, ...]) -> dict[int, float]:
    found = ((told.identity.seed, told.measures.get(name)) for told in side)
    return {seed: _number(one) for seed, one in found if one is not None and one.value is not None}


def _number(one: Measured) -> float:
    return math.inf if one.censored else float(one.value or 0.0)


def _side(found: list[Measured | None]) -> Side:
    known = [one for one in found if one is not None and one.value is not None]
    values = tuple(map(_number, known))
    middle = median(values) if values else None
    return Side(values, middle, median_interval(values), sum(one.censored for one in known))


def _effect(better: str, unit: Unit, before: Sequence[float], moved: float) -> float:
    """B's shift against A's median, positive where it is worse.

    A median of nothing is no yardstick: then it is the mean, and never less than what cannot be
    told from nothing. Where A is nothing in every run, and shares or counts cannot be smaller than
    they are, any shift from there is infinite.
    """
    moved = moved if better == "lower" else -moved
    middle = median(before)
    # Neither a median nor a difference is known closer than this: the rest is floating point.
    if abs(moved) <= _DUST * max(1.0, abs(middle) if middle < math.inf else 1):
        return 0.0
    missing = unit == "share" and better == "higher"
    sizes = [abs(1.0 - each) if missing else abs(each) for each in before]
    base = median(sizes)
    if base <= _DUST:
        base = fmean(size for size in sizes if size < math.inf)
    base = max(base, _HARDLY.get(unit, 0.0))
    return moved / base if base > _DUST and math.isfinite(base) else math.copysign(math.inf, moved)


def _differences(before: tuple[Document, ...], after: tuple[Document, ...]) -> list[str]:
    """What besides the numbers is not alike on the two sides."""
    parts: dict[str, Callable[[Document], str]] = {
        "scenario": lambda told: told.identity.scenario,
        "scenario file": lambda told: told.scenario.sha256[:12],
        "overrides": lambda told: " ".join(told.scenario.overrides) or "none",
        "world": lambda told: told.identity.world,
        "policy": lambda told: told.identity.policy,
        "tool": lambda told: told.identity.tool,
    }
    found = []
    for name, part in parts.items():
        sides = [sorted({part(told) for told in side}) for side in (before, after)]
        if sides[0] != sides[1]:
            found.append(f"{name}: {', '.join(sides[0])} against {', '.join(sides[1])}")
    return found
