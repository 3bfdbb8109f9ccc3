"""The instants that the timeline marks: detected, failed over, recovered, failed back.

Fleet marks of detection and failover stand where half of the touched clients had got there, from
T0 on; the text says when 95 % had. The times to fail over that rules are held against count from
each client's own first failure instead, and the text says that too. Where several faults touched a
client its first journey is marked. Instants that were not reached have no mark.
"""

from typing import Literal

import numpy as np

from chaos.analysis.case import Case
from chaos.analysis.evidence import Floats
from chaos.analysis.findings import Mark
from chaos.analysis.measures import measured
from chaos.analysis.spread import spread
from chaos.analysis.wording import many, seconds
from chaos.scenario.objective import Measure

NOTHING_LOST = "nothing to recover from: no operation was lost"


def marks(case: Case) -> tuple[Mark, ...]:
    """Every mark that was reached, in the order of the words above."""
    if case.t0 is None:
        return ()
    journeys, found = case.journeys.earliest(), []
    found += _fleet(case, "detected", journeys.detected)
    found += _fleet(case, "failed_over", journeys.arrived, _own(case))
    recovered = measured(case, Measure("recover"))
    # A fleet that never left the objective has no mark; one that lost nothing on its way elsewhere
    # is where it was as soon as half of it had noticed.
    if recovered.value and not recovered.censored:
        lost = case.recovery is not None and case.recovery.lost > 0
        said = f"recovered {seconds(recovered.value)} after T0" if lost else NOTHING_LOST
        found.append(Mark("recovered", case.t0 + recovered.value, said))
    back = case.failback
    if back is not None and back.back is not None and not np.isnan(journeys.arrived).all():
        said = f"failed back {seconds(back.back - back.healed)} after the heal"
        found.append(Mark("failed_back", back.back, said))
    return tuple(found)


def _own(case: Case) -> str:
    """How long it took each client that came so far, counted from where it was itself touched."""
    lengths, missing = case.journeys.earliest().failover
    longest = float(lengths[~missing].max(initial=0.0))
    return f"; each within {seconds(longest)} of its own failure" if longest else ""


def _fleet(
    case: Case, name: Literal["detected", "failed_over"], instants: Floats, own: str = ""
) -> list[Mark]:
    """The mark of half of the clients, counted from T0, where half of them came so far."""
    assert case.t0 is not None
    missing = np.isnan(instants)
    values = np.where(missing, case.journeys.earliest().until, instants) - case.t0
    half, most = (spread(values, missing, statistic) for statistic in ("p50", "p95"))
    if half.value is None or half.censored:
        return []
    words = name.replace("_", " ")
    never = f"{int(missing.sum()):,} of them never"
    by = never if most.censored else f"95 % by {seconds(most.value or 0.0)}"
    said = f"{words}: half of {many(half.n, 'client')} {seconds(half.value)} after T0, {by}{own}"
    return [Mark(name, case.t0 + half.value, said)]
