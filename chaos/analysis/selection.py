"""Which operations and attempts a measure is taken over: the words between its parentheses.

An operation belongs to the phase in which it was due and to the region that its last attempt went
to; an attempt belongs to the phase in which it was sent. `after failover` are, of each client that
found its way elsewhere, the operations due after its first success there; where several faults
touched it, after that from where it last set out. A client that never did has none, and shows in
`failover` instead. `after 10s` is what came 10 s after T0 or later, and
`every 5s` takes the worst window of 5 s that slides over all that. `group naive` are the operations
and attempts of the clients of that group.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import get_args

import numpy as np

from chaos.analysis.case import Case
from chaos.analysis.evidence import Bools
from chaos.run.record import OPERATION_KINDS, Columns
from chaos.scenario.model import PhaseName
from chaos.scenario.quantity import parse_as
from chaos.scenario.vocabulary import AFTER, AFTER_FAILOVER, EVERY, GROUP

PHASES: tuple[PhaseName, ...] = get_args(PhaseName)


@dataclass(frozen=True, slots=True)
class Where:
    """The words of a measure, told apart: phases, regions, kinds of operation, after failover.

    None of a sort means all of it; several of a sort mean any of them. ``after`` is in seconds from
    T0, ``every`` the length of a window and ``clients`` the numbers of those of a group, None where
    the measure names none.
    """

    phases: tuple[PhaseName, ...]
    regions: tuple[int, ...]
    kinds: tuple[int, ...]
    after_failover: bool
    after: float | None
    every: float | None
    clients: range | None = None


def parse(case: Case, words: Sequence[str]) -> Where:
    """Tell the words of a measure apart; which are allowed was decided when the file was read."""
    regions, kinds = case.run.regions, OPERATION_KINDS
    return Where(
        phases=tuple(name for name in PHASES if name in words),
        regions=tuple(regions.index(word) for word in words if word in regions),
        kinds=tuple(kinds.index(word) for word in words if word in kinds),
        after_failover=AFTER_FAILOVER in words,
        after=_length(words, AFTER),
        every=_length(words, EVERY),
        clients=clients_in(case, words),
    )


def clients_in(case: Case, words: Sequence[str]) -> range | None:
    """The numbers of the clients of the group that the words name, None where they name none."""
    name = group_in(words)
    return case.run.scenario.clients.numbers(name) if name else None


def group_in(words: Sequence[str]) -> str:
    """The group of clients that the words name, empty where they name none."""
    for word in words:
        of, _, name = word.partition(" ")
        if of == GROUP and name:
            return name
    return ""


def travelled(case: Case, words: Sequence[str]) -> Case:
    """The case with the journeys of the group's clients only, where the words name one."""
    clients = clients_in(case, words)
    return case if clients is None else replace(case, journeys=case.journeys.of(clients))


def _length(words: Sequence[str], before: str) -> float | None:
    for word in words:
        name, _, length = word.partition(" ")
        if name == before and word != AFTER_FAILOVER:
            return parse_as("seconds", length)
    return None


def span(case: Case, words: Sequence[str]) -> tuple[float, float] | None:
    """From when to when a measure is taken; None where that never came."""
    where = parse(case, words)
    phases = [phase for phase in case.evidence.phases if phase.name in where.phases]
    if where.phases and not phases:
        return None
    begins = phases[0].starts if phases else 0.0
    ends = min(case.evidence.until, phases[-1].ends) if phases else case.evidence.until
    if where.after is not None:
        if case.t0 is None:
            return None
        begins = max(begins, case.t0 + where.after)
    return (begins, ends) if begins < ends else None


def operations_in(case: Case, words: Sequence[str], at: str = "due") -> Bools:
    """The operations that the words name, by when they were due, or by another instant."""
    where, operations = parse(case, words), case.evidence.operations
    flags = _within(case, where, operations[at])
    if where.regions:
        flags &= _among(operations["region"], where.regions)
    if where.kinds:
        flags &= _among(operations["kind"], where.kinds)
    flags &= _of_group(operations["client"], where)
    if where.after_failover:
        flags &= case.journeys.failed_over(operations["client"], operations["due"])
    return flags


def attempts_in(case: Case, words: Sequence[str]) -> Bools:
    """The attempts that the words name, by when they were sent."""
    where, attempts = parse(case, words), case.evidence.attempts
    flags = _within(case, where, attempts["sent"])
    if where.regions:
        flags &= _among(attempts["region"], where.regions)
    if where.kinds:
        flags &= _among(case.evidence.operations["kind"][case.evidence.row], where.kinds)
    return flags & _of_group(attempts["client"], where)


def _of_group(clients: Columns, where: Where) -> Bools:
    if where.clients is None:
        return np.ones(len(clients), dtype=np.bool_)
    flags: Bools = (clients >= where.clients.start) & (clients < where.clients.stop)
    return flags


def _among(column: Columns, codes: tuple[int, ...]) -> Bools:
    """Where the column holds one of a few codes: faster than a search for each entry."""
    return np.asarray(np.logical_or.reduce([column == code for code in codes]), dtype=np.bool_)


def _within(case: Case, where: Where, instants: Columns) -> Bools:
    flags = np.full(len(instants), not where.phases)
    for name in where.phases:
        phase = case.evidence.phase(name)
        if phase is not None:
            flags |= (instants >= phase.starts) & (instants < phase.ends)
    if where.after is not None:
        flags &= instants >= (inf if case.t0 is None else case.t0 + where.after)
    return flags
