"""The terminal: the plan before a run, the verdict after it; ASCII where nothing else is read.

Everything fits 80 columns. Verdicts are words and signs as well as colours.
"""

from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from chaos.analysis.findings import Analysis, Finding, Verdict
from chaos.report import contrast, numbers, palette, wording
from chaos.report.against import Against
from chaos.report.agreement import Verified
from chaos.report.cells import Cell
from chaos.report.cells import Table as Cells
from chaos.report.sparklines import signals
from chaos.report.tiles import tally
from chaos.run.record import Run
from chaos.scenario.model import Scenario

STYLES: dict[Verdict, str] = {
    "passed": "bold green",
    "failed": "bold red",
    "inconclusive": "bold yellow",
    "aborted": "bold magenta",
}
_WIDTH = 80
_ENDLESS = 10_000


def plan(scenario: Scenario, world: str, client: str, console: Console) -> None:
    """Say what is about to be played: regions, clients, load, faults, objectives, seed."""
    say(console, f"{scenario.name}: {scenario.teaches}", style="bold")
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    load = scenario.load
    mix = ", ".join(f"{numbers.share(part)} {kind}" for kind, part in load.mix)
    order = " then ".join(scenario.clients.regions)
    regions = ", ".join(
        f"{region.name} ({numbers.seconds(region.latency)})" for region in scenario.regions
    )
    rows = [
        ("world", f"{world}, seed {scenario.seed}, {numbers.seconds(scenario.lasts)}"),
        ("regions", regions),
        ("clients", f"{numbers.count(scenario.clients.count)}, policy {client}, {order}"),
        ("load", f"{numbers.rate(load.rate)} {load.arrivals}, open loop ({mix})"),
    ]  # fmt: skip
    rows[3:3] = [
        ("group", f"{each.name}: {each.count}, policy {each.policy or client}")
        for each in scenario.clients.groups
    ]
    rows += [("fault", wording.fault(fault)) for fault in scenario.faults]
    rows += [("objective", objective.text) for objective in scenario.objectives]
    said = ""
    for name, words in rows:
        table.add_row("" if name == said else name, Text(fit(console, words)))
        said = name
    console.print(table)


def verdict(run: Run, analysis: Analysis, folder: Path, console: Console) -> None:
    """Say how it ended: signals, objectives, why what did not pass, where the report is, replay."""
    console.print()
    for line in signals(run, analysis, width=_width(console) - 30, plain=_ascii(console)):
        say(console, line)
    console.print()
    console.print(_objectives(run, analysis, console))
    _reasons(run, analysis, console)
    sign = palette.SIGNS[analysis.verdict]
    told = f"{sign} {analysis.verdict.upper()}" + (
        "" if analysis.verdict == "aborted" else f"  {tally(analysis)}"
    )
    console.print()
    say(console, told, style=STYLES[analysis.verdict])
    say(console, analysis.headline)
    # Never wrapped: a path or command that is broken over two lines cannot be copied.
    console.print(f"report  {escape(fit(console, str(folder / 'report.html')))}", soft_wrap=True)
    console.print(f"replay  {escape(fit(console, run.command))}", soft_wrap=True)


def compared(against: Against, console: Console) -> None:
    """Say how the run stands against its baseline: what stands out, and the claim."""
    console.print()
    shown = contrast.baseline(against)
    for table in shown:
        if table.rows:
            grid(table.without("n", "p"), console)
    say(console, f"against the baseline: {against.claim}", style=STYLES[against.verdict])


def verified(found: Verified, folder: Path, console: Console) -> None:
    """Say what was checked and every problem."""
    for problem in found.problems:
        line = Text.assemble((fit(console, f"{problem.where}: "), "bold red"),
                             fit(console, problem.told))  # fmt: skip
        console.print(line, width=_width(console))
    checked = (
        f"{numbers.count(found.files)} files, {numbers.count(found.records)} records and "
        f"{numbers.count(found.numbers)} values of {folder} were checked"
    )
    count = len(found.problems)
    told = f"{count} {'problem' if count == 1 else 'problems'}" if count else "all agree"
    say(console, f"{checked}: {told}.", style="bold red" if count else "bold green")


@dataclass(frozen=True, slots=True)
class _Row:
    """One objective as the terminal shows it: its rule, what was measured of it, how it stands."""

    rule: str
    cells: dict[str, str]
    sign: Text


def _objectives(run: Run, analysis: Analysis, console: Console) -> Table:
    """Every objective with its verdict; where that is too wide, less of the rest, then stacked."""
    rows = [_row(run, analysis, each, console) for each in analysis.findings]
    # Measured on an endless line: on its own a console takes anything to fit.
    endless = console.options.update_width(_ENDLESS)
    for names in (("value", "margin", "n"), ("value",)):
        table = _beside(rows, _longest_word(analysis), console, names)
        if console.measure(table, options=endless).minimum <= console.width:
            return table
    stacked = Table.grid()
    stacked.add_column(overflow="fold")
    for row in rows:
        stacked.add_row(Text(row.rule))
        stacked.add_row(Text.assemble("  ", row.sign, f": {row.cells['value']}"))
    return stacked


def _beside(rows: list[_Row], longest: int, console: Console, names: tuple[str, ...]) -> Table:
    """A row for each objective: what was measured of it, by ``names``, and its verdict."""
    table = _frame(console)
    table.add_column("objective", overflow="fold", min_width=longest)
    for name in names:
        widest = max((len(row.cells[name]) for row in rows), default=0)
        # A number that is cut is another number.
        table.add_column(name, justify="right", no_wrap=True, min_width=widest)
    widest = max((len(row.sign) for row in rows), default=0)
    table.add_column("verdict", no_wrap=True, min_width=widest)
    for row in rows:
        table.add_row(Text(row.rule), *(Text(row.cells[name]) for name in names), row.sign)
    return table


def _row(run: Run, analysis: Analysis, finding: Finding, console: Console) -> _Row:
    stands, words = wording.standing(run, analysis, finding)
    cells = {
        "value": numbers.brief(finding.measured, finding.objective.limit),
        "margin": numbers.margin(finding.margin),
        "n": numbers.count(finding.measured.n),
    }
    return _Row(
        fit(console, finding.objective.text),
        {name: fit(console, text) for name, text in cells.items()},
        Text(fit(console, f"{palette.SIGNS[stands]} {words}"), style=STYLES[stands]),
    )


def _longest_word(analysis: Analysis) -> int:
    """What no line break may fall into: a measure's name with its first words."""
    words = (word for each in analysis.findings for word in each.objective.text.split())
    return min(max(map(len, words), default=0), _WIDTH // 3)


def grid(shown: Cells, console: Console) -> None:
    """Any of the report's tables."""
    if not shown.rows:
        say(console, shown.empty)
        return
    table = _frame(console)
    for name, cell in zip(shown.columns, shown.rows[0], strict=True):
        table.add_column(name.lower(), justify="right" if cell.numeric else "left", overflow="fold")
    for row in shown.rows:
        table.add_row(*(_cell(cell, console) for cell in row))
    console.print(table, width=_width(console))


def _cell(cell: Cell, console: Console) -> Text:
    style = STYLES[cell.verdict] if cell.verdict else ""
    return Text(fit(console, cell.text), style=style)


def _frame(console: Console) -> Table:
    shape = box.ASCII2 if _ascii(console) else box.SIMPLE_HEAD
    return Table(box=shape, pad_edge=False, padding=(0, 1))


def _reasons(run: Run, analysis: Analysis, console: Console) -> None:
    for trouble in wording.troubles(run, analysis):
        rule, sign, why = trouble.partition(": ")
        line = Text.assemble((fit(console, rule + sign), "bold"), fit(console, why))
        console.print(line, width=_width(console))
    for what in wording.todo(analysis) if analysis.verdict != "passed" else ():
        say(console, f"to do: {what}")


def say(console: Console, words: str, style: str = "") -> None:
    """A paragraph in words that the terminal can show."""
    console.print(Text(fit(console, words), style=style), width=_width(console))


def _width(console: Console) -> int:
    return console.width if console.is_terminal else min(_WIDTH, console.width)


def _ascii(console: Console) -> bool:
    return not console.encoding.lower().startswith("utf")


def fit(console: Console, words: str) -> str:
    """The words, in ASCII where the terminal speaks nothing else."""
    return numbers.ascii_only(words) if _ascii(console) else words
