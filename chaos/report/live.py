"""The live display of a run under way: phase, rates per region, failures, and marks as they come.

On a terminal it repaints in place; elsewhere it says a line when something happens and is quiet.
"""

from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from chaos.run.tail import Snapshot
from chaos.scenario.model import Scenario

COLOURS = {"steady": "green", "fault": "magenta", "recovery": "cyan"}
MARKS_SHOWN = 4


class LiveView:
    """Shows snapshots while it is entered as a context."""

    def __init__(self, scenario: Scenario, console: Console) -> None:
        self._scenario = scenario
        self._console = console
        self._live = Live(console=console, transient=True, auto_refresh=False)
        self._said = 0

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def show(self, snapshot: Snapshot) -> None:
        """Show one look at the run."""
        if self._console.is_terminal:
            self._live.update(self._picture(snapshot), refresh=True)
        else:
            for at, mark in snapshot.marks[self._said :]:
                self._console.print(f"{at:6.1f} s  {mark}", highlight=False)
            self._said = len(snapshot.marks)

    def _picture(self, look: Snapshot) -> Group:
        at = min(max(look.at, 0.0), self._scenario.lasts)
        head = Table.grid(padding=(0, 2))
        head.add_row(
            Text(f"{look.phase:8}", style=f"bold {COLOURS[look.phase]}"),
            ProgressBar(total=self._scenario.lasts, completed=at, width=36),
            Text(f"{at:5.1f} of {self._scenario.lasts:g} s"),
        )
        rates = Table(box=None, padding=(0, 2), header_style="dim")
        for title in ("region", "operations/s", "attempts/s", "failing/s"):
            rates.add_column(title, justify="left" if title == "region" else "right")
        for region in self._scenario.regions:
            failing = look.failing[region.name]
            rates.add_row(
                region.name,
                f"{look.operations[region.name]:.0f}",
                f"{look.attempts[region.name]:.0f}",
                Text(f"{failing:.0f}", style="bold red" if failing else "dim"),
            )
        lost = look.failed + look.unknown
        total = Text(f"{look.ended:,} operations ended, ")
        total.append(f"{look.failed:,} failed", style="bold red" if look.failed else "")
        total.append(f", {look.unknown:,} unknown", style="bold red" if look.unknown else "")
        if not lost:
            total.append(" · all answered", style="green")
        marks = [Text(f"{at:6.1f} s  {mark}") for at, mark in look.marks[-MARKS_SHOWN:]]
        return Group(head, rates, total, *marks)
