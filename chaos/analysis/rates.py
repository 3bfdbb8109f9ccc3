"""Shares and rates of operations and attempts: over a stretch, or in its worst sliding window."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from chaos.analysis import sliding
from chaos.analysis.case import Case
from chaos.analysis.evidence import Bools, Floats
from chaos.analysis.findings import Measured
from chaos.analysis.selection import attempts_in, operations_in, parse, span
from chaos.run.record import WRITTEN
from chaos.scenario.objective import Measure, Unit

# Faults under which what a client wrote never came to the service.
_SWALLOWS = ("down", "timeout")


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """What is divided by what: two sets of instants in order, ``many`` over ``of``.

    ``of`` is None for a rate, which is divided by the length of the stretch.
    """

    many: Floats
    of: Floats | None
    unit: Unit
    n: int


def rate(case: Case, measure: Measure) -> Measured:
    """Availability, goodput, amplification or server amplification, as the measure asks."""
    parts, stretch = PARTS[measure.name](case, measure), span(case, measure.where)
    if not parts.n or stretch is None:
        return Measured(None, parts.unit, 0)
    window = parse(case, measure.where).every
    if window is None:
        of = len(parts.of) if parts.of is not None else stretch[1] - stretch[0]
        return Measured(len(parts.many) / of, parts.unit, parts.n)
    found = worst(case, measure)
    return Measured(found[2] if found else None, parts.unit, parts.n if found else 0)


def worst(case: Case, measure: Measure) -> tuple[float, float, float] | None:
    """The worst of the windows that a measure is taken in: from when to when, and its value there.

    None where the measure is taken over the whole stretch, or no window lies in it.
    """
    window, stretch = parse(case, measure.where).every, span(case, measure.where)
    if window is None or stretch is None:
        return None
    parts = PARTS[measure.name](case, measure)
    begins = sliding.starts(stretch[0], stretch[1] - window, window)
    many = sliding.within(parts.many, begins, window)
    if parts.of is None:
        values = many / window
    else:
        of = sliding.within(parts.of, begins, window)
        if parts.unit == "ratio":
            # Retries go on where no operation starts any more: they are one's, at the least.
            of = np.where((of == 0) & (many > 0), 1.0, of)
        values = np.divide(many, of, out=np.full(len(many), np.nan), where=of > 0)
    if np.isnan(values).all():
        return None
    at = int(np.nanargmax(values) if parts.unit == "ratio" else np.nanargmin(values))
    return float(begins[at]), float(begins[at]) + window, float(values[at])


def _availability(case: Case, measure: Measure) -> Parts:
    flags = operations_in(case, measure.where)
    due = case.evidence.operations["due"]
    return Parts(due[flags & case.evidence.ok], due[flags], "share", int(flags.sum()))


def _goodput(case: Case, measure: Measure) -> Parts:
    """The deadline is the client's own: what came too late for it did not end ok."""
    flags = operations_in(case, measure.where)
    due = case.evidence.operations["due"]
    return Parts(due[flags & case.evidence.ok], None, "rate", int(flags.sum()))


def _amplification(case: Case, measure: Measure) -> Parts:
    return _amplified(case, measure, attempts_in(case, measure.where))


def _server_amplification(case: Case, measure: Measure) -> Parts:
    """Only attempts that came to the service: a region that is dead hides the rest from it.

    An attempt came there when it was answered, or when its request was written and no fault that
    swallows requests was in effect on its way.
    """
    attempts = case.evidence.attempts
    swallowed = np.zeros(len(attempts), dtype=np.bool_)
    for effect in case.effects:
        if effect.fault.kind in _SWALLOWS:
            swallowed |= effect.touched
    answered = attempts["status"] >= 100  # noqa: PLR2004 - below are kinds of failure
    written = (attempts["flags"] & WRITTEN) > 0
    arrived = answered | (written & ~swallowed)
    return _amplified(case, measure, attempts_in(case, measure.where) & arrived)


def _amplified(case: Case, measure: Measure, flags: Bools) -> Parts:
    started = operations_in(case, measure.where, at="started")
    calls = np.sort(case.evidence.operations["started"][started])
    return Parts(case.evidence.attempts["sent"][flags], calls, "ratio", len(calls))


PARTS: dict[str, Callable[[Case, Measure], Parts]] = {
    "availability": _availability,
    "goodput": _goodput,
    "amplification": _amplification,
    "server_amplification": _server_amplification,
}
