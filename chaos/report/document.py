"""`findings.json`: every number of the report, raw, in one document; the other forms only say it.

Seconds are seconds, shares are fractions of one; null stands where there was nothing to measure.
"""

import math
from dataclasses import asdict
from typing import Any

import orjson

from chaos.analysis.findings import Finding, Measured
from chaos.report.account import Account

FORMAT = 1


def document(account: Account) -> dict[str, Any]:
    """The whole account as JSON values."""
    run, analysis = account.run, account.analysis
    return {
        "format": FORMAT,
        "identity": asdict(account.identity),
        "verdict": analysis.verdict,
        "headline": analysis.headline,
        "tried": account.tried,
        "good_enough": account.answer,
        "went_wrong": account.troubles,
        "to_do": account.todo,
        "objectives": [_finding(finding) for finding in analysis.findings],
        "measures": {name: _measured(measured) for name, measured in analysis.measures},
        "t0": analysis.t0,
        "marks": [asdict(mark) for mark in analysis.marks],
        "phases": [asdict(row) for row in account.phases],
        "proof_of_injection": [
            {**asdict(proof), "counts": dict(proof.counts)} for proof in analysis.proofs
        ],
        "attempts_by_answer": [asdict(row) for row in account.answers],
        "backoff": [asdict(row) for row in account.backoffs],
        "decisions": [asdict(row) for row in account.decisions],
        "integrity": {
            "ledger": len(run.ledger),
            "audited": len(run.audit),
            "regions": [asdict(row) for row in account.integrity],
        },
        "events": [asdict(row) for row in account.events],
        "saturation": asdict(analysis.saturation),
        "clock_error": run.clock_error,
        "limitations": account.limitations,
        "environment": dict(sorted(run.environment.items())),
        "reproduce": {"command": run.command, "seed": run.seed, "aborted": run.aborted},
        "scenario": {
            "path": account.scenario_path,
            "sha256": account.scenario_sha256,
            "overrides": run.scenario.overrides,
            "source": run.scenario.source,
        },
        "files": [asdict(row) for row in account.files],
    }


def _measured(measured: Measured) -> dict[str, Any]:
    return asdict(measured)


def _finding(finding: Finding) -> dict[str, Any]:
    objective = finding.objective
    return {
        "rule": objective.text,
        "line": objective.line,
        "comparison": objective.comparison,
        "limit": objective.limit,
        "unit": objective.unit,
        "verdict": finding.verdict,
        "measured": _measured(finding.measured),
        "margin": finding.margin,
        "why": finding.why,
        "records": finding.records,
    }


def encoded(account: Account) -> bytes:
    """The document as bytes: indented, keys in the order above, the same for the same run."""
    return orjson.dumps(_finite(document(account)), option=orjson.OPT_INDENT_2) + b"\n"


def _finite(value: Any) -> Any:
    """The same value with what JSON cannot say (NaN, infinity) as null."""
    match value:
        case float():
            return value if math.isfinite(value) else None
        case dict():
            return {key: _finite(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_finite(inner) for inner in value]
        case _:
            return value
