"""A run on disk: its manifest, scenario and journals, written as it goes and read back whole.

```
run.json         what was played, where, when and how it ended
scenario.yaml    the scenario's text as it was read
load/            the clients' attempts, operations, decisions and ledger
nemesis/         changes as applied, and the audit
```
"""

import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from chaos.errors import ScenarioError, WorldError
from chaos.run.decoding import columns, events
from chaos.run.journal import ATTEMPTS, EVENTS, OPERATIONS
from chaos.run.record import ATTEMPT, OPERATION, Run
from chaos.scenario import read as read_scenario
from chaos.scenario.model import Scenario

MANIFEST = "run.json"
SCENARIO = "scenario.yaml"
LOAD, NEMESIS = "load", "nemesis"
KILLED = "the run was killed before its end; what had been recorded until then is reported"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What `run.json` holds. ``aborted`` is KILLED until the run says how it ended."""

    run_id: str
    world: str
    policy: str
    command: str
    seed: int
    path: str
    overrides: tuple[str, ...]
    regions: tuple[str, ...]
    started_utc: str
    ended: float = 0.0
    aborted: str = KILLED
    dropped: int = 0
    clock_error: float = 0.0
    environment: dict[str, str] = field(default_factory=dict)


def begin(folder: Path, scenario: Scenario, manifest: Manifest) -> None:
    """Make the run's folder with its scenario and manifest; WorldError where it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=False)
        (folder / SCENARIO).write_text(scenario.source, encoding="utf-8")
        save(folder, manifest)
    except OSError as error:
        raise WorldError(
            f"{folder} cannot be written: {error.strerror}. Name another place with --out."
        ) from error


def discard(folder: Path) -> None:
    """Take back what `begin` made, where the run never came to time zero."""
    shutil.rmtree(folder, ignore_errors=True)


def save(folder: Path, manifest: Manifest) -> None:
    """Write the manifest, whole or not at all."""
    beside = folder / (MANIFEST + ".new")
    beside.write_text(json.dumps(asdict(manifest), indent=1) + "\n", encoding="utf-8")
    beside.replace(folder / MANIFEST)


def load(folder: Path) -> Run:
    """The run that is stored in a folder. Raises ScenarioError where there is none."""
    try:
        fields = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        text = (folder / SCENARIO).read_text(encoding="utf-8")
        for name in ("overrides", "regions"):
            fields[name] = tuple(fields[name])
        manifest = Manifest(**fields)
    except OSError as error:
        raise ScenarioError(
            f"{folder} holds no stored run: {error.filename} cannot be read ({error.strerror})."
        ) from error
    except (ValueError, TypeError, KeyError) as error:
        raise ScenarioError(f"{folder / MANIFEST} is not a run's manifest: {error}.") from error
    scenario = read_scenario(text, manifest.path, manifest.overrides, manifest.seed)
    found = events(_lines(folder))
    attempts = columns(_bytes(folder, ATTEMPTS), ATTEMPT, "sent")
    operations = columns(_bytes(folder, OPERATIONS), OPERATION, "due")
    ended = manifest.ended or (float(operations["ended"].max()) if len(operations) else 0.0)
    return Run(
        scenario=replace(scenario, overrides=manifest.overrides),
        seed=manifest.seed,
        world=manifest.world,
        run_id=manifest.run_id,
        started_utc=manifest.started_utc,
        ended=ended,
        aborted=manifest.aborted,
        command=manifest.command,
        policy=manifest.policy,
        regions=manifest.regions,
        whys=tuple(found.whys),
        attempts=attempts,
        operations=operations,
        decisions=tuple(found.decisions),
        changes=tuple(found.changes),
        ledger=tuple(found.ledger),
        audit=tuple(found.audit),
        dropped=manifest.dropped,
        clock_error=manifest.clock_error,
        environment=manifest.environment,
    )


def environment() -> dict[str, str]:
    """What the run was played on: versions and machine size, nothing that names a person."""
    found = {
        "python": sys.version.split()[0],
        "system": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "processors": str(os.cpu_count()),
    }
    for package in ("keychaos", "locust", "httpx", "geventhttpclient", "cryptography", "numpy"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def raw_files(folder: Path) -> Iterator[Path]:
    """The files that everything else is computed from, in a fixed order."""
    for name in (MANIFEST, SCENARIO):
        yield folder / name
    for part in (LOAD, NEMESIS):
        for name in (ATTEMPTS, OPERATIONS, EVENTS):
            if (folder / part / name).exists():
                yield folder / part / name


def _bytes(folder: Path, name: str) -> bytes:
    path = folder / LOAD / name
    return path.read_bytes() if path.exists() else b""


def _lines(folder: Path) -> Iterator[bytes]:
    for part in (LOAD, NEMESIS):
        path = folder / part / EVENTS
        if path.exists():
            with path.open("rb") as stream:
                yield from stream
