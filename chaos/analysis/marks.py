"""The instants that the timeline marks: detected, failed over, recovered, failed back.

Fleet marks of detection and failover stand where half of the touched clients had got there; the
text says when 95 % had, of each client's first journey where several faults touched it. Instants
that were not reached have no mark.
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


def marks(case: Case) -> tuple[Mark, ...]:
    """Every mark that was reached, in the order of the words above."""
    if case.t0 is None:
        return ()
    journeys, found = case.journeys.earliest(), []
    found += _fleet(case, "detected", journeys.detected)
    found += _fleet(case, "failed_over", journeys.arrived)
    recovered = measured(case, Measure("recover"))
    # A fleet that never left the objective has nothing to recover from.
    if recovered.value and not recovered.censored:
        said = f"recovered {seconds(recovered.value)} after T0"
        found.append(Mark("recovered", case.t0 + recovered.value, said))
    back = case.failback
    if back is not None and back.back is not None and not np.isnan(journeys.arrived).all():
        said = f"failed back {seconds(back.back - back.healed)} after the heal"
        found.append(Mark("failed_back", back.back, said))
    return tuple(found)


def _fleet(case: Case, name: Literal["detected", "failed_over"], instants: Floats) -> list[Mark]:
    """The mark of half of the clients, counted from T0, where half of them came so far."""
    assert case.t0 is not None
    missing = np.isnan(instants)
    values = np.where(missing, case.journeys.earliest().until, instants) - case.t0
    half, most = (spread(values, missing, statistic) for statistic in ("p50", "p95"))
    if half.value is None or half.censored:
        return []
    words = name.replace("_", " ")
    by = "not all of them" if most.censored else f"95 % by {seconds(most.value or 0.0)}"
    said = f"{words}: half of {many(half.n, 'client')} {seconds(half.value)} after T0, {by}"
    return [Mark(name, case.t0 + half.value, said)]
