"""The tables of a comparison: each objective and each measure on both sides, written out."""

import math
from collections.abc import Iterable
from dataclasses import replace

from chaos.report import numbers
from chaos.report.against import CONFIDENCE, EFFECT, Against, MeasureRow, ObjectiveRow, Side
from chaos.report.cells import Cell, Table, code, words
from chaos.report.repetitions import FEWEST_FOR_PAIRS, FEWEST_FOR_TEST
from chaos.scenario.objective import Unit

_MANY = 3.0
_LEAST, _RAREST = 0.1, 0.001
_RULE = (
    f"A measure is worse or better only at {CONFIDENCE:.0%} confidence and with an effect of at "
    f"least {EFFECT:.0%}, over at least {FEWEST_FOR_TEST} repetitions a side, by Mann and "
    f"Whitney's test, or by Wilcoxon's of {FEWEST_FOR_PAIRS} pairs or more where both sides were "
    "played with the same seeds. What is neither good nor bad by itself, such as more switches "
    "between regions, and what better service costs, such as a longer response time, has changed."
)
# For where there is no room for both of the texts here.
METHOD = (
    "Intervals are at 95 %: exact order statistics of medians, Wilson's of how often a rule held. "
    f"Worse, better and changed are at {CONFIDENCE:.0%} confidence and an effect of at least "
    f"{EFFECT:.0%}: Mann-Whitney, or Wilcoxon's signed ranks for pairs of the same seeds."
)
_HELD = (
    "How many repetitions it held in, with Wilson's 95 % interval. An objective that held in all "
    "repetitions of A and fails in one of B is a regression with any number; one that failed in A "
    f"as well only at {CONFIDENCE:.0%} confidence, by McNemar's exact test where both sides were "
    "played with the same seeds, else by Fisher's."
)


def objectives(rows: Iterable[ObjectiveRow]) -> Table:
    """Every objective, and in how many repetitions it held."""
    return Table(
        "objectives", "Objectives", _HELD,
        ("Rule", "A held", "B held", "Change"),
        tuple(_objective(row) for row in rows),
        "Neither side states an objective.",
    )  # fmt: skip


def _objective(row: ObjectiveRow) -> tuple[Cell, ...]:
    change = "no regression shown" if row.before[1] and row.after[1] else "one side only"
    return (
        code(row.rule),
        _held(row.before, row.before_interval, row.undecided[0]),
        _held(row.after, row.after_interval, row.undecided[1]),
        Cell("worse", "worse", verdict="failed") if row.worse else words(change),
    )


def _held(times: tuple[int, int], interval: tuple[float, float], undecided: int) -> Cell:
    held, n = times
    if not n:
        return Cell("not decided" if undecided else "not stated", -1.0)
    spread = f" ({numbers.share(interval[0])} to {numbers.share(interval[1])})" if n > 1 else ""
    rest = f", {undecided} not decided" if undecided else ""
    return Cell(f"{held} of {n}{spread}{rest}", held / n)


def baseline(against: Against | None) -> tuple[Table, ...]:
    """What a report says of its baseline, A, and its own run, B: only measures that stand out."""
    if against is None:
        return ()
    shown = tuple(filter(loud, against.measures))
    moved = measures(shown).without("n B")
    return (
        replace(objectives(against.objectives), name="baseline-objectives"),
        replace(moved, name="baseline-measures"),
    )


def measures(rows: Iterable[MeasureRow]) -> Table:
    """Every measure on both sides."""
    return Table(
        "measures", "Measures", f"Medians over repetitions, with exact 95 % intervals. {_RULE}",
        ("Measure", "A", "n", "B", "n B", "Effect", "p", "Change"),
        tuple(_measure(row) for row in rows),
        "No measure differs by a quarter or more.",
    )  # fmt: skip


def _measure(row: MeasureRow) -> tuple[Cell, ...]:
    signs = {"worse": "failed", "better": "passed"}
    return (
        code(row.name),
        _median(row.before, row.unit),
        Cell(str(len(row.before.values)), float(len(row.before.values))),
        _median(row.after, row.unit),
        Cell(str(len(row.after.values)), float(len(row.after.values))),
        words(_effect(row)),
        Cell("\N{EM DASH}", 2.0) if row.p is None else Cell(_chance(row.p), row.p),
        Cell(row.change.removesuffix(" repetitions"), row.change, verdict=signs.get(row.change)),  # type: ignore[arg-type] # two verdicts
    )


def _median(side: Side, unit: Unit) -> Cell:
    if side.median is None:
        return Cell(numbers.NOTHING, -1.0)
    told = _value(side.median, unit)
    if side.interval and not all(map(math.isinf, side.interval)):
        told += f" ({_value(side.interval[0], unit)} to {_value(side.interval[1], unit)})"
    return Cell(told, side.median)


def _value(number: float, unit: Unit) -> str:
    return "not reached" if math.isinf(number) else numbers.value(number, unit)


def _effect(row: MeasureRow) -> str:
    if row.effect is None or row.effect == 0:
        return "none" if row.effect == 0 else ""
    if math.isinf(row.after.median or 0.0):
        return "not reached any more"
    words = ("worse", "better") if row.judged else ("higher", "lower")
    word = words[row.effect < 0]
    if math.isinf(row.effect) or not row.before.median:
        return f"{word}, from {_value(row.before.median or 0.0, row.unit)}"
    if row.effect > _MANY:
        return f"{numbers.ratio(1 + row.effect)}, {word}"
    size = abs(row.effect) * 100
    told = numbers.significant(size, 2) if size >= _LEAST else f"under {_LEAST}"
    return f"{told}{numbers.NBSP}% {word}"


def _chance(p: float) -> str:
    return numbers.significant(p, 2) if p >= _RAREST else f"< {_RAREST}"


def loud(row: MeasureRow) -> bool:
    """Whether a row is worth a line where there is little room."""
    if row.change == "too few repetitions":
        return abs(row.effect or 0.0) >= EFFECT
    return row.change in {"worse", "better", "changed"}
