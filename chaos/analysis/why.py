"""Why a finding is not passed: one sentence a measure, from the records' causal chain."""

from collections.abc import Callable

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
from chaos.analysis.integrity import integrity
from chaos.analysis.shortfalls import (
    amplification_why,
    availability_why,
    lost_why,
    response_why,
    unknown_why,
)
from chaos.analysis.telling import Told
from chaos.analysis.wording import listed, many
from chaos.scenario.objective import Measure


def why(case: Case, measure: Measure) -> Told:
    """What the records say about a measure that did not come out as it should."""
    return _WHYS[measure.name](case, measure)


def _integrity(case: Case, measure: Measure) -> Told:
    found = integrity(case.audit, measure.where)
    bad = found.wrong if measure.name == "wrong_plaintext" else (*found.wrong, *found.lost)
    if not found.entries:
        return Told("no data key was wrapped, so there was nothing to audit")
    if not bad:
        keys = many(found.entries, "data key")
        return Told(f"the audit did not reach {found.missed:,} of {keys}")
    first = bad[0]
    regions = listed(sorted({each.region for each in bad}))
    wrong = len({each.number for each in found.wrong})
    what = "open to another plaintext" if wrong else "do not open"
    count = len({each.number for each in bad})
    text = (
        f"{count:,} of {many(found.entries, 'data key')} {what} in {regions}; the first is the one "
        f"wrapped as {first.number}: {first.why or first.verdict}"
    )
    cited = tuple(dict.fromkeys(each.number for each in bad))[:5]
    return Told(text, cited, "wrong plaintext" if wrong else "data keys lost")


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
    "key_rpo": _integrity,
}
