"""Every measure of the vocabulary, computed: one function a name, the same in every world."""

from collections.abc import Callable
from itertools import product

import numpy as np

from chaos.analysis.case import Case
from chaos.analysis.evidence import UNKNOWN
from chaos.analysis.findings import Measured
from chaos.analysis.integrity import integrity
from chaos.analysis.selection import attempts_in, operations_in
from chaos.analysis.spread import spread
from chaos.scenario.objective import Measure
from chaos.scenario.vocabulary import AFTER_FAILOVER, VOCABULARY, Term

Compute = Callable[[Case, Measure], Measured]


def measured(case: Case, measure: Measure) -> Measured:
    """The value of one measure over a run."""
    return COMPUTE[measure.name](case, measure)


def text_of(measure: Measure) -> str:
    """A measure as it is written in a scenario file.

    >>> text_of(Measure("availability", ("fault", "us-east")))
    'availability(fault, us-east)'
    """
    where = f"({', '.join(measure.where)})" if measure.where else ""
    return measure.name + where + (f".{measure.statistic}" if measure.statistic else "")


def every(case: Case) -> tuple[tuple[str, Measured], ...]:
    """Every measure that the run can be asked for, by its text, for the tables of the report.

    Whole-run values and those by one phase, region or kind of operation, and by phase and region
    together; a place where nothing was due is left out.
    """
    found = []
    for term in VOCABULARY.values():
        for where, statistic in product(_wheres(case, term), term.statistics or (None,)):
            measure = Measure(term.name, where, statistic)
            value = measured(case, measure)
            if value.n or not where:
                found.append((text_of(measure), value))
    return tuple(found)


def _wheres(case: Case, term: Term) -> list[tuple[str, ...]]:
    phases = tuple(phase.name for phase in case.evidence.phases)
    regions = case.run.regions
    wheres: list[tuple[str, ...]] = [()]
    if "phase" in term.wheres:
        wheres += [(phase,) for phase in phases]
    if "region" in term.wheres:
        wheres += [(region,) for region in regions]
    if "phase" in term.wheres and "region" in term.wheres:
        wheres += list(product(phases, regions))
    if "operation" in term.wheres:
        wheres += [("wrap",), ("unwrap",)]
    if "after failover" in term.wheres and "fault" in phases:
        wheres.append(("fault", AFTER_FAILOVER))
    return wheres


def _detect(case: Case, measure: Measure) -> Measured:
    if case.t0 is None:
        return Measured(None, "seconds", 0)
    return spread(*case.journeys.detection(case.t0), measure.statistic or "p50")


def _failover(case: Case, measure: Measure) -> Measured:
    return spread(*case.journeys.failover, measure.statistic or "p50")


def _recover(case: Case, _: Measure) -> Measured:
    if case.recovery is None:
        return Measured(None, "seconds", 0)
    detected = _detect(case, Measure("detect", (), "p50"))
    return case.recovery.measured(None if detected.censored else detected.value)


def _failback(case: Case, _: Measure) -> Measured:
    return case.failback.measured() if case.failback else Measured(None, "seconds", 0)


def _availability(case: Case, measure: Measure) -> Measured:
    flags = operations_in(case, measure.where)
    n = int(flags.sum())
    if not n:
        return Measured(None, "share", 0)
    return Measured(float(case.evidence.ok[flags].sum()) / n, "share", n)


def _amplification(case: Case, measure: Measure) -> Measured:
    n = int(operations_in(case, measure.where, at="started").sum())
    if not n:
        return Measured(None, "ratio", 0)
    return Measured(float(attempts_in(case, measure.where).sum()) / n, "ratio", n)


def _response(case: Case, measure: Measure) -> Measured:
    return _lasting(case, measure, since="due")


def _service(case: Case, measure: Measure) -> Measured:
    return _lasting(case, measure, since="started")


def _lasting(case: Case, measure: Measure, since: str) -> Measured:
    operations = case.evidence.operations[operations_in(case, measure.where)]
    lasted = operations["ended"] - operations[since]
    known = np.zeros(len(lasted), dtype=np.bool_)
    return spread(lasted, known, measure.statistic or "p50")


def _lost_operations(case: Case, _: Measure) -> Measured:
    found = case.recovery
    if found is None or found.baseline is None or not found.due:
        return Measured(None, "count", 0)
    return Measured(found.lost, "count", found.due)


def _unknown_outcomes(case: Case, measure: Measure) -> Measured:
    outcomes = case.evidence.operations["outcome"][operations_in(case, measure.where)]
    if not len(outcomes):
        return Measured(None, "count", 0)
    return Measured(float((outcomes == UNKNOWN).sum()), "count", len(outcomes))


def _integrity(case: Case, measure: Measure) -> Measured:
    return integrity(case.run, measure.where).share()


def _wrong_plaintext(case: Case, measure: Measure) -> Measured:
    return integrity(case.run, measure.where).wrong_plaintext()


COMPUTE: dict[str, Compute] = {
    "detect": _detect,
    "failover": _failover,
    "recover": _recover,
    "failback": _failback,
    "availability": _availability,
    "amplification": _amplification,
    "response": _response,
    "service": _service,
    "lost_operations": _lost_operations,
    "unknown_outcomes": _unknown_outcomes,
    "integrity": _integrity,
    "wrong_plaintext": _wrong_plaintext,
}
