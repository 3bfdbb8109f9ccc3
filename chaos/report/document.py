"""`findings.json`: every number of the report, raw, in one document; the other forms only say it.

Seconds are seconds, shares are fractions of one; null stands where there was nothing to measure.
The dataclasses below are the published format: `schema()` is made of them, and what is written is
read back through them in the tests.
"""

import math
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import TypeAdapter

from chaos.analysis.findings import (
    Backoff,
    Finding,
    Mark,
    Measured,
    Point,
    Proof,
    Saturation,
    Verdict,
    Watched,
)
from chaos.report.account import Account, Identity
from chaos.report.against import Against, Change, MeasureRow, ObjectiveRow
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
from chaos.scenario.objective import Comparison, Unit

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Judged:
    """One objective: its rule and limit, what was measured, the verdict, and why.

    ``records`` are the numbers of the operations that the reason cites.
    """

    rule: str
    line: int
    comparison: Comparison
    limit: float
    unit: Unit
    verdict: Verdict
    measured: Watched | Measured
    margin: float | None
    why: str
    records: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Injected:
    """Proof of injection of one fault; ``counts`` are what its injector counted."""

    fault: str
    kind: str
    target: str
    injected: float | None
    healed: float | None
    first: float | None
    counts: dict[str, float]


@dataclass(frozen=True, slots=True)
class Audit:
    """How many data keys were acknowledged, how many were unwrapped again, and what came."""

    ledger: int
    audited: int
    regions: tuple[IntegrityRow, ...]


@dataclass(frozen=True, slots=True)
class Reproduce:
    """How to play the run again."""

    command: str
    seed: int
    aborted: str


@dataclass(frozen=True, slots=True)
class Source:
    """The scenario as it was read."""

    path: str
    sha256: str
    overrides: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Moved:
    """One measure's median in the baseline and in this run; null where it was not reached.

    ``effect`` is relative and positive where this run is worse, or, where that is not ``judged``,
    higher; null where it has no size.
    """

    name: str
    unit: Unit
    before: float | None
    after: float | None
    repetitions: tuple[int, int]
    effect: float | None
    p: float | None
    change: Change
    judged: bool = True


@dataclass(frozen=True, slots=True)
class Contrast:
    """This run held against earlier ones, ``runs``; ``differences`` are what else is not alike.

    ``gaps`` are what could not be compared: with them, no ``verdict`` is passed.
    """

    regressed: bool
    claim: str
    runs: tuple[str, ...]
    differences: tuple[str, ...]
    objectives: tuple[ObjectiveRow, ...]
    measures: tuple[Moved, ...]
    verdict: Verdict = "passed"
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """What one run means. ``measures`` are by their text, as a rule would name them.

    ``baseline`` is null where the run was held against none. ``usual`` is the availability before
    T0 that recovery is held against, ``stranded`` how many clients were never served elsewhere.
    """

    format: int
    identity: Identity
    verdict: Verdict
    headline: str
    tried: str
    good_enough: str
    went_wrong: tuple[str, ...]
    to_do: tuple[str, ...]
    objectives: tuple[Judged, ...]
    measures: dict[str, Watched | Measured]
    t0: float | None
    marks: tuple[Mark, ...]
    phases: tuple[PhaseRow, ...]
    proof_of_injection: tuple[Injected, ...]
    attempts_by_answer: tuple[AnswerRow, ...]
    backoff: tuple[BackoffRow, ...]
    backoff_strategy: Backoff | None
    portrait: tuple[Point, ...]
    decisions: tuple[DecisionRow, ...]
    integrity: Audit
    events: tuple[EventRow, ...]
    saturation: Saturation
    clock_error: float
    limitations: tuple[str, ...]
    environment: dict[str, str]
    reproduce: Reproduce
    scenario: Source
    files: tuple[FileRow, ...]
    baseline: Contrast | None = None
    groups: tuple[GroupRow, ...] = ()
    usual: float | None = None
    stranded: int = 0
    retry_after: tuple[RetryAfterRow, ...] = ()


def document(account: Account) -> Document:
    """The whole account as one document."""
    run, analysis = account.run, account.analysis
    return Document(
        format=FORMAT,
        identity=account.identity,
        verdict=analysis.verdict,
        headline=analysis.headline,
        tried=account.tried,
        good_enough=account.answer,
        went_wrong=account.troubles,
        to_do=account.todo,
        objectives=tuple(map(_judged, analysis.findings)),
        measures=dict(analysis.measures),
        t0=analysis.t0,
        marks=analysis.marks,
        phases=account.phases,
        proof_of_injection=tuple(map(_injected, analysis.proofs)),
        attempts_by_answer=account.answers,
        backoff=account.backoffs,
        backoff_strategy=analysis.backoff,
        portrait=analysis.portrait,
        decisions=account.decisions,
        integrity=Audit(len(run.ledger), len(run.audit), account.integrity),
        events=account.events,
        saturation=analysis.saturation,
        clock_error=run.clock_error,
        limitations=account.limitations,
        environment=dict(sorted(run.environment.items())),
        reproduce=Reproduce(run.command, run.seed, run.aborted),
        scenario=_source(account),
        files=account.files,
        baseline=_baseline(account.against) if account.against else None,
        groups=account.groups,
        usual=analysis.baseline,
        stranded=analysis.stranded,
        retry_after=account.retry_afters,
    )


def _judged(finding: Finding) -> Judged:
    objective = finding.objective
    return Judged(
        rule=objective.text,
        line=objective.line,
        comparison=objective.comparison,
        limit=objective.limit,
        unit=objective.unit,
        verdict=finding.verdict,
        measured=finding.measured,
        margin=finding.margin,
        why=finding.why,
        records=finding.records,
    )


def _injected(proof: Proof) -> Injected:
    return Injected(
        fault=proof.fault,
        kind=proof.kind,
        target=proof.target,
        injected=proof.injected,
        healed=proof.healed,
        first=proof.first,
        counts=dict(proof.counts),
    )


def _baseline(against: Against) -> Contrast:
    return Contrast(
        regressed=against.regressed,
        claim=against.claim,
        runs=against.baseline,
        differences=against.differences,
        objectives=against.objectives,
        measures=tuple(map(_moved, against.measures)),
        verdict=against.verdict,
        gaps=against.gaps,
    )


def _moved(row: MeasureRow) -> Moved:
    return Moved(
        name=row.name,
        unit=row.unit,
        before=_finite(row.before.median),
        after=_finite(row.after.median),
        repetitions=(len(row.before.values), len(row.after.values)),
        effect=_finite(row.effect),
        p=row.p,
        change=row.change,
        judged=row.judged,
    )


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None


def _source(account: Account) -> Source:
    scenario = account.run.scenario
    return Source(
        path=account.scenario_path,
        sha256=account.scenario_sha256,
        overrides=scenario.overrides,
        source=scenario.source,
    )


def encoded(account: Account) -> bytes:
    """The document as bytes, the same for the same run. What JSON cannot say becomes null."""
    return orjson.dumps(document(account), option=orjson.OPT_INDENT_2) + b"\n"


def schema() -> dict[str, Any]:
    """The JSON Schema of `findings.json`."""
    told: dict[str, Any] = TypeAdapter(Document).json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **told}
