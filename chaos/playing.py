"""Plays a scenario from the front door's wish to its exit code: world, record, findings, report."""

import asyncio
import contextlib
import secrets
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from chaos import shelf, stopping, voice
from chaos.analysis import analyse
from chaos.analysis.findings import EXIT_CODES, Analysis
from chaos.errors import ScenarioError, WorldError
from chaos.report import terminal, write
from chaos.run import stored, surroundings
from chaos.run.clients import NAMED, factory_named, told
from chaos.run.ending import Ending
from chaos.run.fleet import own_factories
from chaos.run.folder import reserve, vacant
from chaos.run.journal import Journal
from chaos.run.record import Run
from chaos.scenario import Scenario

if TYPE_CHECKING:
    from chaos.report.live import LiveView


@dataclass(frozen=True, slots=True)
class Telling:
    """How a run is told: against which earlier reports, as JSON, and whether a regression fails."""

    baseline: Path | None = None
    as_json: bool = False
    fail_on_regression: bool = False

    def console(self) -> Console:
        """Where people read; standard output belongs to the document where one was asked for."""
        return voice.console(stderr=self.as_json)


_PLAINLY = Telling()


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asked for: a scenario, a world, a client, a folder, and the words to replay.

    ``proxy`` is the URL of a Toxiproxy of somebody's own, empty for the embedded one.
    """

    scenario: Scenario
    world: str
    client: str
    out: Path | None
    command: str
    proxy: str = ""
    telling: Telling = _PLAINLY


def play(wish: Wish) -> int:
    """Play, record, judge and report; the exit code. Raises WorldError before time zero."""
    console = wish.telling.console()
    # What a module of the user's own prints is no part of what is told here.
    with contextlib.redirect_stdout(sys.stderr):
        factory_named(wish.client)
        own_factories(wish.scenario)
    if wish.telling.baseline:
        _readable(wish.telling.baseline)
    if wish.out:
        _free(wish.out)
    # From here on there is something to lose: a signal ends the run, and waits for its report.
    with stopping.held() as held:
        terminal.plan(wish.scenario, wish.world, wish.client, console)
        started = datetime.now(UTC)
        own = Path("results") / wish.scenario.name / _run_id(wish, started)
        folder = wish.out or reserve(own)

        def played() -> Ending:
            if wish.world == "simulated":
                return simulated(wish, folder, started, held)
            return _on_sockets(wish, folder, console, held)

        record(wish, folder, started, played)
        try:
            return _told_whole(folder, console, wish.telling, held)
        except WorldError as error:
            # After time zero it is no environment that the run could not begin in.
            again = f"`keychaos report {folder}` makes the report again"
            voice.complain(f"{error} What was recorded is kept in {folder}; {again}.")
        except OSError as error:
            voice.silence(sys.stdout)
            voice.complain(f"Standard output: {error.strerror}. The report is in {folder}.")
        return EXIT_CODES["aborted"]


def rebuild(folder: Path, telling: Telling) -> int:
    """Judge a stored run and write its reports anew; the exit code."""
    with stopping.held() as held:
        return _told_whole(folder, telling.console(), telling, held)


def _told_whole(folder: Path, console: Console, telling: Telling, held: stopping.Held) -> int:
    """Conclude, however impatient anyone is; the exit code, which is never green then."""
    code = conclude(folder, console, telling)
    sys.stdout.flush()
    if held.came and code != EXIT_CODES["aborted"]:
        voice.complain(f"Stopped by {held.came}. The report in {folder} is whole.")
        return EXIT_CODES["aborted"]
    return code


def _free(folder: Path) -> None:
    """Refuse a folder for the run that holds anything already, or cannot be: ScenarioError."""
    try:
        if stored.hollow(folder) or vacant(folder):
            return
        taken = folder.exists()
    except OSError as error:
        raise ScenarioError(f"--out {folder}: {error.strerror}. Name another place.") from error
    if taken:
        holds = " and holds a run" if (folder / stored.MANIFEST).exists() else ""
        raise ScenarioError(f"--out {folder}: it is there already{holds}. Name another place.")
    file = next((place for place in folder.parents if place.is_file()), None)
    if file is not None:
        raise ScenarioError(f"--out {folder}: {file} is a file. Name another place.")


def _run_id(wish: Wish, started: datetime) -> str:
    return f"{wish.world}-{wish.scenario.seed}-{started:%Y%m%dT%H%M%SZ}"


def record(wish: Wish, folder: Path, started: datetime, played: Callable[[], Ending]) -> None:
    """Play into a folder that is not there yet, whatever world ``played`` is.

    Nothing is left of it where the run never came to time zero.
    """
    run_id = f"{wish.scenario.name}/{_run_id(wish, started)}-{secrets.token_hex(3)}"
    manifest = stored.Manifest(
        run_id=run_id,
        world=wish.world,
        policy=wish.client,
        command=wish.command,
        seed=wish.scenario.seed,
        path=shelf.shown(wish.scenario.path),
        overrides=wish.scenario.overrides,
        regions=_regions(wish),
        started_utc=f"{started:%Y-%m-%dT%H:%M:%SZ}",
        environment=surroundings.environment(),
    )
    stored.begin(folder, wish.scenario, manifest)
    try:
        ending = played()
    except (ScenarioError, WorldError):
        stored.discard(folder)
        raise
    # A disk that is full now leaves the manifest of a run that was killed, which is no lie.
    with contextlib.suppress(OSError):
        stored.save(folder, replace(_ended(manifest, ending), rows=stored.rows(folder)))


def _regions(wish: Wish) -> tuple[str, ...]:
    return tuple(region.name for region in wish.scenario.regions)


def simulated(
    wish: Wish, folder: Path, started: datetime, held: stopping.Held | None = None
) -> Ending:
    """Play in virtual time; ``held`` are the signals that end it in good order."""
    # Each world is loaded only where it is played in: a run waits for nothing that it never uses.
    from chaos.run.simulation import simulate  # noqa: PLC0415

    factory = factory_named(wish.client)
    # To the second, as it is stored: a Retry-After that is a date comes again in a replay.
    epoch = float(int(started.timestamp()))
    journal = Journal(folder / stored.LOAD, _regions(wish))
    full = ""
    try:
        with contextlib.redirect_stdout(sys.stderr):
            ending = _virtually(
                wish, lambda: simulate(wish.scenario, factory, journal.note, epoch), held
            )
    finally:
        try:
            journal.close()
        except WorldError as error:
            full = str(error).rstrip(".")
    # What had been written is kept; the first reason counts.
    return Ending(0.0, full) if full and not ending.aborted else ending


def _virtually(wish: Wish, run: Callable[[], Ending], held: stopping.Held | None) -> Ending:
    """Run to the end, or to what ended it: a signal, a disk, a client of the user's own."""
    try:
        with held.raising() if held else contextlib.nullcontext():
            return run()
    except WorldError as error:
        return Ending(0.0, str(error).rstrip("."))
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) and not held:
            raise
        if held and held.came:
            return Ending(0.0, f"stopped by {held.came} in the middle of virtual time")
        # A bug of our own is one; what a client of the user's own raises is told of.
        if wish.client.partition(":")[0] in NAMED or isinstance(error, ScenarioError):
            raise
        return Ending(0.0, f"the client broke: {told(error)}")


def _ended(manifest: stored.Manifest, ending: Ending) -> stored.Manifest:
    return replace(
        manifest,
        ended=ending.ended,
        # Part of a sentence, wherever it is told.
        aborted=ending.aborted.rstrip("."),
        dropped=ending.dropped,
        clock_error=ending.clock_error,
    )


def _on_sockets(wish: Wish, folder: Path, console: Console, held: stopping.Held) -> Ending:
    from chaos.report.live import LiveView  # noqa: PLC0415 - as above

    with LiveView(wish.scenario, console) as view:
        return asyncio.run(_sockets(wish, folder, view, held))


async def _sockets(wish: Wish, folder: Path, view: "LiveView", held: stopping.Held) -> Ending:
    """Play on sockets; the first signal aborts in good order, more are not needed."""
    from chaos.run.stage import Order, SocketsRun  # noqa: PLC0415 - as above

    run = SocketsRun(Order(wish.scenario, wish.client, folder, wish.proxy), view.show)
    # A signal may come between any two instructions: the loop stops the run, not the signal.
    soon = asyncio.get_running_loop().call_soon_threadsafe
    with held.telling(lambda by: soon(run.stop, by)):
        return await run.play()


def _readable(baseline: Path) -> None:
    """Refuse a baseline that is none before anybody waits for a run. Raises ScenarioError."""
    from chaos.report.compare import load  # noqa: PLC0415 - only where a baseline is given

    load(baseline)


def _as_json(run: Run, analysis: Analysis, folder: Path) -> str:
    from chaos.report import document, told  # noqa: PLC0415 - only where JSON is asked for

    return document.encoded(told.tell(run, analysis, folder)).decode()


def conclude(folder: Path, console: Console | None = None, telling: Telling = _PLAINLY) -> int:
    """Judge a stored run, say the verdict, write its reports beside it; the exit code.

    Raises WorldError where a form of the report could not be written, once all others are.
    """
    console = console or telling.console()
    run = stored.load(folder)
    analysis = analyse(run)
    # Drawing takes seconds: whoever waits for the verdict has it before.
    terminal.verdict(run, analysis, folder, console)
    against = None
    if telling.baseline:
        from chaos.report import told  # noqa: PLC0415 - only where a baseline is given

        told.keep(telling.baseline, folder)
        against = told.tell(run, analysis, folder).against
        assert against is not None
        terminal.compared(against, console)
    try:
        write(run, analysis, folder)
    finally:
        # Where a form cannot be written, whoever asked for this one is told all the same.
        if telling.as_json:
            sys.stdout.write(_as_json(run, analysis, folder))
    code = EXIT_CODES[analysis.verdict]
    if telling.fail_on_regression and against is not None:
        return code or EXIT_CODES[against.verdict]
    return code
