"""The tables of a report with every number written out, for the page, the PDF and the terminal."""

import re
from collections.abc import Iterable

from chaos.analysis.findings import Finding, Proof
from chaos.report import achieved, conduct, numbers, wording
from chaos.report.account import Account
from chaos.report.cells import (
    Cell,
    Table,
    code,
    count,
    instant,
    measured,
    rate,
    ratio,
    seconds,
    share,
    words,
)
from chaos.report.rows import PhaseRow

_ORDER = ("eligible", "matched", "injected", "escaped")
_DELAYING = ("latency", "slow", "iam_slow")
_TIMES = ("asked", "measured", "late")
_COUNTS = {
    "delayed": "Delayed",
    "asked": "Delay asked",
    "measured": "Delay measured",
    "late": "Worst lateness",
}


def objectives(account: Account) -> Table:
    """Every objective: rule, value, n, limit, margin, verdict, why."""
    return Table(
        "objectives",
        "Objectives",
        "Each rule of the scenario, held against the records of this run. The margin is the "
        "distance to the limit as a share of the limit, negative on the wrong side; "
        "exact is on it.",
        ("Rule", "Value", "n", "Limit", "Margin", "Verdict", "Why"),
        tuple(_finding(account, finding) for finding in account.analysis.findings),
        "The scenario states no objective, so nothing could pass.",
    )


def _finding(account: Account, finding: Finding) -> tuple[Cell, ...]:
    margin = finding.margin
    verdict, stands = wording.standing(account.run, account.analysis, finding)
    cited = ", ".join(str(n) for n in finding.records if not _says(finding.why, n))
    named = "Operations" if "," in cited else "Operation"
    why = f"{finding.why} ({named} {cited}.)" if cited else finding.why
    return (
        code(finding.objective.text),
        measured(finding.measured, finding.objective.limit),
        count(float(finding.measured.n)),
        Cell(numbers.limit(finding.objective), finding.objective.limit),
        Cell(numbers.margin(margin), -1e9 if margin is None else float(margin)),
        Cell(stands, stands, verdict=verdict),
        words(why),
    )


def _says(why: str, number: int) -> bool:
    return re.search(rf"(?<![\d,.]){number}(?![\d,.]?\d)", why) is not None


def measures(account: Account) -> Table:
    """The measures of the whole run."""
    return _measures(
        account,
        ("measures", "Measures", "A value that was not reached is a lower bound and says so."),
        within=False,
    )


def measures_within(account: Account) -> Table:
    """The measures of its parts."""
    title = "Measures by phase, region and operation"
    return _measures(account, ("measures-within", title, ""), within=True)


def _measures(account: Account, head: tuple[str, str, str], *, within: bool) -> Table:
    shown = [pair for pair in account.analysis.measures if ("(" in pair[0]) == within]
    return Table(
        *head,
        ("Measure", "Value", "n"),
        tuple((code(name), measured(found), count(float(found.n))) for name, found in shown),
        "Nothing was measured.",
    )


def phases(account: Account) -> Table:
    """What callers saw, phase by phase."""
    return Table(
        "phases",
        "Phases",
        "Operations belong to the phase in which they were due, attempts to the one in which they "
        "were sent. Amplification is attempts per operation: all that were sent, and those that "
        "came to the service. Response time counts from when an operation was due, service time "
        "from when it started; they differ where the load generator was late.",
        (
            "Phase",
            "From",
            "To",
            "Due",
            "Answered",
            "Failed",
            "Unknown",
            "Availability",
            "Goodput",
            "Response p50",
            "Response p99",
            "Service p99",
            "Attempts",
            "Amplification",
            "At the service",
        ),
        tuple(_phase(row) for row in account.phases),
        "No phase was played.",
    )


def _phase(row: PhaseRow) -> tuple[Cell, ...]:
    counts = (row.due, row.ok, row.failed, row.unknown)
    return (
        words(row.phase),
        instant(row.starts),
        instant(row.ends),
        *(count(float(number)) for number in counts),
        share(row.availability),
        rate(row.goodput),
        seconds(row.response_p50),
        seconds(row.response_p99),
        seconds(row.service_p99),
        count(float(row.attempts)),
        ratio(row.amplification),
        ratio(row.server_amplification),
    )


def proofs(account: Account) -> Table:
    """What each fault touched."""
    names = _counted(account.analysis.proofs)
    return Table(
        "proof",
        "Proof of injection",
        "A fault that touched nothing proves nothing. T0 is the first touch, not the moment at "
        "which the fault was asked for.",
        (
            "Fault",
            "Kind",
            "Target",
            "Injected at",
            "First touch at",
            "Healed at",
            *(_COUNTS.get(name, name.title()) for name in names),
        ),
        tuple(_proof(proof, names) for proof in account.analysis.proofs),
        "The scenario has no fault.",
    )


def _counted(proofs: Iterable[Proof]) -> tuple[str, ...]:
    """What some injector counted: the four of every fault in their order, then what a kind has."""
    names = {name for proof in proofs for name in _shown(proof)}
    return (*(name for name in _ORDER if name in names), *sorted(names - {*_ORDER}))


def _shown(proof: Proof) -> dict[str, float]:
    """The counts that say something of a fault of this kind: one that delays nothing has no delay.

    Its lateness and the like stay zero, and would read as something that was measured.
    """
    delays = proof.kind in _DELAYING
    kept = {*_ORDER, *(_COUNTS if delays else ())}
    return {name: found for name, found in proof.counts if name in kept or found}


def _proof(proof: Proof, names: Iterable[str]) -> tuple[Cell, ...]:
    counts = _shown(proof)
    return (
        words(proof.fault),
        words(proof.kind),
        words(proof.target),
        instant(proof.injected),
        instant(proof.first) if proof.first is not None else Cell("never", -1.0),
        instant(proof.healed),
        *((seconds if name in _TIMES else count)(counts.get(name)) for name in names),
    )


def events(account: Account) -> Table:
    """The run's moments."""
    return Table(
        "events",
        "Events",
        f"Seconds since time zero, {account.identity.started_utc}.",
        ("At", "Event", "What happened"),
        tuple((instant(row.at), words(row.event), words(row.text)) for row in account.events),
        "Nothing happened.",
    )


def environment(account: Account) -> Table:
    """What the run was played on."""
    return Table(
        "environment",
        "Environment",
        "",
        ("What", "Which"),
        tuple(
            (words(name), words(value)) for name, value in sorted(account.run.environment.items())
        ),
        "The environment was not recorded.",
    )


def files(account: Account) -> Table:
    """The raw files."""
    return Table(
        "files",
        "Raw records",
        "Every number above is computed from these files.",
        ("File", "Size", "Rows", "SHA-256"),
        tuple(
            (
                code(row.name),
                Cell(numbers.size(row.octets), float(row.octets)),
                count(row.rows),
                code(row.sha256),
            )
            for row in account.files
        ),
        "This report was made without stored records.",
    )


def every(account: Account) -> dict[str, Table]:
    """All tables by name, in the order of the report."""
    makers = (objectives, achieved.achieved, measures, measures_within, phases, proofs,
              *conduct.TABLES, events, environment, files)  # fmt: skip
    return {table.name: table for table in (maker(account) for maker in makers)}
