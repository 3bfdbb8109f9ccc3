"""Why operations did not do as they should: failed, lost, amplified, slow, unknown."""

import numpy as np

from chaos.analysis.case import Case
from chaos.analysis.evidence import UNKNOWN
from chaos.analysis.rates import PARTS, worst
from chaos.analysis.selection import attempts_in, operations_in
from chaos.analysis.telling import (
    Cause,
    Told,
    counted,
    ending,
    longest,
    numbers,
    reasons,
    region_name,
    story,
)
from chaos.analysis.wording import listed, many, seconds
from chaos.run.record import WHYS
from chaos.scenario.objective import Measure
from chaos.scenario.vocabulary import AFTER_FAILOVER

_NOTHING = Told("nothing was recorded that it could be measured on")


def availability_why(case: Case, measure: Measure) -> Told:
    """How many operations of a stretch, or of its worst window, did not end ok, and why."""
    evidence, flags = case.evidence, operations_in(case, measure.where)
    window = worst(case, measure) if measure.name in PARTS else None
    if window is not None:
        due = evidence.operations["due"]
        flags &= (due >= window[0]) & (due < window[1])
    total = int(flags.sum())
    found = reasons(evidence, flags, evidence.ok)
    if not total and AFTER_FAILOVER in measure.where and np.isnan(case.journeys.arrived).all():
        if not len(case.journeys.clients):
            text = "no client had to fail over, so nothing was due after it"
            return Told(text, (), "nothing to flee")
        return Told("no client failed over, so nothing was due after it", (), "no backup tried")
    if not found:
        return _NOTHING
    bad = sum(count for _, count, _ in found)
    # The largest reason is told first; the first operation may well have had another.
    first = min(row for _, _, row in found)
    parts = [counted(count, words) for words, count, _ in found[:3]]
    number = int(evidence.operations["number"][first])
    when = f"from {seconds(window[0])} to {seconds(window[1])} " if window else ""
    text = (
        f"{when}{bad:,} of {many(total, 'operation')} did not end ok: {listed(parts)}; the first, "
        f"operation {number}, {_end(case, first)}"
    )
    cause: Cause = "no attempt" if found[0][0].startswith("without") else "failed operations"
    cited = dict.fromkeys((first, *(row for _, _, row in found)))
    return Told(text, numbers(evidence, list(cited)), cause)


def _end(case: Case, row: int) -> str:
    if case.evidence.hung[row]:
        return f"had not ended {_duration(case, row)} after it was due"
    return f"ended after {_duration(case, row)}: {ending(case.evidence, row)}"


def _duration(case: Case, row: int, since: str = "due") -> str:
    operation = case.evidence.operations[row]
    return seconds(float(operation["ended"] - operation[since]))


def amplification_why(case: Case, measure: Measure) -> Told:
    """Which attempts came besides the first ones, and the operation that made most."""
    evidence, flags = case.evidence, attempts_in(case, measure.where)
    started = PARTS[measure.name](case, measure).n
    extra = evidence.attempts[flags & (evidence.attempts["why"] != WHYS.index("first"))]
    if not len(extra):
        return _NOTHING
    codes, counts = np.unique(
        extra["why"].astype(np.int64) * 256 + extra["region"], return_counts=True
    )
    order = np.argsort(-counts, kind="stable")[:3]
    noun = {"retry": "retries"}
    parts = [
        f"{counts[at]:,} {noun.get(WHYS[int(codes[at]) // 256], WHYS[int(codes[at]) // 256] + 's')}"
        f" at {region_name(evidence, int(codes[at]) % 256)}"
        for at in order
    ]
    rows, many_times = np.unique(evidence.row[flags], return_counts=True)
    worst = int(rows[int(np.argmax(many_times))])
    number = int(evidence.operations["number"][worst])
    text = (
        f"{int(flags.sum()):,} attempts for {many(started, 'operation')}: {listed(parts)} besides "
        f"the first attempts; operation {number} alone made {int(many_times.max())} in "
        f"{_duration(case, worst)}"
    )
    return Told(text, (number,), "retries amplify")


def response_why(case: Case, measure: Measure) -> Told:
    """The slowest operation, and where its time went."""
    flags = operations_in(case, measure.where)
    since = "started" if measure.name == "service" else "due"
    row = longest(case.evidence, flags, since)
    if row < 0:
        return _NOTHING
    number = int(case.evidence.operations["number"][row])
    took = "had not ended after" if case.evidence.hung[row] else "took"
    lasted, told = _duration(case, row, since), story(case.evidence, row)
    text = f"the slowest, operation {number}, {took} {lasted}: {told}"
    return Told(text, (number,), "slow operations")


def lost_why(case: Case, _: Measure) -> Told:
    """The operations of the fault phase that did not end ok."""
    if case.recovery is None:
        return _NOTHING
    return availability_why(case, Measure("availability", ("fault",)))


def unknown_why(case: Case, measure: Measure) -> Told:
    """The operations of which the client never learned what came of them."""
    evidence, flags = case.evidence, operations_in(case, measure.where)
    rows = np.flatnonzero(flags & (evidence.operations["outcome"] == UNKNOWN))
    if not len(rows):
        return _NOTHING
    first = int(rows[0])
    number = int(evidence.operations["number"][first])
    verb = "ended, or never did," if evidence.hung[rows].any() else "ended"
    text = (
        f"{many(len(rows), 'operation')} {verb} without the client learning whether the service "
        f"had carried it out; the first, operation {number}: {ending(evidence, first)}"
    )
    return Told(text, numbers(evidence, [int(row) for row in rows]), "unknown outcomes")
