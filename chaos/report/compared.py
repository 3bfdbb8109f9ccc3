"""A comparison in words: what is claimed, in Markdown, in the terminal, as JSON."""

from collections.abc import Iterator, Sequence

import orjson
from rich.console import Console

from chaos.analysis.findings import Verdict
from chaos.report import markdown, numbers, palette, terminal
from chaos.report.compare import Comparison
from chaos.report.contrast import METHOD, loud, measures, objectives
from chaos.report.document import Document
from chaos.report.repetitions import FEWEST_FOR_TEST

_MOST_SEEDS, _MOST_NAMED = 8, 4
_STARTS: dict[Verdict, str] = {
    "passed": "No regression of B is shown",
    "failed": "B regressed",
    "inconclusive": "Whether B regressed cannot be said",
    "aborted": "B cannot be held against A",
}


def claim(found: Comparison) -> str:
    """What came of it, in one sentence."""
    rules = [row.rule for row in found.objectives if row.worse]
    worse = [row.name for row in found.measures if row.change == "worse"]
    better = [row.name for row in found.measures if row.change == "better"]
    said = []
    if found.gaps:
        told = _few(found.gaps)
        said.append(told if found.verdict != "failed" else f"not compared: {told}")
    if rules:
        said.append(f"no longer held: {_few(rules)}")
    if worse:
        said.append(f"worse: {_few(worse)}")
    if better:
        said.append(f"better: {_few(better)}")
    start = _STARTS[found.verdict]
    few = min(len(found.before), len(found.after)) < FEWEST_FOR_TEST
    tail = (
        f" {len(found.before)} and {len(found.after)} repetitions are too few to call a difference "
        f"of a measure; {FEWEST_FOR_TEST} a side are the least."
        if few
        else ""
    )
    unlike = f" {found.unlike}." if found.unlike else ""
    return f"{start}{': ' + '; '.join(said) if said else ''}.{unlike}{tail}"


def _few(names: Sequence[str]) -> str:
    """The first of many names and how many more there are: all of them stand in the tables."""
    rest = len(names) - _MOST_NAMED
    # One name takes no more room than the words for it.
    shown = names if rest <= 1 else names[:_MOST_NAMED]
    more = f" and {rest} more" if rest > 1 else ""
    return f"{', '.join(shown)}{more}"


def summary(found: Comparison) -> str:
    """The whole comparison in Markdown."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Comparison) -> Iterator[str]:
    yield f"## {palette.SIGNS[found.verdict]} {markdown.escape(claim(found))}"
    yield ""
    for letter, side in (("A", found.before), ("B", found.after)):
        yield f"- **{letter}**: {markdown.escape(_described(side))}"
    for difference in found.differences:
        yield f"- Not alike: {markdown.escape(difference)}"
    for gap in found.gaps:
        yield f"- Not compared: {markdown.escape(gap)}"
    for table in (objectives(found.objectives), measures(found.measures)):
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
    for gap in found.gaps:
        terminal.say(console, f"not compared: {gap}")
    terminal.grid(objectives(found.objectives), console)
    shown = tuple(filter(loud, found.measures))
    terminal.grid(measures(shown).without("n", "n B", "p"), console)
    terminal.say(console, METHOD, style="dim")
    rest = len(found.measures) - len(shown)
    terminal.say(console, f"{rest} further measures are alike, or were measured on one side only.")
    terminal.say(console, claim(found), style=terminal.STYLES[found.verdict])


def encoded(found: Comparison) -> bytes:
    """The comparison as JSON: what is rendered here, without the reports themselves."""
    told = {
        "verdict": found.verdict,
        "regressed": found.regressed,
        "claim": claim(found),
        "differences": found.differences,
        "gaps": found.gaps,
        "unlike": found.unlike,
        "objectives": found.objectives,
        "measures": found.measures,
        "runs": {
            "a": [one.identity.run_id for one in found.before],
            "b": [one.identity.run_id for one in found.after],
        },
    }
    return orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n"
