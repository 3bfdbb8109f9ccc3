"""Holds two sides of reports against each other: did B get worse than A?

A side is one run or many repetitions of it. An objective that held and no longer does is a
regression however few the runs; a measure is called worse only where enough repetitions show it:
98 % confidence by Mann and Whitney's test and an effect of at least a quarter, as Kayenta judges
canaries. What is missing to 100 % counts for shares: from 99.9 % to 99.8 % is twice the loss.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from chaos.analysis.findings import Measured
from chaos.errors import ScenarioError
from chaos.report.document import FORMAT, Document
from chaos.report.repetitions import (
    FEWEST_FOR_TEST,
    mann_whitney,
    median,
    median_interval,
    shift,
    wilson,
)
from chaos.scenario.objective import Unit
from chaos.scenario.vocabulary import VOCABULARY

FINDINGS = "findings.json"
CONFIDENCE, EFFECT = 0.98, 0.25
_COMPARISON = re.compile(r"\s*[<>=]=?\s*")
Change = Literal["worse", "better", "no difference shown", "too few repetitions", "one side only"]


@dataclass(frozen=True, slots=True)
class Side:
    """One measure on one side: every repetition's value, a censored one as infinity."""

    values: tuple[float, ...]
    median: float | None
    interval: tuple[float, float] | None
    censored: int


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """One measure on both sides. ``effect`` is relative, positive where B is worse."""

    name: str
    unit: Unit
    before: Side
    after: Side
    effect: float | None
    p: float | None
    change: Change


@dataclass(frozen=True, slots=True)
class ObjectiveRow:
    """One objective: how many repetitions of each side it held in, with Wilson's interval."""

    rule: str
    before: tuple[int, int]
    after: tuple[int, int]
    before_interval: tuple[float, float]
    after_interval: tuple[float, float]
    worse: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sides of reports. ``differences`` are what else is not alike and may explain a change."""

    before: tuple[Document, ...]
    after: tuple[Document, ...]
    objectives: tuple[ObjectiveRow, ...]
    measures: tuple[MeasureRow, ...]
    differences: tuple[str, ...]

    @property
    def regressed(self) -> bool:
        """Whether anything got worse."""
        return any(row.worse for row in self.objectives) or any(
            row.change == "worse" for row in self.measures
        )


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
    return Comparison(
        before=before,
        after=after,
        objectives=tuple(_objective(rule, before, after) for rule in rules),
        measures=tuple(_measure(name, before, after) for name in kept),
        differences=tuple(_differences(before, after)),
    )


def _objective(
    rule: str, before: tuple[Document, ...], after: tuple[Document, ...]
) -> ObjectiveRow:
    sides = []
    for side in (before, after):
        verdicts = [o.verdict for told in side for o in told.objectives if o.rule == rule]
        sides.append((sum(verdict == "passed" for verdict in verdicts), len(verdicts)))
    (held, n), (still, m) = sides
    worse = bool(n and m) and still / m < held / n
    if min(n, m) >= FEWEST_FOR_TEST:
        # With many repetitions a single bad one proves nothing: the intervals must part.
        worse = worse and wilson(still, m)[1] < wilson(held, n)[0]
    return ObjectiveRow(rule, (held, n), (still, m), wilson(held, n), wilson(still, m), worse)


def _measure(name: str, before: tuple[Document, ...], after: tuple[Document, ...]) -> MeasureRow:
    found = [told.measures[name] for told in (*before, *after) if name in told.measures]
    unit = found[0].unit
    one, other = (_side([told.measures.get(name) for told in side]) for side in (before, after))
    if one.median is None or other.median is None:
        return MeasureRow(name, unit, one, other, None, None, "one side only")
    effect = _effect(name, unit, one, other)
    if min(len(one.values), len(other.values)) < FEWEST_FOR_TEST:
        return MeasureRow(name, unit, one, other, effect, None, "too few repetitions")
    p = mann_whitney(one.values, other.values)
    change: Change = "no difference shown"
    if p < 1 - CONFIDENCE and abs(effect) >= EFFECT:
        change = "worse" if effect > 0 else "better"
    return MeasureRow(name, unit, one, other, effect, p, change)


def _side(found: list[Measured | None]) -> Side:
    known = [one for one in found if one is not None and one.value is not None]
    values = tuple(math.inf if one.censored else float(one.value or 0.0) for one in known)
    middle = median(values) if values else None
    return Side(values, middle, median_interval(values), sum(one.censored for one in known))


def _effect(name: str, unit: Unit, one: Side, other: Side) -> float:
    """B's shift against A's median, positive where it is worse; infinite from a zero."""
    assert one.median is not None
    better = VOCABULARY[name.split("(", maxsplit=1)[0].split(".", maxsplit=1)[0]].better
    moved = shift(one.values, other.values)
    moved = moved if better == "lower" else -moved
    base = abs(1.0 - one.median) if unit == "share" and better == "higher" else abs(one.median)
    if moved == 0 or math.isnan(moved):
        return 0.0
    return moved / base if base and math.isfinite(base) else math.copysign(math.inf, moved)


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
