"""Plays a scenario from the front door's wish to its exit code: world, record, findings, report."""

import asyncio
import contextlib
import secrets
import signal
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from chaos import shelf
from chaos.analysis import analyse
from chaos.analysis.findings import EXIT_CODES
from chaos.errors import ScenarioError, WorldError
from chaos.report import terminal, write
from chaos.report.live import LiveView
from chaos.run import stored
from chaos.run.clients import factory_named
from chaos.run.ending import Ending
from chaos.run.journal import Journal
from chaos.run.simulation import simulate
from chaos.run.stage import Order, SocketsRun
from chaos.scenario import Scenario


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


def play(wish: Wish) -> int:
    """Play, record, judge and report; the exit code. Raises WorldError before time zero."""
    console = Console(highlight=False, soft_wrap=False)
    factory_named(wish.client)
    started = datetime.now(UTC)
    folder = wish.out or Path("results") / wish.scenario.name / _run_id(wish, started)

    def planned() -> Ending:
        terminal.plan(wish.scenario, wish.world, wish.client, console)
        if wish.world == "simulated":
            return simulated(wish, folder, started)
        with LiveView(wish.scenario, console) as view:
            ending = asyncio.run(_sockets(_order(wish, folder), view))
        # The loop put its own handler away; from here a SIGTERM unwinds again.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        return ending

    record(wish, folder, started, planned)
    return conclude(folder, console)


def record(wish: Wish, folder: Path, started: datetime, played: Callable[[], Ending]) -> None:
    """Make a run's folder around whatever plays it; nothing is left where it never began.

    Raises WorldError and ScenarioError as ``played`` does, and where the folder cannot be written.
    """
    manifest = _manifest(wish, started)
    stored.begin(folder, wish.scenario, manifest)
    try:
        ending = played()
    except (ScenarioError, WorldError):
        stored.discard(folder)
        raise
    stored.save(folder, _ended(manifest, ending))


def simulated(wish: Wish, folder: Path, started: datetime) -> Ending:
    """Play in virtual time, journals into the folder."""
    regions = tuple(region.name for region in wish.scenario.regions)
    factory = factory_named(wish.client)
    with contextlib.closing(Journal(folder / stored.LOAD, regions)) as journal:
        try:
            return simulate(wish.scenario, factory, journal.note, started.timestamp())
        except KeyboardInterrupt:
            return Ending(0.0, "stopped by a signal in the middle of virtual time")


def _run_id(wish: Wish, started: datetime) -> str:
    return f"{wish.world}-{wish.scenario.seed}-{started:%Y%m%dT%H%M%SZ}"


def _manifest(wish: Wish, started: datetime) -> stored.Manifest:
    return stored.Manifest(
        run_id=f"{wish.scenario.name}/{_run_id(wish, started)}-{secrets.token_hex(3)}",
        world=wish.world,
        policy=wish.client,
        command=wish.command,
        seed=wish.scenario.seed,
        path=shelf.shown(wish.scenario.path),
        overrides=wish.scenario.overrides,
        regions=tuple(region.name for region in wish.scenario.regions),
        started_utc=f"{started:%Y-%m-%dT%H:%M:%SZ}",
        environment=stored.environment(),
    )


def _ended(manifest: stored.Manifest, ending: Ending) -> stored.Manifest:
    return replace(
        manifest,
        ended=ending.ended,
        aborted=ending.aborted,
        dropped=ending.dropped,
        clock_error=ending.clock_error,
    )


def _order(wish: Wish, folder: Path) -> Order:
    return Order(wish.scenario, wish.client, folder, wish.proxy)


async def _sockets(order: Order, view: LiveView) -> Ending:
    """Play on sockets; the first Ctrl-C or SIGTERM aborts in good order, more are not needed."""
    run = SocketsRun(order, view.show)
    loop = asyncio.get_running_loop()
    for number, word in ((signal.SIGINT, "Ctrl-C (SIGINT)"), (signal.SIGTERM, "SIGTERM")):
        loop.add_signal_handler(number, run.stop, word)
    return await run.play()


def conclude(folder: Path, console: Console | None = None) -> int:
    """Judge a stored run, write its reports beside it and say the verdict; the exit code."""
    console = console or Console(highlight=False, soft_wrap=False)
    run = stored.load(folder)
    analysis = analyse(run)
    write(run, analysis, folder)
    terminal.verdict(run, analysis, folder, console)
    return EXIT_CODES[analysis.verdict]
