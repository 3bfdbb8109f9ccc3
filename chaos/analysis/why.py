"""Why a finding is not passed: one sentence a measure, from the records' causal chain."""

from collections.abc import Callable, Sequence

from chaos.analysis.aftermath import (
    failback_why,
    herd_why,
    metastable_why,
    recover_why,
    time_to_steady_why,
)
from chaos.analysis.case import Case
from chaos.analysis.detours import detect_why, failover_why
from chaos.analysis.habits import backoff_why, early_why, switches_why, token_requests_why
from chaos.analysis.integrity import integrity, longest_wait
from chaos.analysis.shortfalls import (
    amplification_why,
    availability_why,
    lost_why,
    response_why,
    unknown_why,
)
from chaos.analysis.telling import Told
from chaos.analysis.wording import listed, many, seconds
from chaos.run.world import Audited
from chaos.scenario.objective import Measure


def why(case: Case, measure: Measure) -> Told:
    """What the records say about a measure that did not come out as it should."""
    return _WHYS[measure.name](case, measure)


def _integrity(case: Case, measure: Measure) -> Told:
    """Which data keys open to another plaintext, and which do not open: told apart."""
    found = integrity(case.audit, measure.where)
    if not found.entries:
        return Told("no data key was wrapped, so there was nothing to audit")
    keys = many(found.entries, "data key")
    lost = () if measure.name == "wrong_plaintext" else found.lost
    parts = [
        _bad(bad, keys, what)
        for bad, what in ((found.wrong, "open to another plaintext"), (lost, "do not open"))
        if bad
    ]
    if not parts:
        return Told(f"the audit did not reach {found.missed:,} of {keys}")
    if found.wrong and measure.name == "integrity":
        parts.append("another plaintext is never tolerated, however many keys are right")
    cited = tuple(dict.fromkeys(each.number for each in (*found.wrong, *lost)))[:5]
    return Told("; ".join(parts), cited, "wrong plaintext" if found.wrong else "data keys lost")


def _bad(bad: Sequence[Audited], keys: str, what: str) -> str:
    count = len({each.number for each in bad})
    regions = listed(sorted({each.region for each in bad}))
    first = bad[0]
    return (
        f"{count:,} of {keys} {what} in {regions}; the first is the one wrapped as "
        f"{first.number}: {first.why or first.verdict}"
    )


def _key_rpo(case: Case, measure: Measure) -> Told:
    """The data keys that never opened at the backup, or the one that waited longest to."""
    found, wrapped = integrity(case.audit), case.audit.wrapped
    bad = (*found.wrong, *found.lost)
    longest = longest_wait(case.audit)
    at_backup = any(each.region != wrapped[each.number].region for each in bad)
    if at_backup or not found.entries or (found.missed and not bad):
        return _integrity(case, measure)
    if longest is None:
        return Told("the records do not show when each rotation was repeated at the backup")
    entry, region = longest.entry, longest.region
    text = (
        f"the data key wrapped as {entry.number} at {seconds(max(0.0, entry.at))}, with version "
        f"{entry.key_version} of the root key, did not open in {region} for "
        f"{seconds(longest.lasted)}: the rotation was repeated there only at {seconds(longest.at)}"
    )
    return Told(text, (entry.number,), "data keys lost")


_WHYS: dict[str, Callable[[Case, Measure], Told]] = {
    "detect": detect_why,
    "failover": failover_why,
    "recover": recover_why,
    "failback": failback_why,
    "time_to_steady": time_to_steady_why,
    "metastable": metastable_why,
    "availability": availability_why,
    "goodput": availability_why,
    "amplification": amplification_why,
    "server_amplification": amplification_why,
    "response": response_why,
    "service": response_why,
    "lost_operations": lost_why,
    "unknown_outcomes": unknown_why,
    "early_retries": early_why,
    "herd_index": herd_why,
    "backoff_growth": backoff_why,
    "backoff_jitter": backoff_why,
    "switches": switches_why,
    "token_requests": token_requests_why,
    "integrity": _integrity,
    "wrong_plaintext": _integrity,
    "key_rpo": _key_rpo,
}
