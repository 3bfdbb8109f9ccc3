"""`findings.json`: every number of the report, raw, in one document; the other forms only say it.

Seconds are seconds, shares are fractions of one; null stands where there was nothing to measure.
The dataclasses below are the published format: `schema()` is made of them, and what is written is
read back through them in the tests.
"""

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
)
from chaos.report.account import Account, Identity
from chaos.report.rows import (
    AnswerRow,
    BackoffRow,
    DecisionRow,
    EventRow,
    FileRow,
    IntegrityRow,
    PhaseRow,
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
    measured: Measured
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
class Document:
    """What one run means. ``measures`` are by their text, as a rule would name them."""

    format: int
    identity: Identity
    verdict: Verdict
    headline: str
    tried: str
    good_enough: str
    went_wrong: tuple[str, ...]
    to_do: tuple[str, ...]
    objectives: tuple[Judged, ...]
    measures: dict[str, Measured]
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
