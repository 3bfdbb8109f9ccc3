"""Counts a run into the rows of its tables: phases, answers, waits, decisions, integrity."""

from collections.abc import Iterator, Mapping

import numpy as np

from chaos.analysis.evidence import Evidence, gather
from chaos.analysis.findings import Analysis, Measured
from chaos.exchange import FAILURE_KINDS
from chaos.report.reasons import commonest
from chaos.report.rows import (
    AnswerRow,
    BackoffRow,
    DecisionRow,
    GroupRow,
    IntegrityRow,
    PhaseRow,
)
from chaos.report.series import FAILED, OK, UNKNOWN, Floats, Mask
from chaos.run.record import NOWHERE, WHYS, Columns, Run
from chaos.run.world import Audited, Decided
from chaos.scenario.model import Group, Phase

TOKEN_SERVICE = "token service"  # noqa: S105 - the name of a row
_LOWEST_STATUS = 100


def phases(run: Run, analysis: Analysis) -> tuple[PhaseRow, ...]:
    """One row per phase, and one for the whole run; shares and times are the analysis's own.

    A phase that a run did not reach, since it was aborted before, has none.
    """
    evidence = gather(run)
    known = {text: found.value for text, found in analysis.measures}
    reached = [phase for phase in evidence.phases if phase.starts < evidence.until]
    rows = [_phase(evidence, phase.name, phase, known) for phase in reached]
    whole = Phase("steady", -np.inf, np.inf)
    return (*rows, _phase(evidence, "", whole, known)) if len(rows) != 1 else tuple(rows)


def _phase(
    evidence: Evidence, name: str, phase: Phase, known: Mapping[str, float | None]
) -> PhaseRow:
    where = f"({name})" if name else ""
    starts, ends = max(phase.starts, 0.0), min(phase.ends, evidence.until)
    outcome = evidence.operations["outcome"][_within(evidence.operations["due"], phase)]
    return PhaseRow(
        phase=name or "whole run",
        starts=starts,
        ends=ends,
        due=len(outcome),
        ok=int((outcome == OK).sum()),
        failed=int((outcome == FAILED).sum()),
        unknown=int((outcome == UNKNOWN).sum()),
        availability=known.get(f"availability{where}"),
        goodput=known.get(f"goodput{where}"),
        response_p50=known.get(f"response{where}.p50"),
        response_p99=known.get(f"response{where}.p99"),
        service_p99=known.get(f"service{where}.p99"),
        attempts=int(_within(evidence.attempts["sent"], phase).sum()),
        amplification=known.get(f"amplification{where}"),
        server_amplification=known.get(f"server_amplification{where}"),
    )


def groups(run: Run, analysis: Analysis) -> tuple[GroupRow, ...]:
    """One row per group of the clients; none where all are alike."""
    known = dict(analysis.measures)
    return tuple(_group(run, group, known) for group in run.scenario.clients.groups)


def _group(run: Run, group: Group, known: Mapping[str, Measured]) -> GroupRow:
    nothing = Measured(None, "count", 0)

    def found(name: str, phase: str = "", statistic: str = "") -> Measured:
        return known.get(f"{name}({phase}group {group.name}){statistic}", nothing)

    failover = found("failover", statistic=".p95")
    return GroupRow(
        group=group.name,
        clients=group.count,
        policy=group.policy or run.policy,
        regions=group.regions,
        due=found("availability").n,
        availability=found("availability").value,
        availability_in_fault=found("availability", "fault, ").value,
        response_p99=found("response", statistic=".p99").value,
        amplification=found("amplification").value,
        failover_p95=failover.value,
        failover_censored=failover.censored,
        switches_max=found("switches", statistic=".max").value,
    )


def _within(instants: Floats, phase: Phase) -> Mask:
    return (instants >= phase.starts) & (instants < phase.ends)


def answers(run: Run) -> tuple[AnswerRow, ...]:
    """What came back of single attempts, by region and answer, the most frequent first."""
    rows = []
    for region in np.unique(run.attempts["region"]):
        there = run.attempts[run.attempts["region"] == region]
        for status in np.unique(there["status"]):
            these = there[there["status"] == status]
            took = these["ended"] - these["sent"]
            rows.append(
                AnswerRow(
                    region=region_name(run, int(region)),
                    answer=answer_name(int(status)),
                    attempts=len(these),
                    share=len(these) / len(there),
                    p50=float(np.quantile(took, 0.5, method="inverted_cdf")),
                    longest=float(took.max()),
                )
            )
    return tuple(sorted(rows, key=lambda row: (-row.attempts, row.region, row.answer)))


def region_name(run: Run, code: int) -> str:
    """A region's name; attempts nowhere else went to the token service."""
    return TOKEN_SERVICE if code == NOWHERE else run.regions[code]


def answer_name(status: int) -> str:
    """An attempt's end in words: `HTTP 503`, `connect timeout`."""
    if status >= _LOWEST_STATUS:
        return f"HTTP {status}"
    return FAILURE_KINDS[status - 1].replace("_", " ")


def backoffs(run: Run) -> tuple[BackoffRow, ...]:
    """The waits before every attempt but the first, by attempt number and reason."""
    order = np.lexsort((run.attempts["number"], run.attempts["operation"]))
    tries = run.attempts[order]
    if len(tries) < 2:  # noqa: PLR2004 - a wait lies between two
        return ()
    after = tries["operation"][1:] == tries["operation"][:-1]
    later, before = tries[1:][after], tries[:-1][after]
    # A hedge is sent beside the attempt before, after a wait that began when that was sent.
    hedged = later["why"] == WHYS.index("hedge")
    since = np.where(hedged, before["sent"], before["ended"])
    observed = np.maximum(later["sent"] - since, 0.0)
    return tuple(_backoff_rows(later, observed))


def _backoff_rows(later: Columns, observed: Floats) -> Iterator[BackoffRow]:
    for number in np.unique(later["number"]):
        for why in np.unique(later["why"][later["number"] == number]):
            these: Mask = (later["number"] == number) & (later["why"] == why)
            asked, seen = later["waited"][these].astype(np.float64), observed[these]
            yield BackoffRow(
                attempt=int(number),
                why=WHYS[why],
                attempts=int(these.sum()),
                asked_p50=float(np.quantile(asked, 0.5, method="inverted_cdf")),
                asked_longest=float(asked.max()),
                observed_p50=float(np.quantile(seen, 0.5, method="inverted_cdf")),
                observed_longest=float(seen.max()),
            )


def decisions(run: Run) -> tuple[DecisionRow, ...]:
    """The decisions of all clients by kind and where they led, in order of their first time."""
    kinds: dict[tuple[str, str], list[Decided]] = {}
    for made in sorted(run.decisions, key=lambda made: (made.decision.at, made.client)):
        kinds.setdefault((made.decision.kind, made.decision.region), []).append(made)
    return tuple(
        DecisionRow(
            kind=kind.replace("_", " "),
            towards=region,
            times=len(made),
            clients=len({one.client for one in made}),
            first=made[0].decision.at,
            last=made[-1].decision.at,
            why=commonest(one.decision.why for one in made),
        )
        for (kind, region), made in kinds.items()
    )


def integrity(run: Run) -> tuple[IntegrityRow, ...]:
    """The audit by region and key version."""
    versions = {entry.number: entry.key_version for entry in run.ledger}
    found: dict[tuple[str, str], list[Audited]] = {}
    for one in run.audit:
        found.setdefault((one.region, versions.get(one.number, "")), []).append(one)
    return tuple(
        IntegrityRow(
            region=region,
            key_version=version,
            audited=len(these),
            right=sum(one.verdict == "right" for one in these),
            wrong=sum(one.verdict == "wrong" for one in these),
            lost=sum(one.verdict == "lost" for one in these),
            why=commonest(one.why for one in these if one.verdict != "right"),
        )
        for (region, version), these in sorted(found.items())
    )
