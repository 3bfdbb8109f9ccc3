"""A run that passes every rule, for tests that spoil it in one respect."""

from chaos.analysis.findings import Analysis
from tests.analysis.made import BACKUP, REGIONS, Made, failed_over

RULES = (
    "failover.p95 <= rto",
    "recover <= rto",
    "failback <= 15s",
    "availability(steady) >= 99%",
    "availability(fault, after failover) >= 99%",
    "amplification <= 1.2",
    "integrity == 100%",
    "wrong_plaintext == 0",
)


def good(rules: tuple[str, ...] = RULES) -> Made:
    """Two clients that fail over at once and come home at once, and keys that open."""
    made = Made(objectives=rules)
    made.healthy(0.0, 20.0)
    failed_over(made, 0, 20.0)
    failed_over(made, 1, 20.01)
    made.healthy(20.2, 40.0, region=BACKUP)
    made.healthy(40.0, 60.0)
    for number in range(5):
        made.wrapped(number, dict.fromkeys(REGIONS, "right"))
    return made


def verdicts(analysis: Analysis) -> dict[str, str]:
    """The verdict of each rule, by its text."""
    return {finding.objective.text: finding.verdict for finding in analysis.findings}
