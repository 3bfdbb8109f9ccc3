"""Which operations and attempts a measure is taken over: the words between its parentheses.

An operation belongs to the phase in which it was due and to the region that its last attempt went
to; an attempt belongs to the phase in which it was sent. `after failover` are, of each client that
found its way elsewhere, the operations due after its first success there. A client that never did
has none, and shows in `failover` instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from chaos.analysis.case import Case
from chaos.analysis.evidence import Bools
from chaos.run.record import OPERATION_KINDS, Columns
from chaos.scenario.model import PhaseName
from chaos.scenario.vocabulary import AFTER_FAILOVER

PHASES: tuple[PhaseName, ...] = get_args(PhaseName)


@dataclass(frozen=True, slots=True)
class Where:
    """The words of a measure, told apart: phases, regions, kinds of operation, after failover.

    None of a sort means all of it; several of a sort mean any of them.
    """

    phases: tuple[PhaseName, ...]
    regions: tuple[int, ...]
    kinds: tuple[int, ...]
    after_failover: bool


def parse(case: Case, words: Sequence[str]) -> Where:
    """Tell the words of a measure apart; which are allowed was decided when the file was read."""
    regions, kinds = case.run.regions, OPERATION_KINDS
    return Where(
        phases=tuple(name for name in PHASES if name in words),
        regions=tuple(regions.index(word) for word in words if word in regions),
        kinds=tuple(kinds.index(word) for word in words if word in kinds),
        after_failover=AFTER_FAILOVER in words,
    )


def operations_in(case: Case, words: Sequence[str], at: str = "due") -> Bools:
    """The operations that the words name, by when they were due, or by another instant."""
    where, operations = parse(case, words), case.evidence.operations
    flags = _within(case, where, operations[at])
    if where.regions:
        flags &= np.isin(operations["region"], where.regions)
    if where.kinds:
        flags &= np.isin(operations["kind"], where.kinds)
    if where.after_failover:
        journeys = case.journeys
        arrived = np.full(int(operations["client"].max(initial=0)) + 1, np.inf)
        known = journeys.clients < len(arrived)
        moments = np.where(np.isnan(journeys.arrived), np.inf, journeys.arrived)
        arrived[journeys.clients[known]] = moments[known]
        flags &= operations["due"] >= arrived[operations["client"]]
    return flags


def attempts_in(case: Case, words: Sequence[str]) -> Bools:
    """The attempts that the words name, by when they were sent."""
    where, attempts = parse(case, words), case.evidence.attempts
    flags = _within(case, where, attempts["sent"])
    if where.regions:
        flags &= np.isin(attempts["region"], where.regions)
    if where.kinds:
        row = case.evidence.row
        kinds = np.full(len(attempts), -1)
        kinds[row >= 0] = case.evidence.operations["kind"][row[row >= 0]]
        flags &= np.isin(kinds, where.kinds)
    return flags


def _within(case: Case, where: Where, instants: Columns) -> Bools:
    flags = np.full(len(instants), not where.phases)
    for name in where.phases:
        phase = case.evidence.phase(name)
        if phase is not None:
            flags |= (instants >= phase.starts) & (instants < phase.ends)
    return flags
