"""Operations that were begun and never ended: due as all others, and never ok.

A world records an operation when it ends and an attempt when that does. An operation that hung for
good is known by its attempts alone, and by the plan, which says when it was due and what it was; it
is no arrival that the generator dropped.
"""

import numpy as np

from chaos.run.record import NOWHERE, OPERATION, OPERATION_KINDS, OUTCOMES, Columns, Run
from chaos.scenario.arrivals import arrivals
from chaos.scenario.model import Arrival

# The kind of an operation that the plan does not know.
NO_KIND = 255
_MOST = 255


def unfinished(run: Run, attempts: Columns) -> Columns:
    """A row for each operation of these attempts that never ended, as one of unknown outcome.

    ``attempts`` are in the order they were sent. ``ended`` is how long the run was watched, which
    is a lower bound. Without a whole plan to look in, an operation was due with its first attempt.
    """
    orphans = attempts[~np.isin(attempts["operation"], run.operations["number"])]
    numbers, firsts, inverse, counts = np.unique(
        orphans["operation"], return_index=True, return_inverse=True, return_counts=True
    )
    first = orphans[firsts]
    last = np.zeros(len(numbers), dtype=np.int64)
    # The last of several at one place stays, and the attempts are in order.
    last[inverse] = np.arange(len(orphans))
    found = np.zeros(len(numbers), dtype=OPERATION)
    found["number"], found["client"] = numbers, first["client"]
    found["due"] = found["started"] = first["sent"]
    found["attempts"] = np.minimum(counts, _MOST)
    found["kind"], found["outcome"] = NO_KIND, OUTCOMES.index("unknown")
    found["region"] = orphans["region"][last] if len(numbers) else NOWHERE
    found["ended"] = max(run.ended, run.scenario.lasts * (not run.aborted))
    if len(numbers):
        found["ended"] = np.maximum(found["ended"], orphans["ended"].max())
    planned = _planned(run, {int(number) for number in numbers})
    for row in found:
        arrival = planned.get(int(row["number"]))
        if arrival is not None and arrival.client == row["client"]:
            row["due"] = min(arrival.due, row["due"])
            row["kind"] = OPERATION_KINDS.index(arrival.kind)
    return found


def _planned(run: Run, numbers: set[int]) -> dict[int, Arrival]:
    """The arrivals of these numbers, by the plan of a run that was played to its end."""
    if not numbers or run.planned is None:
        return {}
    return {each.number: each for each in arrivals(run.scenario) if each.number in numbers}
