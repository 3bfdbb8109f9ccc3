"""A comparison in words: its tables, in Markdown and in the terminal."""

import math
from collections.abc import Iterator
from dataclasses import replace

import orjson
from rich.console import Console

from chaos.report import markdown, numbers, terminal
from chaos.report.cells import Cell, Table, code, words
from chaos.report.compare import CONFIDENCE, EFFECT, Comparison, MeasureRow, ObjectiveRow, Side
from chaos.report.document import Document
from chaos.report.repetitions import FEWEST_FOR_TEST
from chaos.scenario.objective import Unit

_MOST_SEEDS = 8
_MANY = 3.0
_RULE = (
    f"A measure is worse or better only at {CONFIDENCE:.0%} confidence (Mann and Whitney) and with "
    f"an effect of at least {EFFECT:.0%}, over at least {FEWEST_FOR_TEST} repetitions a side; an "
    "objective that held and no longer does is a regression with any number."
)


def claim(found: Comparison) -> str:
    """What came of it, in one sentence."""
    rules = [row.rule for row in found.objectives if row.worse]
    worse = [row.name for row in found.measures if row.change == "worse"]
    better = [row.name for row in found.measures if row.change == "better"]
    said = []
    if rules:
        said.append(f"no longer held: {', '.join(rules)}")
    if worse:
        said.append(f"worse: {', '.join(worse)}")
    if better:
        said.append(f"better: {', '.join(better)}")
    start = "B regressed" if found.regressed else "No regression of B is shown"
    few = min(len(found.before), len(found.after)) < FEWEST_FOR_TEST
    tail = (
        f" {len(found.before)} and {len(found.after)} repetitions are too few to call a difference "
        f"of a measure; {FEWEST_FOR_TEST} a side are the least."
        if few
        else ""
    )
    return f"{start}{': ' + '; '.join(said) if said else ''}.{tail}"


def objectives(found: Comparison) -> Table:
    """Every objective, and in how many repetitions it held."""
    return Table(
        "objectives", "Objectives", "How many repetitions it held in, with Wilson's 95 % interval.",
        ("Rule", "A held", "B held", "Change"),
        tuple(_objective(row) for row in found.objectives),
        "Neither side states an objective.",
    )  # fmt: skip


def _objective(row: ObjectiveRow) -> tuple[Cell, ...]:
    change = "no regression shown" if row.before[1] and row.after[1] else "one side only"
    return (
        code(row.rule),
        _held(row.before, row.before_interval),
        _held(row.after, row.after_interval),
        Cell("worse", "worse", verdict="failed") if row.worse else words(change),
    )


def _held(times: tuple[int, int], interval: tuple[float, float]) -> Cell:
    held, n = times
    if not n:
        return Cell("not stated", -1.0)
    spread = f" ({numbers.share(interval[0])} to {numbers.share(interval[1])})" if n > 1 else ""
    return Cell(f"{held} of {n}{spread}", held / n)


def measures(found: Comparison) -> Table:
    """Every measure on both sides."""
    return Table(
        "measures", "Measures", f"Medians over repetitions, with exact 95 % intervals. {_RULE}",
        ("Measure", "A", "n", "B", "n B", "Effect", "p", "Change"),
        tuple(_measure(row) for row in found.measures),
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
        Cell("\N{EM DASH}", 2.0) if row.p is None else Cell(numbers.significant(row.p, 2), row.p),
        Cell(row.change.removesuffix(" repetitions"), row.change, verdict=signs.get(row.change)),  # type: ignore[arg-type] # two verdicts
    )


def _median(side: Side, unit: Unit) -> Cell:
    if side.median is None:
        return Cell(numbers.NOTHING, -1.0)
    told = _value(side.median, unit)
    if side.interval:
        told += f" ({_value(side.interval[0], unit)} to {_value(side.interval[1], unit)})"
    return Cell(told, side.median)


def _value(number: float, unit: Unit) -> str:
    return "not reached" if math.isinf(number) else numbers.value(number, unit)


def _effect(row: MeasureRow) -> str:
    if row.effect is None or row.effect == 0:
        return "none" if row.effect == 0 else ""
    if math.isinf(row.after.median or 0.0):
        return "not reached any more"
    word = "worse" if row.effect > 0 else "better"
    if math.isinf(row.effect):
        return f"{word}, from {_value(row.before.median or 0.0, row.unit)}"
    if row.effect > _MANY:
        return f"{numbers.ratio(1 + row.effect)}, {word}"
    return f"{numbers.significant(abs(row.effect) * 100, 2)}{numbers.NBSP}% {word}"


def loud(row: MeasureRow) -> bool:
    """Whether a row is worth a line where there is little room."""
    if row.change == "too few repetitions":
        return abs(row.effect or 0.0) >= EFFECT
    return row.change in {"worse", "better"}


def summary(found: Comparison) -> str:
    """The whole comparison in Markdown."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Comparison) -> Iterator[str]:
    sign = "\N{BALLOT X}" if found.regressed else "\N{CHECK MARK}"
    yield f"## {sign} {markdown.escape(claim(found))}"
    yield ""
    for letter, side in (("A", found.before), ("B", found.after)):
        yield f"- **{letter}**: {markdown.escape(_described(side))}"
    for difference in found.differences:
        yield f"- Not alike: {markdown.escape(difference)}"
    for table in (objectives(found), measures(found)):
        yield from ("", f"### {table.title}", "", markdown.escape(table.about), "")
        yield from markdown.table(table)


def _described(side: tuple[Document, ...]) -> str:
    seeds = ", ".join(str(told.identity.seed) for told in side[:_MOST_SEEDS])
    more = ", \N{HORIZONTAL ELLIPSIS}" if len(side) > _MOST_SEEDS else ""
    first = side[0].identity
    runs = "1 run" if len(side) == 1 else f"{numbers.count(len(side))} runs"
    return f"{runs} of {first.scenario}, {first.world} world, {first.policy}, seed {seeds}{more}"


def show(found: Comparison, console: Console) -> None:
    """Say it in the terminal."""
    for letter, side in (("A", found.before), ("B", found.after)):
        terminal.say(console, f"{letter}: {_described(side)}")
    for difference in found.differences:
        terminal.say(console, f"not alike: {difference}")
    terminal.grid(objectives(found), console)
    shown = tuple(filter(loud, found.measures))
    terminal.grid(measures(replace(found, measures=shown)).without("n", "n B", "p"), console)
    rest = len(found.measures) - len(shown)
    terminal.say(console, f"{rest} further measures are alike, or were measured on one side only.")
    terminal.say(console, claim(found), style="bold red" if found.regressed else "bold green")


def encoded(found: Comparison) -> bytes:
    """The comparison as JSON: what is rendered here, without the reports themselves."""
    told = {
        "regressed": found.regressed,
        "claim": claim(found),
        "differences": found.differences,
        "objectives": found.objectives,
        "measures": found.measures,
        "runs": {
            "a": [one.identity.run_id for one in found.before],
            "b": [one.identity.run_id for one in found.after],
        },
    }
    return orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n"
