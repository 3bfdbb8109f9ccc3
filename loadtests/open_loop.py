"""A scenario's load, open loop, against key services that you name in the environment.

`locust -f loadtests/open_loop.py --headless` provisions the root key and the first data keys, plays
the scenario's arrivals by the scenario's clients, each when it is due however slow the answers are,
and ends with Locust's own statistics. `loadtests/README.md` has the commands.
"""

from chaos.run.load import Dispatcher, Load  # first: it imports Locust, which patches the sockets

import contextlib  # isort: skip
import os
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from locust import events

from chaos import shelf
from chaos.errors import ScenarioError, WorldError
from chaos.run import stored, surroundings
from chaos.run.blocking import BlockingWorld
from chaos.run.clients import factory_named, told
from chaos.run.fleet import Supply
from chaos.run.journal import Journal
from chaos.run.provision import Site, provision
from chaos.run.world import run_blocking
from chaos.scenario import Scenario, read

SCENARIO = "region-down-backup-key"
PREPARED_WITHIN, LEAD = 60.0, 0.1
USER_MISTAKE, ENVIRONMENT = 2, 5


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment asks for; `keychaos serve --env-file` writes most of it."""

    scenario: Scenario
    client: str
    api_key: str
    iam: str
    sites: Mapping[str, Site]
    out: Path | None

    @classmethod
    def of(cls, given: Mapping[str, str]) -> "Settings":
        """Read the variables. Raises ScenarioError that names the one which is missing."""
        path = shelf.find(given.get("KEYCHAOS_SCENARIO", SCENARIO))
        scenario = read(shelf.text_of(path), str(path))
        client = given.get("KEYCHAOS_CLIENT", f"preset:{scenario.clients.policy}")
        sites = {region.name: _site(given, region.name) for region in scenario.regions}
        api_key, iam = _needed(given, "KEYCHAOS_API_KEY"), _needed(given, "KEYCHAOS_IAM_URL")
        out = given.get("KEYCHAOS_OUT")
        return cls(scenario, client, api_key, iam, sites, Path(out) if out else None)


def _site(given: Mapping[str, str], region: str) -> Site:
    prefix = "KEYCHAOS_" + region.upper().replace("-", "_")
    url = _needed(given, f"{prefix}_URL").rstrip("/")
    endpoint = given.get(f"{prefix}_ENDPOINT", url).rstrip("/")
    return Site(region, url, endpoint, _needed(given, f"{prefix}_INSTANCE"))


def _needed(given: Mapping[str, str], name: str) -> str:
    if not given.get(name):
        raise ScenarioError(
            f"{name} is not set; `keychaos serve --env-file FILE` writes it for a twin."
        )
    return given[name]


class OpenLoop(Dispatcher):
    """Plays the whole plan once."""

    def drive(self) -> None:
        """Provision, play, and keep the record where it is asked for."""
        settings = Settings.of(os.environ)
        factory = factory_named(settings.client)
        with _kept(settings) as record:
            load = Load(settings.scenario, factory, record.journal)
            supply, before = _prepared(settings, load)
            zero = time.monotonic() + LEAD
            load.environment = self.environment
            load.play(supply.moved(zero - before), zero, time.time() + LEAD)
            record.ended, record.dropped = time.monotonic() - zero, load.dropped
        if load.dropped:
            sys.stderr.write(f"{load.dropped} arrivals were never started: this machine is full.\n")


def _prepared(settings: Settings, load: Load) -> tuple[Supply, float]:
    """What the clients need, and the time zero by which it was made."""
    zero = time.monotonic() + PREPARED_WITHIN
    world = BlockingWorld(zero, time.time() + PREPARED_WITHIN, load.note)
    with contextlib.closing(world):
        made = run_blocking(
            provision(world, settings.scenario, settings.sites, settings.api_key, settings.iam)
        )
    return made.supply, zero


@dataclass(slots=True)
class Record:
    """What is kept of a load, and how it ended."""

    journal: Journal | None
    ended: float = 0.0
    dropped: int = 0


@contextlib.contextmanager
def _kept(settings: Settings) -> Iterator[Record]:
    """A stored run in the folder that was asked for; `keychaos report` reads it."""
    folder, scenario = settings.out, settings.scenario
    if folder is None:
        yield Record(None)
        return
    now = datetime.now(UTC)
    manifest = stored.Manifest(
        run_id=f"{scenario.name}/locust-{now:%Y%m%dT%H%M%SZ}",
        world="sockets",
        policy=settings.client,
        command="locust -f loadtests/open_loop.py --headless",
        seed=scenario.seed,
        path=scenario.path,
        overrides=scenario.overrides,
        regions=tuple(region.name for region in scenario.regions),
        started_utc=f"{now:%Y-%m-%dT%H:%M:%SZ}",
        environment=surroundings.environment(),
    )
    stored.begin(folder, scenario, manifest)
    with contextlib.closing(Journal(folder / stored.LOAD, manifest.regions)) as journal:
        record = Record(journal)
        yield record
    # Reached by a load that came to its end alone: any other stays marked as killed.
    stored.save(folder, replace(manifest, ended=record.ended, aborted="", dropped=record.dropped))


@events.quitting.add_listener  # type: ignore[untyped-decorator]
def tell(environment: Any, **_: object) -> None:
    """Say what kept the load from its end, and give it an exit code."""
    error = OpenLoop.broken
    if error is None:
        return
    sentence = str(error)
    if not isinstance(error, ScenarioError | WorldError):
        sentence = f"the client broke: {told(error)}"
    sys.stderr.write(f"{sentence}\n")
    environment.process_exit_code = ENVIRONMENT if isinstance(error, WorldError) else USER_MISTAKE
