"""Why one client needed so long to fail over, or never did: its journey read from its attempts."""

import numpy as np

from chaos.analysis.case import Case
from chaos.analysis.evidence import Bools, Floats
from chaos.analysis.selection import travelled
from chaos.analysis.spread import holder
from chaos.analysis.telling import TIMEOUTS, Told, gave_up, group_of, region_name, tries
from chaos.analysis.wording import LEAST_STATUS, kind, many, reply, seconds
from chaos.run.record import Columns
from chaos.scenario.objective import Measure

_HALF = 0.5


def failover_why(case: Case, measure: Measure) -> Told:
    """The client that stands for the statistic, and what kept it."""
    case = travelled(case, measure.where)
    if not len(case.journeys.clients):
        text = "no operation was touched by a fault, so no client had to fail over"
        return Told(text, (), "nothing to flee")
    index = _standing_for(case, case.journeys.failover, measure)
    if case.journeys.arrival[index] < 0:
        return _never_arrived(case, index)
    return _late(case, index)


def _standing_for(case: Case, taken: tuple[Floats, Bools], measure: Measure) -> int:
    """The journey of the client whose slowest one is the statistic."""
    values, censored, rows = case.journeys.slowest(*taken)
    return int(rows[holder(values, censored, measure.statistic or "p50")])


def _never_arrived(case: Case, index: int) -> Told:
    evidence, journeys = case.evidence, case.journeys
    client, left = int(journeys.clients[index]), int(journeys.left[index])
    mine = evidence.attempts[evidence.attempts["client"] == client]
    until = journeys.until[index]
    during = mine[(mine["ended"] > journeys.begun[index]) & (mine["sent"] < until)]
    away = during[during["region"] != left]
    alike = np.unique(journeys.clients[journeys.arrival < 0])
    every = many(len(np.unique(journeys.clients)), "client")
    fleet = f"{len(alike):,} of {every} alike{group_of(evidence, alike)}"
    name = region_name(evidence, left)
    first = evidence.attempts[journeys.first[index]]
    number = int(first["operation"])
    if len(away):
        other = region_name(evidence, int(away[0]["region"]))
        text = (
            f"client {client} tried {other} from {seconds(float(away[0]['sent']))} on, but none of "
            f"its attempts succeeded there before {seconds(until)}: {tries(evidence, away)} "
            f"(operation {int(away[0]['operation'])}; {fleet})"
        )
        return Told(text, (int(away[0]["operation"]),), "backup failed as well")
    text = (
        f"client {client} never left {name}: {_given_up(case, int(journeys.first[index]))}; "
        f"no backup was tried (operation {number}; {fleet})"
    )
    return Told(text, (number,), "no backup tried")


def _given_up(case: Case, attempt: int) -> str:
    """What the operation of an attempt did until it gave up, where it did."""
    evidence = case.evidence
    row = int(evidence.row[attempt])
    if evidence.hung[row]:
        since = float(evidence.attempts["sent"][attempt])
        return f"{tries(evidence, evidence.attempts_of(row))} from {seconds(since)} on, and no end"
    operation, attempts = evidence.operations[row], evidence.attempts_of(row)
    lasted = seconds(float(attempts["ended"].max() - operation["started"]))
    kinds = {int(status) for status in attempts["status"]}
    if len(kinds) > 1:
        said = tries(evidence, attempts)
    elif min(kinds) < LEAST_STATUS:
        said = many(len(attempts), f"{kind(kinds.pop())} attempt")
    else:
        said = f"{many(len(attempts), 'attempt')} answered {kinds.pop()}"
    if _ok(case, row):
        return f"{said} over {lasted}, then it was served there"
    return f"{said} over {lasted}, then {gave_up(operation, attempts)}"


def _ok(case: Case, row: int) -> bool:
    return bool(case.evidence.ok[row])


def _late(case: Case, index: int) -> Told:
    """Which part of the journey took longest: a timeout, several, waits, silence, the backup."""
    evidence, journeys = case.evidence, case.journeys
    client, left = int(journeys.clients[index]), int(journeys.left[index])
    begun, arrived = float(journeys.begun[index]), float(journeys.arrived[index])
    mine = evidence.attempts[evidence.attempts["client"] == client]
    during = mine[(mine["ended"] > begun) & (mine["sent"] < arrived)]
    there = during[during["region"] == left]
    last = evidence.attempts[journeys.arrival[index]]
    name, other = region_name(evidence, left), region_name(evidence, int(last["region"]))
    took = arrived - begun
    head = f"TTF {seconds(took)}: "
    # Calls of the client that ran beside these two kept nobody from going elsewhere.
    own = (int(evidence.attempts["operation"][journeys.first[index]]), int(last["operation"]))
    mine = there[np.isin(there["operation"], own) & (there["ended"] <= arrived)]
    slow = _timeouts(mine, begun, took, name, other)
    if slow is not None:
        return Told(head + slow.text, slow.records, slow.cause)
    elsewhere = during[during["region"] != left]
    number = int(evidence.attempts["operation"][journeys.first[index]])
    cited = (number, int(last["operation"]))
    spent = _within(elsewhere, begun, arrived)
    if spent >= _HALF * took:
        said = f"{other} took {seconds(spent)} to answer: {tries(evidence, elsewhere)}"
        return Told(f"{head}{said} (operation {cited[1]})", cited[1:], "backup slow")
    if number != int(last["operation"]):
        return _gap(case, index, head, cited)
    waits = took - _within(during, begun, arrived)
    if waits >= _HALF * took:
        said = f"{seconds(waits)} of it were waits between attempts at {name}"
        return Told(
            f"{head}{said} before {other} was tried (operation {number})",
            (number,),
            "waits at a dead region",
        )
    said = f"client {client} spent {tries(evidence, there)} before {other} was tried"
    return Told(f"{head}{said} (operation {number})", (number,), "too many attempts at one region")


def _timeouts(there: Columns, begun: float, took: float, name: str, other: str) -> Told | None:
    """The timeouts waited out at the region that was lost, where they are most of the time."""
    slow = there[np.isin(there["status"], list(TIMEOUTS))]
    if not len(slow):
        return None
    lasted = slow["ended"] - slow["sent"]
    worst = int(np.argmax(lasted))
    number = int(slow["operation"][worst])
    what = TIMEOUTS[int(slow["status"][worst])]
    if min(lasted[worst], slow["ended"][worst] - begun) >= _HALF * took:
        text = (
            f"the {what} of {seconds(float(lasted[worst]))} was waited out in full before {other} "
            f"was tried (operation {number})"
        )
        return Told(text, (number,), "timeout waited out")
    together = slow[slow["operation"] == number]
    spent = float((together["ended"] - together["sent"]).sum())
    if spent < _HALF * took:
        return None
    text = (
        f"{len(together)} attempts in a row waited out their {what} at {name}, {seconds(spent)} "
        f"together, before {other} was tried (operation {number})"
    )
    return Told(text, (number,), "timeouts in a row")


def _gap(case: Case, index: int, head: str, cited: tuple[int, int]) -> Told:
    """The operation that was touched gave up; a later one was the first to go elsewhere."""
    evidence, journeys = case.evidence, case.journeys
    row = int(evidence.row[journeys.first[index]])
    name = region_name(evidence, int(journeys.left[index]))
    other = region_name(evidence, int(evidence.attempts["region"][journeys.arrival[index]]))
    asked = float(evidence.asked_at[journeys.arrival[index]])
    ended = float(evidence.operations["ended"][row])
    if evidence.hung[row] or ended > journeys.arrived[index]:
        text = f"operation {cited[0]} was still under way at {name} when another went to {other}"
        return Told(f"{head}{text} (operation {cited[1]})", cited, "learns by operation")
    lasted = seconds(ended - float(evidence.operations["started"][row]))
    text = (
        f"operation {cited[0]} {'ended' if _ok(case, row) else 'gave up'} at {name} after {lasted}"
        f" without trying {other}; the first to be served there, operation {cited[1]}, was due "
        f"{seconds(abs(asked - ended))} {'later' if asked >= ended else 'before that'}"
    )
    return Told(head + text, cited, "learns by operation")


def _within(attempts: Columns, begun: float, arrived: float) -> float:
    """How much of the journey attempts took, one after the other."""
    lasted = np.minimum(attempts["ended"], arrived) - np.maximum(attempts["sent"], begun)
    return float(np.maximum(lasted, 0.0).sum())


def detect_why(case: Case, measure: Measure) -> Told:
    """The client that stands for the statistic, and when it was first told by the fault."""
    case = travelled(case, measure.where)
    if case.t0 is None or not len(case.journeys.clients):
        text = "no operation was touched by a fault, so there was nothing to detect"
        return Told(text, (), "nothing to flee")
    evidence, journeys = case.evidence, case.journeys
    index = _standing_for(case, journeys.detection(), measure)
    client = int(journeys.clients[index])
    first = evidence.attempts[journeys.first[index]]
    number, name = int(first["operation"]), region_name(evidence, int(journeys.left[index]))
    met = f"its attempt of {seconds(float(first['sent']))} {reply(int(first['status']))}"
    if np.isnan(journeys.detected[index]):
        text = f"client {client} never turned away from {name} although {met} (operation {number})"
        return Told(text, (number,), "no backup tried")
    t0 = float(journeys.t0[index])
    quiet = float(journeys.begun[index]) - t0
    noticed = float(journeys.detected[index])
    if quiet >= _HALF * (noticed - t0):
        since = "T0" if t0 == case.t0 else f"{seconds(t0)}, when the fault first bit"
        text = (
            f"client {client} had nothing to do until {seconds(quiet)} after {since}; "
            f"{met} and it turned away at {seconds(noticed)} (operation {number})"
        )
        return Told(text, (number,), "quiet client")
    text = (
        f"client {client} turned away from {name} only at {seconds(noticed)}: {met} after "
        f"{seconds(float(first['ended'] - first['sent']))} (operation {number})"
    )
    return Told(text, (number,), "slow to detect")
