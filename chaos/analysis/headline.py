"""The claim in one sentence: what was lost, what the clients did, what became of the keys."""

import numpy as np

from chaos.analysis.case import Case
from chaos.analysis.findings import Finding, Measured, Verdict
from chaos.analysis.integrity import integrity
from chaos.analysis.measures import measured
from chaos.analysis.telling import region_name
from chaos.analysis.wording import listed, many, seconds, share
from chaos.scenario.objective import Measure

_HALF = 0.5


def headline(case: Case, verdict: Verdict, findings: tuple[Finding, ...], aborted: str = "") -> str:
    """One sentence that is true of the run whatever else is read.

    ``aborted`` is why the run is none to judge, empty where it is one.
    """
    told = _claim(case)
    if verdict == "aborted":
        known = " into the run" in aborted
        at = f" {seconds(case.run.ended)} in" if case.run.aborted and not known else ""
        until = "until then " if case.run.aborted else ""
        return f"Aborted{at}: {aborted.rstrip('.')}; {until}{_lower(told)}"
    if verdict == "inconclusive":
        open_ones = [each for each in findings if each.verdict == "inconclusive"]
        first = open_ones[0].why if open_ones else "no objective was held against the run"
        return f"Nothing can be concluded: {_lower(first).rstrip('.')}"
    return told


def _claim(case: Case) -> str:
    journeys = case.journeys
    operations = case.evidence.operations
    if not len(operations):
        return "No operation ended"
    ok = measured(case, Measure("availability"))
    if case.t0 is None or not len(journeys.clients):
        part = share(ok.value or 0.0)
        return f"{part} of {many(len(operations), 'operation')} ended ok; {_keys(case)}"
    first = journeys.earliest()
    regions, counts = np.unique(first.left, return_counts=True)
    names = [region_name(case.evidence, int(region)) for region in regions]
    left = names[int(np.argmax(counts))]
    clients = many(len(first.clients), "client")
    # A region that only became slow was not lost.
    slow = case.evidence.answered[first.first].mean() > _HALF
    met = f"met a slow {left}" if slow else f"lost {left}"
    came = ~journeys.slowest(*journeys.failover)[1]
    if np.isnan(journeys.arrived).all():
        during = measured(case, Measure("availability", ("fault",)))
        part = _of_operations(during if during.n else ok)
        when = " under the fault" if during.n else ""
        return f"{clients} {met} and none failed over: {part}{when}; {_keys(case)}"
    arrivals = case.evidence.attempts["region"][journeys.arrival[~np.isnan(journeys.arrived)]]
    others = listed([region_name(case.evidence, int(code)) for code in np.unique(arrivals)])
    if not came.all():
        again = " every time" if len(journeys.clients) > len(first.clients) else ""
        return (
            f"{int(came.sum()):,} of {clients} that {met} failed over to {others}{again}; "
            f"{_of_operations(ok)}; {_keys(case)}"
        )
    took = measured(case, Measure("failover", (), "p95"))
    return (
        f"{clients} {met} and failed over to {others} in {seconds(took.value or 0.0)} (p95); "
        f"{_keys(case)}"
    )


def _of_operations(measured_share: Measured) -> str:
    part = share(measured_share.value or 0.0)
    return f"{part} of {many(measured_share.n, 'operation')} ended ok"


def _keys(case: Case) -> str:
    found = integrity(case.audit)
    if not found.entries or (found.missed and not (found.lost or found.wrong)):
        return "the data keys were not audited"
    lost = len({each.number for each in found.lost})
    wrong = len({each.number for each in found.wrong})
    if not lost and not wrong:
        return "no data key was lost"
    parts = [f"{many(lost, 'data key')} no longer open{_s(lost)} everywhere"] if lost else []
    parts += [f"{many(wrong, 'data key')} open{_s(wrong)} to another plaintext"] if wrong else []
    return listed(parts)


def _s(count: int) -> str:
    return "s" if count == 1 else ""


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
