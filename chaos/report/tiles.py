"""The few numbers that a reader sees first: each objective as a value, its words and its limit."""

from dataclasses import dataclass, replace

from chaos.analysis.findings import Analysis, Finding, Verdict
from chaos.report import numbers
from chaos.scenario.objective import Measure

_WORDS = {
    "detect": "to detect",
    "failover": "to fail over",
    "recover": "to recover",
    "failback": "to fail back",
    "time_to_steady": "to be steady again",
    "metastable": "stuck in overload after the heal",
    "availability": "operations answered",
    "goodput": "good operations",
    "amplification": "attempts per operation",
    "server_amplification": "arrivals per operation",
    "response": "response time",
    "service": "service time",
    "lost_operations": "operations lost",
    "unknown_outcomes": "outcomes unknown",
    "early_retries": "retries before Retry-After",
    "herd_index": "peak over calm after the heal",
    "backoff_growth": "growth of the waits",
    "backoff_jitter": "spread of the waits",
    "switches": "changes of region a client",
    "token_requests": "tokens asked for a client",
    "key_rpo": "new keys without their backup",
    "integrity": "data keys that still open",
    "wrong_plaintext": "data keys opened wrongly",
}


@dataclass(frozen=True, slots=True)
class Tile:
    """One number: ``value`` big, ``words`` what it is, ``limit`` what it had to be."""

    value: str
    words: str
    limit: str
    verdict: Verdict


def words(measure: Measure) -> str:
    """A measure as people say it: `to fail over, p95`, `operations answered, in the fault`."""
    said = _WORDS.get(measure.name, measure.name.replace("_", " "))
    places = [_place(word) for word in measure.where]
    return ", ".join([said, *([measure.statistic] if measure.statistic else []), *places])


def _place(word: str) -> str:
    if word == "fault":
        return "in the fault"
    return f"in {word}" if word in {"steady", "recovery"} else word


def tile(finding: Finding, whole: Verdict = "passed") -> Tile:
    """One objective's tile in a run of that verdict: of one that was aborted nothing passed."""
    if finding.objective.measure.name == "metastable" and finding.measured.value is not None:
        return replace(_tile(finding, whole), value="yes" if finding.measured.value else "no")
    return _tile(finding, whole)


def _tile(finding: Finding, whole: Verdict) -> Tile:
    verdict = whole if (whole, finding.verdict) == ("aborted", "passed") else finding.verdict
    return Tile(
        numbers.brief(finding.measured, finding.objective.limit),
        words(finding.objective.measure),
        numbers.limit_in_words(finding.objective),
        verdict,
    )


def tiles(analysis: Analysis, most: int = 6) -> list[Tile]:
    """At most so many tiles, in the scenario's order.

    What did not pass comes before what did, another measure before a second rule over the same
    one, and what was measured in the fault before what was measured outside it.
    """
    ranked = sorted(analysis.findings, key=_rank)
    seen: set[str] = set()
    first: list[Finding] = []
    again: list[Finding] = []
    for finding in ranked:
        fresh = finding.verdict != "passed" or finding.objective.measure.name not in seen
        seen.add(finding.objective.measure.name)
        (first if fresh else again).append(finding)
    kept = (first + again)[:most]
    return [tile(finding, analysis.verdict) for finding in analysis.findings if finding in kept]


def _rank(finding: Finding) -> tuple[bool, bool]:
    return finding.verdict == "passed", "fault" not in finding.objective.measure.where


def tally(analysis: Analysis) -> str:
    """How many objectives held: `5 of 5 objectives held`."""
    held = sum(finding.verdict == "passed" for finding in analysis.findings)
    return f"{held} of {len(analysis.findings)} objectives held"
