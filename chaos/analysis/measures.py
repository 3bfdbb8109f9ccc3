"""Every measure of the vocabulary, computed: one function a name, the same in every world."""

from collections.abc import Callable
from itertools import product

import numpy as np

from chaos.analysis import herd
from chaos.analysis.case import Case
from chaos.analysis.evidence import UNKNOWN, Floats
from chaos.analysis.findings import Measured
from chaos.analysis.integrity import integrity, key_rpo
from chaos.analysis.rates import rate
from chaos.analysis.selection import attempts_in, clients_in, operations_in, parse, travelled
from chaos.analysis.spread import spread
from chaos.analysis.switching import switches, token_requests
from chaos.analysis.waits import Waits, growth, jitter
from chaos.scenario.expression import render
from chaos.scenario.objective import Measure
from chaos.scenario.vocabulary import AFTER_FAILOVER, GROUP, VOCABULARY, Term

Compute = Callable[[Case, Measure], Measured]


def measured(case: Case, measure: Measure) -> Measured:
    """The value of one measure over a run."""
    return COMPUTE[measure.name](case, measure)


def every(case: Case) -> tuple[tuple[str, Measured], ...]:
    """Every measure that the run can be asked for, by its text, for the tables of the report.

    Whole-run values and those by one phase, region, kind of operation or group of clients, and by
    phase and region or phase and group together; a place where nothing was due is left out.
    """
    found = []
    for term in VOCABULARY.values():
        for where, statistic in product(_wheres(case, term), term.statistics or (None,)):
            measure = Measure(term.name, where, statistic)
            value = measured(case, measure)
            if value.n or not where:
                found.append((render(measure), value))
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
    if "group" in term.wheres:
        groups = [f"{GROUP} {group.name}" for group in case.run.scenario.clients.groups]
        wheres += [(group,) for group in groups]
        wheres += list(product(phases, groups)) if "phase" in term.wheres else []
    if "operation" in term.wheres:
        wheres += [("wrap",), ("unwrap",)]
    if "after failover" in term.wheres and "fault" in phases:
        wheres.append(("fault", AFTER_FAILOVER))
    return wheres


def _detect(case: Case, measure: Measure) -> Measured:
    """Each client's slowest, counted from when the fault that it is about first touched anybody."""
    journeys = travelled(case, measure.where).journeys
    return spread(*journeys.slowest(*journeys.detection())[:2], measure.statistic or "p50")


def _failover(case: Case, measure: Measure) -> Measured:
    journeys = travelled(case, measure.where).journeys
    return spread(*journeys.slowest(*journeys.failover)[:2], measure.statistic or "p50")


def _recover(case: Case, _: Measure) -> Measured:
    if case.recovery is None:
        return Measured(None, "seconds", 0)
    detected = spread(*case.journeys.earliest().detection(case.t0), "p50")
    return case.recovery.measured(None if detected.censored else detected.value)


def _failback(case: Case, _: Measure) -> Measured:
    return case.failback.measured() if case.failback else Measured(None, "seconds", 0)


def _time_to_steady(case: Case, _: Measure) -> Measured:
    return case.steadiness.time_to_steady() if case.steadiness else Measured(None, "seconds", 0)


def _metastable(case: Case, _: Measure) -> Measured:
    return case.steadiness.measured() if case.steadiness else Measured(None, "count", 0)


def _herd_index(case: Case, measure: Measure) -> Measured:
    asked = parse(case, measure.where).regions
    return herd.measured([each for each in case.herds if not asked or each.region in asked])


def _early_retries(case: Case, measure: Measure) -> Measured:
    """Where nobody was asked to come later, nobody came too early, and nothing was measured."""
    flags = attempts_in(case, measure.where)
    n = case.compliance.occasions(flags)
    if not n:
        return Measured(None, "count", 0)
    return Measured(float((case.compliance.early & flags).sum()), "count", n)


def _switches(case: Case, measure: Measure) -> Measured:
    return _per_client(case, switches(case.evidence), measure)


def _token_requests(case: Case, measure: Measure) -> Measured:
    return _per_client(case, token_requests(case.evidence), measure)


def _per_client(case: Case, counts: Floats, measure: Measure) -> Measured:
    if not len(case.evidence.operations):
        return Measured(None, "count", 0)
    clients = clients_in(case, measure.where)
    mine = counts if clients is None else counts[clients.start : clients.stop]
    known = np.zeros(len(mine), dtype=np.bool_)
    return spread(mine, known, measure.statistic or "max", "count")


def _backoff_growth(case: Case, _: Measure) -> Measured:
    return _of_waits(case, growth)


def _backoff_jitter(case: Case, _: Measure) -> Measured:
    return _of_waits(case, jitter)


def _of_waits(case: Case, compute: Callable[[Waits], float | None]) -> Measured:
    value = compute(case.waits)
    return Measured(value, "ratio", len(case.waits) if value is not None else 0)


def _response(case: Case, measure: Measure) -> Measured:
    return _lasting(case, measure, since="due")


def _service(case: Case, measure: Measure) -> Measured:
    return _lasting(case, measure, since="started")


def _lasting(case: Case, measure: Measure, since: str) -> Measured:
    """What never ended lasted at least as long as it was watched."""
    operations, flags = case.evidence.operations, operations_in(case, measure.where)
    lasted = (operations["ended"] - operations[since])[flags]
    return spread(lasted, case.evidence.hung[flags], measure.statistic or "p50")


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
    return integrity(case.audit, measure.where).share()


def _key_rpo(case: Case, _: Measure) -> Measured:
    return key_rpo(case.audit, case.run.ended)


def _wrong_plaintext(case: Case, measure: Measure) -> Measured:
    return integrity(case.audit, measure.where).wrong_plaintext()


COMPUTE: dict[str, Compute] = {
    "detect": _detect,
    "failover": _failover,
    "recover": _recover,
    "failback": _failback,
    "time_to_steady": _time_to_steady,
    "metastable": _metastable,
    "availability": rate,
    "goodput": rate,
    "amplification": rate,
    "server_amplification": rate,
    "response": _response,
    "service": _service,
    "lost_operations": _lost_operations,
    "unknown_outcomes": _unknown_outcomes,
    "early_retries": _early_retries,
    "herd_index": _herd_index,
    "backoff_growth": _backoff_growth,
    "backoff_jitter": _backoff_jitter,
    "switches": _switches,
    "token_requests": _token_requests,
    "integrity": _integrity,
    "wrong_plaintext": _wrong_plaintext,
    "key_rpo": _key_rpo,
}
