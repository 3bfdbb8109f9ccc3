"""A scenario played inside a test: what came of it, and the words for a test that fails."""

import asyncio
import io
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from chaos.analysis import analyse
from chaos.analysis.findings import Analysis, Finding, Measured
from chaos.playing import Wish, record, simulated
from chaos.report import numbers, terminal, write
from chaos.run import stored
from chaos.run.ending import Ending
from chaos.run.record import Run
from chaos.run.stage import Order, SocketsRun
from chaos.scenario import Scenario

WIDTH = 88


class ResilienceError(AssertionError):
    """A scenario's objectives did not hold; the message is the whole story."""


@dataclass(frozen=True, slots=True)
class Performance:
    """A run that was played, judged, and lies in ``folder``."""

    run: Run
    analysis: Analysis
    folder: Path

    @property
    def passed(self) -> bool:
        """Whether every objective held."""
        return self.analysis.verdict == "passed"

    def measured(self, measure: str) -> Measured:
        """What was measured, by the measure's text, e.g. ``failover.p95``; KeyError with those."""
        known = dict(self.analysis.measures)
        found = [each for each in self.analysis.findings if each.objective.text.startswith(measure)]
        if measure not in known and found:
            return found[0].measured
        if measure not in known:
            raise KeyError(f"{measure} was not measured; these were: {', '.join(sorted(known))}")
        return known[measure]

    def assert_passed(self) -> None:
        """Fail the test, with everything that there is to say, unless every objective held."""
        __tracebackhide__ = True
        if not self.passed:
            raise ResilienceError(self.story())

    def story(self) -> str:
        """Objectives, reasons, a timeline in characters, the report's path, the replay line."""
        text = io.StringIO()
        console = Console(file=text, width=WIDTH, highlight=False, force_terminal=False)
        terminal.verdict(self.run, self.analysis, self.folder, console)
        lines = [line.rstrip() for line in text.getvalue().strip("\n").splitlines()]
        return "\n".join([self.summary(), "", *lines])

    def summary(self) -> str:
        """One line: the first objective that did not hold, and why."""
        hurt = next((each for each in self.analysis.findings if each.verdict != "passed"), None)
        told = f": {_told(hurt)}" if hurt else f": {self.run.aborted}" if self.run.aborted else ""
        where = f"{self.run.world}, seed {self.run.seed}"
        return f"{self.run.scenario.name} ({where}) {self.analysis.verdict}{told}"

    def properties(self) -> list[tuple[str, object]]:
        """What JUnit keeps of it: verdict, how to replay it, and every objective's value."""
        found: list[tuple[str, object]] = [
            ("keychaos.verdict", self.analysis.verdict),
            ("keychaos.world", self.run.world),
            ("keychaos.seed", self.run.seed),
            ("keychaos.policy", self.run.policy),
            ("keychaos.command", self.run.command),
        ]
        for finding in self.analysis.findings:
            said = f"{finding.verdict}, {_value(finding)}"
            found.append((f"keychaos.{finding.objective.text}", said))
        return found

    def report(self) -> None:
        """Write every form of the report into the run's folder."""
        write(self.run, self.analysis, self.folder)


def _told(finding: Finding) -> str:
    return f"{finding.objective.text} was {_value(finding)}. {finding.why}"


def _value(finding: Finding) -> str:
    return numbers.measured(finding.measured, finding.objective.limit)


def perform(scenario: Scenario, world: str, client: str | None, folder: Path) -> Performance:
    """Play a scenario into a folder that is not there yet, and judge it.

    Nothing is printed and no page is written. Raises ScenarioError and WorldError.
    """
    chosen = client or f"preset:{scenario.clients.policy}"
    wish = Wish(scenario, world, chosen, folder, replay(scenario, world, client))
    started = datetime.now(UTC)

    def virtually() -> Ending:
        return simulated(wish, folder, started)

    def live() -> Ending:
        # Ctrl-C unwinds it like any program of asyncio's, and ends the test session too.
        return asyncio.run(_on_sockets(Order(scenario, chosen, folder)))

    worlds: dict[str, Callable[[], Ending]] = {"simulated": virtually, "sockets": live}
    record(wish, folder, started, worlds[world])
    run = stored.load(folder)
    return Performance(run, analyse(run), folder)


async def _on_sockets(order: Order) -> Ending:
    return await SocketsRun(order, _unseen).play()


def replay(scenario: Scenario, world: str, client: str | None) -> str:
    """The command that plays the same again."""
    words = ["keychaos", "run", scenario.path, "--world", world, "--seed", str(scenario.seed)]
    words += [word for each in scenario.overrides for word in ("--set", each)]
    return shlex.join([*words, *(["--client", client] if client else [])])


def _unseen(_: object) -> None:
    """Nobody looks while it is played."""
