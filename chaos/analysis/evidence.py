"""A run's records in the order that analysis needs: the one place where columns are prepared.

Operations are in due order, attempts in the order they were sent. Attempts of the token service are
kept apart: they are no attempts of the operation that happened to ask for the token.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

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

    ``row`` is the row in ``operations`` of each attempt's operation, -1 where that never ended.
    ``asked_at`` is when each attempt's operation was due, or when the attempt was sent where the
    operation never ended. ``good`` are the operations that ended ok no later than W after they were
    due: one that hung for longer was down meanwhile, however it ended. ``answered`` are the
    attempts that were answered with success, ``failed`` those that were not, but for the ones that
    their own client cancelled. ``until`` is how long the run was watched: to the end of its plan,
    or to where it was aborted.
    """

    run: Run
    operations: Columns
    attempts: Columns
    refreshes: Columns
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
    operations = run.operations[np.lexsort((run.operations["number"], run.operations["due"]))]
    keys = ("number", "operation", "client", "sent")
    everything = run.attempts[np.lexsort(tuple(run.attempts[key] for key in keys))]
    of_token = (everything["region"] == NOWHERE) | (everything["why"] == _REFRESH)
    attempts = everything[~of_token]
    row = _rows(operations["number"], attempts["operation"])
    asked_at = attempts["sent"].astype(np.float64)
    asked_at[row >= 0] = operations["due"][row[row >= 0]]
    answered = (attempts["status"] >= 200) & (attempts["status"] < 300)  # noqa: PLR2004 - HTTP's successes
    ok = operations["outcome"] == OK
    return Evidence(
        run=run,
        operations=operations,
        attempts=attempts,
        refreshes=everything[of_token],
        row=row,
        asked_at=asked_at,
        ok=ok,
        good=ok & (operations["ended"] - operations["due"] <= run.scenario.window),
        answered=answered,
        failed=~answered & (attempts["status"] != _CANCELLED),
        phases=_phases(run),
        until=min(run.scenario.lasts, run.ended) if run.aborted else run.scenario.lasts,
    )


def _rows(numbers: Columns, wanted: Columns) -> Ints:
    """The row of each wanted operation number, -1 where there is none."""
    if not len(numbers):
        return np.full(len(wanted), -1, dtype=np.int64)
    order = np.argsort(numbers, kind="stable")
    place = np.minimum(np.searchsorted(numbers, wanted, sorter=order), len(numbers) - 1)
    found = order[place]
    return np.where(numbers[found] == wanted, found, -1).astype(np.int64)


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
