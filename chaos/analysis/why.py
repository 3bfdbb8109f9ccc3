"""Why a finding is not passed: one sentence a measure, from the records' causal chain."""

from collections.abc import Callable

import numpy as np

from chaos.analysis.case import Case
from chaos.analysis.detours import detect_why, failover_why
from chaos.analysis.evidence import UNKNOWN
from chaos.analysis.integrity import integrity
from chaos.analysis.selection import attempts_in, operations_in
from chaos.analysis.telling import Told, ending, longest, numbers, reasons, region_name, story
from chaos.analysis.wording import listed, many, seconds, share
from chaos.run.record import WHYS
from chaos.scenario.objective import Measure
from chaos.scenario.vocabulary import AFTER_FAILOVER

_NOTHING = Told("nothing was recorded that it could be measured on")


def why(case: Case, measure: Measure) -> Told:
    """What the records say about a measure that did not come out as it should."""
    return _WHYS[measure.name](case, measure)


def _failover(case: Case, measure: Measure) -> Told:
    if not len(case.journeys.clients):
        return Told("no operation was touched by a fault, so no client had to fail over")
    return failover_why(case, measure.statistic or "p50")


def _detect(case: Case, measure: Measure) -> Told:
    if case.t0 is None or not len(case.journeys.clients):
        return Told("no operation was touched by a fault, so there was nothing to detect")
    return detect_why(case, measure.statistic or "p50")


def _availability(case: Case, measure: Measure) -> Told:
    evidence, flags = case.evidence, operations_in(case, measure.where)
    total = int(flags.sum())
    found = reasons(evidence, flags)
    if not total and AFTER_FAILOVER in measure.where and np.isnan(case.journeys.arrived).all():
        return Told("no client failed over, so nothing was due after it", (), "no backup tried")
    if not found:
        return _NOTHING
    bad = sum(count for _, count, _ in found)
    first = found[0][2]
    parts = [f"{count:,} {words}" for words, count, _ in found[:3]]
    number = int(evidence.operations["number"][first])
    text = (
        f"{bad:,} of {many(total, 'operation')} did not end ok: {listed(parts)}; the first, "
        f"operation {number}, ended after {_duration(case, first)}: {ending(evidence, first)}"
    )
    cause = "no attempt" if found[0][0].startswith("without") else "failed operations"
    return Told(text, numbers(evidence, [first for _, _, first in found]), cause)


def _duration(case: Case, row: int) -> str:
    operation = case.evidence.operations[row]
    return seconds(float(operation["ended"] - operation["due"]))


def _amplification(case: Case, measure: Measure) -> Told:
    evidence, flags = case.evidence, attempts_in(case, measure.where)
    started = int(operations_in(case, measure.where, at="started").sum())
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
    rows, many_times = np.unique(evidence.row[flags & (evidence.row >= 0)], return_counts=True)
    worst = int(rows[int(np.argmax(many_times))])
    number = int(evidence.operations["number"][worst])
    text = (
        f"{int(flags.sum()):,} attempts for {many(started, 'operation')}: {listed(parts)} besides "
        f"the first attempts; operation {number} alone made {int(many_times.max())} in "
        f"{_duration(case, worst)}"
    )
    return Told(text, (number,), "retries amplify")


def _recover(case: Case, _: Measure) -> Told:
    found = case.recovery
    if found is None or found.baseline is None:
        return Told("nothing was due before the fault that the time after it could be held against")
    worst = found.worst
    if worst is None or not worst.due:
        starts, ends = found.t0, found.recovered or found.until
    else:
        starts, ends = worst.starts, worst.ends
    due = case.evidence.operations["due"]
    within = (due >= starts) & (due < ends)
    bad = reasons(case.evidence, within)
    if not bad:
        return Told(
            f"half of the clients had noticed {seconds(found.measured(None).value or 0.0)} after T0"
        )
    good = 1.0 - sum(count for _, count, _ in bad) / int(within.sum())
    text = (
        f"between {seconds(starts)} and {seconds(ends)} only {share(good)} of the operations were "
        f"ok ({share(found.baseline)} before the fault): {bad[0][1]:,} {bad[0][0]}"
    )
    if worst is not None and not worst.due:
        window = seconds(case.run.scenario.window)
        text += f"; from then on all was well, but less than {window} of the phase was left"
    return Told(text, numbers(case.evidence, [bad[0][2]]), "not recovered")


def _failback(case: Case, _: Measure) -> Told:
    found = case.failback
    if found is None:
        return Told("no fault was seen to bite and to heal, so there was no way home to measure")
    evidence, operations = case.evidence, case.evidence.operations
    home = evidence.run.regions.index(evidence.run.scenario.clients.regions[0])
    ends = found.back if found.back is not None else np.inf
    rows = np.flatnonzero(
        (operations["due"] >= found.healed)
        & (operations["due"] <= ends)
        & (operations["region"] != home)
    )
    name = region_name(evidence, home)
    if not len(rows):
        at = seconds(found.healed)
        return Told(f"operations failed at {name} itself after it was healed at {at}")
    last = operations[rows[-1]]
    clients = len(np.unique(operations["client"][rows]))
    tail = f"in the last window {share(found.away)} were still elsewhere; "
    text = (
        f"{many(len(rows), 'operation')} of {many(clients, 'client')} went elsewhere after {name} "
        f"was healed at {seconds(found.healed)}; {tail if found.back is None else ''}the last, "
        f"operation {int(last['number'])} of client {int(last['client'])}, was due at "
        f"{seconds(float(last['due']))}"
    )
    return Told(text, (int(last["number"]),), "slow failback")


def _response(case: Case, measure: Measure) -> Told:
    flags = operations_in(case, measure.where)
    row = longest(case.evidence, flags, "started" if measure.name == "service" else "due")
    if row < 0:
        return _NOTHING
    number = int(case.evidence.operations["number"][row])
    text = (
        f"the slowest, operation {number}, took {_duration(case, row)}: {story(case.evidence, row)}"
    )
    return Told(text, (number,), "slow operations")


def _lost(case: Case, _: Measure) -> Told:
    if case.recovery is None:
        return _NOTHING
    return _availability(case, Measure("availability", ("fault",)))


def _unknown(case: Case, measure: Measure) -> Told:
    evidence, flags = case.evidence, operations_in(case, measure.where)
    rows = np.flatnonzero(flags & (evidence.operations["outcome"] == UNKNOWN))
    if not len(rows):
        return _NOTHING
    first = int(rows[0])
    number = int(evidence.operations["number"][first])
    text = (
        f"{many(len(rows), 'operation')} ended without the client learning whether the service had "
        f"carried it out; the first, operation {number}: {ending(evidence, first)}"
    )
    return Told(text, numbers(evidence, [int(row) for row in rows]), "unknown outcomes")


def _integrity(case: Case, measure: Measure) -> Told:
    found = integrity(case.run, measure.where)
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
    "detect": _detect,
    "failover": _failover,
    "recover": _recover,
    "failback": _failback,
    "availability": _availability,
    "amplification": _amplification,
    "response": _response,
    "service": _response,
    "lost_operations": _lost,
    "unknown_outcomes": _unknown,
    "integrity": _integrity,
    "wrong_plaintext": _integrity,
}
