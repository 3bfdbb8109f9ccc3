"""Recovery objectives against what was achieved: the times of the fault, one row each."""

from chaos.analysis.findings import Finding, Measured
from chaos.report import numbers
from chaos.report.account import Account
from chaos.report.cells import DASH, Cell, Table, count, words

_TIMES = {
    "detect": "Time to detect (TTD)",
    "failover": "Time to fail over (TTF)",
    "recover": "Time to recover (TTR)",
    "time_to_steady": "Time to steady (TTS)",
    "failback": "Time to fail back (TTFB)",
    "key_rpo": "Key RPO",
}
_STATISTICS = ("p50", "p95", "max")


def achieved(account: Account) -> Table:
    """Each time with its spread over clients, its n, and the rules that bound it."""
    return Table(
        "achieved",
        "Times against targets",
        "Times to detect and to fail over are spread over clients; the others are one value a run. "
        "One run is one repetition, so that no interval can be given.",
        ("Time", "p50", "p95", "Max", "n", "Target", "Margin"),
        tuple(_row(account, name) for name in _TIMES),
        "No fault was played.",
    )


def _row(account: Account, name: str) -> tuple[Cell, ...]:
    known = dict(account.analysis.measures)
    one = known.get(name)
    spread = [None, None, one] if one else [known.get(f"{name}.{s}") for s in _STATISTICS]
    n = max((each.n for each in spread if each), default=0)
    # A rule about one group of the clients is no target of the fleet.
    rules = [
        each
        for each in account.analysis.findings
        if (each.objective.measure.name, each.objective.measure.where) == (name, ())
    ]
    strictest = min(rules, key=_margin, default=None)
    return (
        words(_TIMES[name]),
        *(_value(each) for each in spread),
        count(float(n)),
        Cell(", ".join(map(_target, rules)) or "none", _target(strictest) if strictest else ""),
        Cell(numbers.margin(strictest.margin if strictest else None), _margin(strictest)),
    )


def _value(found: Measured | None) -> Cell:
    if found is None or found.value is None:
        return Cell(DASH, -1.0)
    return Cell(numbers.brief(found), float(found.value))


def _target(finding: Finding) -> str:
    measure = finding.objective.measure
    statistic = f"{measure.statistic} " if measure.statistic else ""
    return f"{statistic}{numbers.limit(finding.objective)}"


def _margin(finding: Finding | None) -> float:
    return -1e9 if finding is None or finding.margin is None else float(finding.margin)
