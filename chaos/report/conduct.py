"""The tables of how clients behaved: what attempts got, the waits, the decisions, what was lost."""

from chaos.analysis.compliance import TOLERANCE
from chaos.analysis.findings import Backoff, Measured
from chaos.report import numbers
from chaos.report.account import Account
from chaos.report.cells import (
    Cell,
    Table,
    code,
    count,
    instant,
    measured,
    ratio,
    seconds,
    share,
    words,
)
from chaos.report.rows import BackoffRow, GroupRow

# What floats leave of virtual time; on sockets a wait ends a thousand times as late.
_ON_TIME = 1e-6


def groups(account: Account) -> Table:
    """How each group of the clients came through."""
    return Table(
        "groups",
        "Groups of clients",
        "All groups met the same faults, each with the policy named here.",
        ("Group", "Clients", "Policy", "Regions", "Due", "Availability", "In the fault",
         "Response p99", "Amplification", "Failover p95", "Most switches"),
        tuple(map(_group, account.groups)),
        "All clients are alike: the scenario has no groups.",
    )  # fmt: skip


def _group(row: GroupRow) -> tuple[Cell, ...]:
    return (
        words(row.group),
        count(float(row.clients)),
        code(row.policy),
        words(", then ".join(row.regions)),
        count(float(row.due)),
        share(row.availability),
        share(row.availability_in_fault),
        seconds(row.response_p99),
        ratio(row.amplification),
        measured(Measured(row.failover_p95, "seconds", row.clients, row.failover_censored)),
        count(row.switches_max),
    )


def answers(account: Account) -> Table:
    """What came back of single attempts."""
    return Table(
        "answers",
        "What single attempts got",
        "Callers see operations; these are the attempts behind them.",
        ("Region", "Answer", "Attempts", "Share in region", "p50", "Longest"),
        tuple(
            (
                words(row.region),
                words(row.answer),
                count(float(row.attempts)),
                share(row.share),
                seconds(row.p50),
                seconds(row.longest),
            )
            for row in account.answers
        ),
        "No attempt was recorded.",
    )


def backoffs(account: Account) -> Table:
    """The waits before attempts."""
    return Table(
        "backoff",
        "Backoff, asked for and observed",
        f"{strategy(account.analysis.backoff)} Asked for is what the policy decided; observed is "
        "from the end of the attempt before, and from its sending where it is hedged.",
        ("Attempt", "Why", "Attempts", "Asked p50", "Asked longest", "Observed p50",
         "Observed longest"),
        tuple(_backoff(row) for row in account.backoffs),
        "No operation took more than one attempt.",
    )  # fmt: skip


def retry_afters(account: Account) -> Table:
    """What was asked for beside what was seen."""
    return Table(
        "retry-after",
        "Retry-After, asked for and observed",
        "A retry is an attempt of the same operation at the region that had asked to be left "
        "alone; its margin is how much later it came than it was allowed to, and below "
        f"{numbers.MINUS}{numbers.seconds(TOLERANCE)} it is early. What went elsewhere instead is "
        "no retry.",
        ("Region", "Answers that asked", "Asked p50", "Asked longest", "Retries", "Waited p50",
         "Shortest margin", "Early"),
        tuple(
            (
                words(row.region),
                count(float(row.answers)),
                seconds(row.asked_p50),
                seconds(row.asked_longest),
                count(float(row.retries)),
                seconds(row.waited_p50),
                seconds(row.least_margin),
                count(float(row.early)),
            )
            for row in account.retry_afters
        ),
        "No answer asked the clients to stay away for a while.",
    )  # fmt: skip


def strategy(found: Backoff | None) -> str:
    """What the waits show of the policy, in a sentence or two."""
    if found is None:
        return "There were too few waits to tell a strategy from them."
    shape = {"none": "no backoff at all", "constant": "a constant wait"}.get(
        found.strategy, f"{found.strategy} backoff"
    )
    cap = f", capped at {numbers.seconds(found.cap)}" if found.cap is not None else ""
    # First retries alone show no factor.
    factor = f", factor {numbers.significant(found.factor)}" if found.factor != 1 else ""
    base = f" from {numbers.seconds(found.base)}{factor}{cap}" if found.strategy != "none" else ""
    told = f"{numbers.count(found.n)} waits look like {shape}{base}."
    known = {
        "jitter (coefficient of variation)": found.jitter,
        "growth": found.growth,
        "autocorrelation": found.autocorrelation,
    }
    parts = [f"{name} {numbers.significant(v, 2)}" for name, v in known.items() if v is not None]
    late = f"they ended {numbers.seconds(found.late_p99)} late at p99"
    late = "they ended on time" if abs(found.late_p99) < _ON_TIME else late
    return f"{told} {'; '.join([*parts, late]).capitalize()}."


def _backoff(row: BackoffRow) -> tuple[Cell, ...]:
    waits = (row.asked_p50, row.asked_longest, row.observed_p50, row.observed_longest)
    return (
        Cell(f"{row.attempt}", float(row.attempt)),
        words(row.why),
        count(float(row.attempts)),
        *map(seconds, waits),
    )


def decisions(account: Account) -> Table:
    """What the clients decided."""
    return Table(
        "decisions",
        "What the clients decided",
        "One line per kind of decision and where it led; the reason is the most frequent one, "
        "with the range of the times in it.",
        ("Decision", "Region", "Times", "Clients", "First", "Last", "Why"),
        tuple(
            (
                words(row.kind),
                words(row.towards),
                count(float(row.times)),
                count(float(row.clients)),
                instant(row.first),
                instant(row.last),
                words(row.why),
            )
            for row in account.decisions
        ),
        "No client decided anything: none turned away from a region or gave up on one.",
    )


def integrity(account: Account) -> Table:
    """Which data keys still open, and where."""
    return Table(
        "integrity",
        "Data integrity",
        f"The ledger holds {numbers.count(len(account.run.ledger))} data keys that were "
        "acknowledged to clients. After the load each was unwrapped again in every region that "
        "should be able to, and its plaintext was held against the digest noted at wrap.",
        ("Region", "Key version", "Audited", "Right", "Wrong", "Lost", "Still open", "Why lost"),
        tuple(
            (
                words(row.region),
                code(row.key_version),
                *(count(float(n)) for n in (row.audited, row.right, row.wrong, row.lost)),
                share(row.right / row.audited),
                words(row.why),
            )
            for row in account.integrity
        ),
        "No data key was audited, so nothing is said about integrity.",
    )


TABLES = (groups, answers, backoffs, retry_afters, decisions, integrity)
