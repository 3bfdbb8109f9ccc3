"""A run and its analysis told once, as values: what every form of the report renders."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import PurePath

from chaos.analysis.findings import EXIT_CODES, Analysis
from chaos.report import counting, heeded, wording
from chaos.report.against import Against
from chaos.report.events import events
from chaos.report.rows import (
    AnswerRow,
    BackoffRow,
    DecisionRow,
    EventRow,
    FileRow,
    GroupRow,
    IntegrityRow,
    PhaseRow,
    RetryAfterRow,
)
from chaos.run.record import Run


@dataclass(frozen=True, slots=True)
class Identity:
    """Which run this is."""

    run_id: str
    scenario: str
    world: str
    policy: str
    seed: int
    started_utc: str
    ended_utc: str
    tool: str
    exit_code: int


@dataclass(frozen=True, slots=True)
class Account:
    """Everything a report says. ``run`` and ``analysis`` are what it was told from.

    ``against`` is None where the run was given no baseline.
    """

    run: Run
    analysis: Analysis
    identity: Identity
    tried: str
    answer: str
    troubles: tuple[str, ...]
    todo: tuple[str, ...]
    limitations: tuple[str, ...]
    phases: tuple[PhaseRow, ...]
    groups: tuple[GroupRow, ...]
    answers: tuple[AnswerRow, ...]
    backoffs: tuple[BackoffRow, ...]
    decisions: tuple[DecisionRow, ...]
    integrity: tuple[IntegrityRow, ...]
    events: tuple[EventRow, ...]
    files: tuple[FileRow, ...]
    scenario_path: str
    scenario_sha256: str
    against: Against | None = None
    retry_afters: tuple[RetryAfterRow, ...] = ()


def account(run: Run, analysis: Analysis, files: tuple[FileRow, ...] = ()) -> Account:
    """Tell a run. ``files`` are the raw files it was read from."""
    return Account(
        run=run,
        analysis=analysis,
        identity=_identity(run, analysis),
        tried=wording.tried(run),
        answer=wording.answer(analysis),
        troubles=wording.troubles(run, analysis),
        todo=wording.todo(analysis),
        limitations=wording.limitations(run, analysis),
        phases=counting.phases(run, analysis),
        groups=counting.groups(run, analysis),
        answers=counting.answers(run),
        backoffs=counting.backoffs(run),
        decisions=counting.decisions(run),
        integrity=counting.integrity(run),
        events=events(run, analysis),
        files=files,
        scenario_path=shown_path(run.scenario.path),
        retry_afters=heeded.rows(run),
        scenario_sha256=hashlib.sha256(run.scenario.source.encode()).hexdigest(),
    )


def _identity(run: Run, analysis: Analysis) -> Identity:
    return Identity(
        run_id=run.run_id,
        scenario=run.scenario.name,
        world=run.world,
        policy=run.policy,
        seed=run.seed,
        started_utc=run.started_utc,
        ended_utc=later(run.started_utc, run.ended),
        tool=f"keychaos {run.environment.get('keychaos') or _installed()}",
        exit_code=EXIT_CODES[analysis.verdict],
    )


def shown_path(path: str) -> str:
    """A scenario's path as a reader elsewhere can use it: nothing of the machine it was played on.

    >>> shown_path("/home/someone/scenarios/a.yaml"), shown_path("mine/a.yaml")
    ('a.yaml', 'mine/a.yaml')
    """
    return PurePath(path).name if PurePath(path).is_absolute() else path


def later(started_utc: str, seconds: float) -> str:
    """The UTC time so many seconds later, as text to the millisecond.

    >>> later("2026-01-02T03:04:05Z", 70.25)
    '2026-01-02T03:05:15.250Z'
    """
    try:
        started = datetime.fromisoformat(started_utc)
    except ValueError:
        return ""
    ended = started + timedelta(seconds=seconds)
    return ended.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _installed() -> str:
    try:
        return version("keychaos")
    except PackageNotFoundError:
        return "not installed"
