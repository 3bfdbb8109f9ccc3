"""Why a run did not come back as it should: recovery, failback, rest, the herd."""

from math import fsum

import numpy as np

from chaos.analysis.case import Case
from chaos.analysis.failback import homes, left
from chaos.analysis.recovery import Stretch
from chaos.analysis.selection import parse
from chaos.analysis.spread import spread
from chaos.analysis.steadiness import portrait
from chaos.analysis.telling import Cause, Told, counted, numbers, reasons, region_name
from chaos.analysis.wording import listed, many, seconds, share
from chaos.scenario.objective import Measure
from chaos.scenario.vocabulary import HERD_WATCHED

_HALF = 0.5
_NOTHING = Told("nothing was recorded that it could be measured on")


def _missing(case: Case) -> str:
    """What a measure of the time after the fault had nothing to be taken from for."""
    if case.recovery is None:
        return "no fault was seen to bite"
    if case.recovery.baseline is None:
        return "nothing was due before the fault that the time after it could be held against"
    return "a fault was not seen to heal"


def recover_why(case: Case, _: Measure) -> Told:
    """What was still wrong when the fleet should have been good again."""
    found = case.recovery
    if found is None or found.baseline is None:
        return Told(_missing(case))
    if not found.due:
        return Told("no operation was due while the fault was in effect")
    noticed = spread(*case.journeys.earliest().detection(found.t0), "p50")
    # Then that is the value, whatever else there was on the way.
    if found.recovered is not None and (noticed.value or 0.0) > found.recovered - found.t0:
        return Told(
            f"half of the touched clients had not noticed before {seconds(noticed.value or 0.0)} "
            f"after T0, and no fleet is called recovered before that",
            (),
            "slow to detect",
        )
    worst = found.worst
    if worst is None or not worst.due:
        starts, ends = found.t0, found.recovered or found.until
    else:
        starts, ends = worst.starts, worst.ends
    due = case.evidence.operations["due"]
    within = (due >= starts) & (due < ends)
    bad = reasons(case.evidence, within, case.evidence.good)
    if not bad:
        return _NOTHING
    good = 1.0 - sum(count for _, count, _ in bad) / int(within.sum())
    ok = f"only {share(good)}" if good else "none"
    text = (
        f"between {seconds(starts)} and {seconds(ends)} {ok} of the operations were "
        f"ok ({share(found.baseline)} before the fault): {counted(bad[0][1], bad[0][0])}"
    )
    if worst is not None and not worst.due:
        text += f"; {_rest(case, worst)}"
    cause: Cause = "not recovered" if left(case.evidence, case.effects) else "no backup tried"
    return Told(text, numbers(case.evidence, [bad[0][2]]), cause)


def _rest(case: Case, rest: Stretch) -> str:
    """What came of the end of the phase, which is too short to call the fleet recovered."""
    operations = case.evidence.operations
    within = (operations["due"] >= rest.starts) & (operations["due"] < rest.ends)
    if (operations["ended"][within] > rest.ends).mean() > _HALF:
        return (
            f"what was due from {seconds(rest.starts)} on was not answered either before the heal "
            f"at {seconds(rest.ends)}, for which it waited"
        )
    window = seconds(case.run.scenario.window)
    return f"from then on all was well, but less than {window} of the phase was left"


def failback_why(case: Case, _: Measure) -> Told:
    """Who went elsewhere after the heal, and until when."""
    found = case.failback
    if found is None:
        return Told(f"{_missing(case)}, so there was no way home to measure")
    evidence, operations = case.evidence, case.evidence.operations
    if not found.left:
        name = evidence.run.scenario.clients.regions[0]
        return Told(
            f"no attempt went anywhere but to {name} since the fault began, so there was no way "
            f"home to measure"
        )
    ends = found.back if found.back is not None else np.inf
    rows = np.flatnonzero(
        (operations["due"] >= found.healed)
        & (operations["due"] <= ends)
        & (operations["region"] != homes(evidence, operations["client"]))
    )
    name = evidence.run.scenario.clients.regions[0]
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


def time_to_steady_why(case: Case, _: Measure) -> Told:
    """What had not come back to what was usual."""
    found = case.steadiness
    if found is None:
        return Told(f"{_missing(case)}, so there was nothing to come to rest from")
    broken = listed(found.broken) if found.broken else ""
    if broken:
        until = seconds(case.evidence.until)
        return Told(
            f"up to {until} {broken} had not come back to what was usual", (), "not at rest"
        )
    window = seconds(case.run.scenario.window)
    at = seconds(found.steady) if found.steady is not None else "the end of the run"
    return Told(
        f"all was as usual in every window of {window} only from {at} on", (), "not at rest"
    )


def metastable_why(case: Case, _: Measure) -> Told:
    """What the run looked like at its end, against before the fault."""
    found = case.steadiness
    if found is None:
        return Told(f"{_missing(case)}, so nothing could be told to stay down after it")
    if found.metastable is None:
        watched = seconds(max(0.0, found.watched - found.healed))
        return Told(
            f"the run was watched for {watched} after the heal, or its load was not the same"
        )
    after = [each for each in portrait(case.evidence) if each.starts >= found.healed]
    before = [each for each in portrait(case.evidence) if each.ends <= (case.t0 or 0.0)]
    tail = after[-min(len(after), 5) :]
    good, sent, offered = (
        fsum(getattr(each, name) for each in tail) / max(1, len(tail))
        for name in ("good", "sent", "offered")
    )
    usual = fsum(each.good for each in before) / max(1, len(before))
    text = (
        f"at the end {good:.0f} of {offered:.0f} operations a second ended ok, {usual:.0f} before "
        f"the fault, while {sent:.0f} attempts a second were sent: work that the fault left behind "
        f"kept the service down"
    )
    return Told(text, (), "metastable")


def herd_why(case: Case, measure: Measure) -> Told:
    """Who came at once when a region was healed."""
    asked = parse(case, measure.where).regions
    found = next((each for each in case.herds if not asked or each.region in asked), None)
    if found is None:
        return Told("no region was healed that had been called before the fault")
    attempts, name = case.evidence.attempts, region_name(case.evidence, found.region)
    rows = np.flatnonzero(
        (attempts["region"] == found.region)
        & (attempts["sent"] >= found.at)
        & (attempts["sent"] < found.at + found.width)
    )
    clients = len(np.unique(attempts["client"][rows]))
    text = (
        f"{found.most:,} attempts of {many(clients, 'client')} came to {name} within "
        f"{seconds(found.width)} from {seconds(found.at)} on, where {found.usual:g} were usual"
    )
    return Told(text, tuple(int(each) for each in attempts["operation"][rows[:3]]), "herd")


def unwatched(case: Case, measure: Measure) -> str:
    """Which region was watched too shortly after its heal to say that no herd came."""
    asked = parse(case, measure.where).regions
    found = min((each for each in case.herds if not asked or each.region in asked),
                key=lambda each: each.watched)  # fmt: skip
    name = region_name(case.evidence, found.region)
    return (
        f"after its heal {name} was watched for {seconds(found.watched)} only, of the "
        f"{seconds(HERD_WATCHED)} in which a herd may come"
    )
