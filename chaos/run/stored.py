"""A run on disk: its manifest, scenario and journals, written as it goes and read back whole.

```
run.json         what was played, where, when and how it ended
scenario.yaml    the scenario's text as it was read
baseline.json    reports of earlier runs that this one is held against, where it was given any
load/            the clients' attempts, operations, decisions and ledger
nemesis/         changes as applied, and the audit
```
"""

import contextlib
import errno
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import ClassVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from chaos.errors import ScenarioError
from chaos.run.decoding import Events, columns, events
from chaos.run.folder import vacant, writing
from chaos.run.journal import ATTEMPTS, EVENTS, OPERATIONS
from chaos.run.record import (
    ATTEMPT,
    NOWHERE,
    OPERATION,
    OPERATION_KINDS,
    OUTCOMES,
    WHYS,
    Columns,
    Run,
)
from chaos.scenario import read as read_scenario
from chaos.scenario.arrivals import arrivals
from chaos.scenario.model import Scenario

MANIFEST = "run.json"
_UNFINISHED = f"{MANIFEST}.new"
SCENARIO = "scenario.yaml"
BASELINE = "baseline.json"
LOAD, NEMESIS = "load", "nemesis"
LOST_WHY = "its reason was lost with the killed run"
KILLED = "the run was killed before its end"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What `run.json` holds. ``aborted`` is KILLED until the run says how it ended.

    ``rows`` counts the records that there were then, by file: what is cut off later is noticed.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

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
    rows: dict[str, int] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)


_MANIFEST = TypeAdapter(Manifest)
_SIZES = {ATTEMPTS: ATTEMPT.itemsize, OPERATIONS: OPERATION.itemsize}


def begin(folder: Path, scenario: Scenario, manifest: Manifest) -> None:
    """Make the run's folder with its scenario and manifest; WorldError where it cannot be."""
    with writing(folder):
        if hollow(folder):
            _clear(folder)
        elif folder.exists() and not vacant(folder):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        folder.mkdir(parents=True, exist_ok=True)
        # Of two runs that begin here at once, one is refused.
        with (folder / SCENARIO).open("x", encoding="utf-8") as stream:
            stream.write(scenario.source)
        save(folder, manifest)


def hollow(folder: Path) -> bool:
    """Whether its run was stopped before there was anything to record, so that another may begin.

    What was killed is not: it may as well be a run that is about to begin.
    """
    if not (folder / MANIFEST).is_file():
        return False
    aborted = _manifest(folder).aborted
    return aborted not in ("", KILLED) and not any(rows(folder).values())


def discard(folder: Path) -> None:
    """Take back what `begin` made, where the run never came to time zero."""
    with contextlib.suppress(OSError):
        _clear(folder)
        folder.rmdir()


def _clear(folder: Path) -> None:
    for name in (MANIFEST, _UNFINISHED, SCENARIO, BASELINE):
        (folder / name).unlink(missing_ok=True)
    for name in (LOAD, NEMESIS):
        shutil.rmtree(folder / name, ignore_errors=True)


def save(folder: Path, manifest: Manifest) -> None:
    """Write the manifest, whole or not at all."""
    beside = folder / _UNFINISHED
    try:
        beside.write_text(json.dumps(asdict(manifest), indent=1) + "\n", encoding="utf-8")
        beside.replace(folder / MANIFEST)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def load(folder: Path) -> Run:
    """The run that is stored in a folder. Raises ScenarioError where there is none, or no whole."""
    manifest = _manifest(folder)
    text = _text(folder, SCENARIO)
    scenario = read_scenario(text, manifest.path, manifest.overrides, manifest.seed)
    found = _events(folder)
    for name, count in manifest.rows.items():
        _whole(folder, name, count)
    attempts = columns(_bytes(folder, ATTEMPTS), ATTEMPT, "sent")
    operations = columns(_bytes(folder, OPERATIONS), OPERATION, "due")
    whys = _whys(found.whys, operations)
    _known(folder, ATTEMPTS, attempts, region=len(manifest.regions), why=len(WHYS))
    _known(folder, OPERATIONS, operations, region=len(manifest.regions), outcome=len(OUTCOMES))
    _known(folder, OPERATIONS, operations, kind=len(OPERATION_KINDS))
    return Run(
        scenario=replace(scenario, overrides=manifest.overrides),
        seed=manifest.seed,
        world=manifest.world,
        run_id=manifest.run_id,
        started_utc=manifest.started_utc,
        ended=manifest.ended or float(max(operations["ended"], default=0.0)),
        aborted=manifest.aborted,
        command=manifest.command,
        policy=manifest.policy,
        regions=manifest.regions,
        whys=whys,
        attempts=attempts,
        operations=operations,
        decisions=tuple(found.decisions),
        changes=tuple(found.changes),
        ledger=tuple(found.ledger),
        audit=tuple(found.audit),
        dropped=manifest.dropped,
        clock_error=manifest.clock_error,
        environment=manifest.environment,
        planned=None if manifest.aborted else sum(1 for _ in arrivals(scenario)),
    )


def rows(folder: Path) -> dict[str, int]:
    """How many whole records each of a run's files of records holds."""
    return {name: len(_bytes(folder, name)) // size for name, size in _SIZES.items()}


def _whole(folder: Path, name: str, count: int) -> None:
    """Refuse a file that holds more or less than was written."""
    found, rest = divmod(len(_bytes(folder, name)), _SIZES[name])
    if (found, rest) != (count, 0):
        part = " and a part of one" if rest else ""
        raise ScenarioError(
            f"{folder / LOAD / name} holds {found:,} records{part}, and the run wrote {count:,}: "
            "it was changed afterwards, so that nothing can be told of that run any more."
        )


def _manifest(folder: Path) -> Manifest:
    try:
        return _MANIFEST.validate_json(_text(folder, MANIFEST), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise ScenarioError(
            f"{folder / MANIFEST} is not a run's manifest: {where}{': ' if where else ''}"
            f"{first['msg'].lower()}."
        ) from error


def _text(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_text(encoding="utf-8")
    except OSError as error:
        raise ScenarioError(
            f"{folder} holds no stored run: {folder / name} cannot be read ({error.strerror})."
        ) from error
    except UnicodeDecodeError as error:
        raise ScenarioError(f"{folder / name} is not UTF-8 text (byte {error.start}).") from error


def _events(folder: Path) -> Events:
    try:
        return events(_lines(folder))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ScenarioError(
            f"{folder} holds a damaged journal: a line of {EVENTS} is none that a run writes."
        ) from error


def _whys(found: list[str], operations: Columns) -> tuple[str, ...]:
    """The reasons by code, also of those whose text a killed run could not hand over any more."""
    most = int(max(operations["why"], default=0))
    return (*found, *[LOST_WHY] * (most + 1 - len(found)))


def _known(folder: Path, name: str, records: Columns, **limits: int) -> None:
    """Whether every code of these columns stands for something."""
    for column, limit in limits.items():
        wrong = records[column] >= limit
        if column == "region":
            wrong &= records[column] != NOWHERE
        if wrong.any():
            raise ScenarioError(
                f"{folder / LOAD / name} is damaged: a record has a {column} that no run writes."
            )


def raw_files(folder: Path) -> Iterator[Path]:
    """The files that everything else is computed from, in a fixed order."""
    for name in (MANIFEST, SCENARIO):
        yield folder / name
    if (folder / BASELINE).exists():
        yield folder / BASELINE
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
