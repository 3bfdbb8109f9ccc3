"""A run's records in the order that analysis needs: the one place where columns are prepared.

Operations are in due order, attempts in the order they were sent. Attempts of the token service are
kept apart: they are no attempts of the operation that happened to ask for the token.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chaos.analysis.unfinished import unfinished
from chaos.run.record import FAILURE_CODES, NOWHERE, OUTCOMES, WHYS, Columns, Run
from chaos.scenario.model import Phase, PhaseName

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

OK = OUTCOMES.index("ok")
UNKNOWN = OUTCOMES.index("unknown")
_REFRESH = WHYS.index("refresh")
_CANCELLED = FAILURE_CODES["cancelled"]


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """The columns of one run, prepared.

    ``operations`` are those that ended and, flagged by ``hung``, those that never did: their
    outcome is unknown, and they ``ended`` no earlier than the run. ``row`` is the row in
    ``operations`` of each attempt's operation and ``asked_at`` when that was due. ``good`` are the
    operations that ended ok no later than W after they were due: one that hung for longer was down
    meanwhile, however it ended. ``answered`` are the attempts that were answered with success,
    ``failed`` those that were not, but for the ones that their own client cancelled. ``until`` is
    how long the run was watched: to the end of its plan, or to where it was aborted.
    """

    run: Run
    operations: Columns
    attempts: Columns
    refreshes: Columns
    hung: Bools
    row: Ints
    asked_at: Floats
    ok: Bools
    good: Bools
    answered: Bools
    failed: Bools
    phases: tuple[Phase, ...]
    until: float

    def phase(self, name: PhaseName) -> Phase | None:
        """The phase of that name, None where the run has none."""
        return next((phase for phase in self.phases if phase.name == name), None)

    def attempts_of(self, row: int) -> Columns:
        """The attempts of one operation, in the order they were sent."""
        mine: Columns = self.attempts[self.row == row]
        return mine


def gather(run: Run) -> Evidence:
    """Prepare a run's columns; their order on disk does not matter."""
    keys = ("number", "operation", "client", "sent")
    everything = run.attempts[np.lexsort(tuple(run.attempts[key] for key in keys))]
    of_token = (everything["region"] == NOWHERE) | (everything["why"] == _REFRESH)
    attempts = everything[~of_token]
    known = np.concatenate((run.operations, unfinished(run, everything)))
    order = np.lexsort((known["number"], known["due"]))
    operations = known[order]
    row = _rows(operations["number"], attempts["operation"])
    answered = (attempts["status"] >= 200) & (attempts["status"] < 300)  # noqa: PLR2004 - HTTP's successes
    ok = operations["outcome"] == OK
    return Evidence(
        run=run,
        operations=operations,
        attempts=attempts,
        refreshes=everything[of_token],
        hung=order >= len(run.operations),
        row=row,
        asked_at=operations["due"][row].astype(np.float64),
        ok=ok,
        good=ok & (operations["ended"] - operations["due"] <= run.scenario.window),
        answered=answered,
        failed=~answered & (attempts["status"] != _CANCELLED),
        phases=_phases(run),
        until=min(run.scenario.lasts, run.ended) if run.aborted else run.scenario.lasts,
    )


def _rows(numbers: Columns, wanted: Columns) -> Ints:
    """The row of each wanted operation number, all of which are there."""
    order = np.argsort(numbers, kind="stable")
    return order[np.searchsorted(numbers, wanted, sorter=order)].astype(np.int64)


def _phases(run: Run) -> tuple[Phase, ...]:
    """The phases as they happened: by when the first fault and the last heal took effect.

    A change that was not applied yet, in a run that was aborted, stands where the plan has it.
    """
    planned = run.scenario.phases()
    if len(planned) == 1:
        return planned
    injected = [change.took_effect for change in run.changes if change.verb == "inject"]
    healed = [change.took_effect for change in run.changes if change.verb == "heal"]
    lasts = run.scenario.lasts
    begins = min(injected, default=planned[1].starts)
    # A heal that is still missing is the last one, wherever the others stand.
    whole = len(healed) >= len(run.scenario.faults)
    ends = min(lasts, max(healed) if whole and healed else planned[1].ends)
    return (
        Phase("steady", 0.0, begins),
        Phase("fault", begins, max(begins, ends)),
        Phase("recovery", max(begins, ends), lasts),
    )
