"""Four verdicts, worst wins, and what each needs before it is believed.

aborted > failed > inconclusive > passed. A censored value at or past the limit has failed, below it
nothing is known yet. What a fault without proof, or a load generator that fell behind, left behind
is no pass; the latter is no failure either, but for the data keys, which the load cannot spoil.
"""

import operator
from collections.abc import Callable, Iterable

from chaos.analysis.findings import Finding, Measured, Verdict
from chaos.scenario.objective import Comparison, Objective

ORDER: tuple[Verdict, ...] = ("passed", "inconclusive", "failed", "aborted")
_HOLDS: dict[Comparison, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "==": operator.eq,
}


def judge(measured: Measured, comparison: Comparison, limit: float) -> Verdict:
    """What a value says about a rule.

    A censored value is a lower bound that the true value lies above.
    """
    if measured.value is None:
        return "inconclusive"
    if not measured.censored:
        return "passed" if _HOLDS[comparison](measured.value, limit) else "failed"
    if comparison in (">=", ">"):
        return "passed" if measured.value >= limit else "inconclusive"
    return "failed" if measured.value >= limit else "inconclusive"


def margin(measured: Measured, comparison: Comparison, limit: float) -> float | None:
    """How far a value lies on the right side of its limit, as a share of the limit.

    Of a limit of nothing there is no share: 0 where the rule holds, -1 where it does not.
    """
    value = measured.value
    if value is None:
        return None
    if limit == 0:
        return 0.0 if judge(measured, comparison, limit) == "passed" else -1.0
    if comparison == "==":
        return 0.0 if value == limit else -abs(value - limit) / limit
    apart = limit - value if comparison in ("<=", "<") else value - limit
    return apart / limit


def tolerates_wrong_plaintext(objective: Objective) -> bool:
    """Whether another plaintext than was wrapped leaves the rule as it is.

    It is counted apart from what does not open, and no share of what does makes up for it.
    """
    return objective.measure.name != "integrity"


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of some verdicts; inconclusive where there is none, since nothing was measured."""
    return max(verdicts, key=ORDER.index, default="inconclusive")


def overall(findings: Iterable[Finding], aborted: str) -> Verdict:
    """The verdict of a run."""
    return "aborted" if aborted else worst(finding.verdict for finding in findings)


def needs_fault(objective: Objective) -> bool:
    """Whether a pass would claim something about life under the fault."""
    return "steady" not in objective.measure.where


def of_data_keys(objective: Objective) -> bool:
    """Whether the rule is about what the audit found, which no load generator can spoil."""
    return objective.measure.name in ("integrity", "wrong_plaintext")
