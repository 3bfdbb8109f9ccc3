"""A stored run in, everything that is to be said about it out. Pure."""

from collections.abc import Sequence

import numpy as np

from chaos.analysis.advising import deficiencies, unmet
from chaos.analysis.aftermath import unwatched
from chaos.analysis.case import Case, work_up
from chaos.analysis.effects import Effect
from chaos.analysis.findings import Analysis, Finding, Measured, Verdict
from chaos.analysis.headline import headline
from chaos.analysis.integrity import integrity
from chaos.analysis.marks import marks
from chaos.analysis.measures import every, measured
from chaos.analysis.saturation import TOLERATED, saturated
from chaos.analysis.steadiness import portrait, unsteady
from chaos.analysis.strategies import backoff
from chaos.analysis.telling import Told
from chaos.analysis.verdicts import (
    judge,
    margin,
    needs_fault,
    of_data_keys,
    overall,
    tolerates_wrong_plaintext,
)
from chaos.analysis.why import why
from chaos.analysis.wording import listed, many, seconds, share
from chaos.run.record import Run
from chaos.scenario.objective import Objective


def analyse(run: Run) -> Analysis:
    """Judge a stored run: findings, verdict, headline, marks, proofs and every measure.

    The same run gives the same analysis, whatever the order of its records.
    """
    case = work_up(run)
    judged = tuple(_finding(case, objective) for objective in run.scenario.objectives)
    findings = tuple(finding for finding, _ in judged)
    aborted = run.aborted or unsteady(case.evidence)
    verdict = overall(findings, aborted)
    return Analysis(
        verdict=verdict,
        headline=headline(case, verdict, findings, aborted),
        findings=findings,
        t0=case.t0,
        marks=marks(case),
        proofs=tuple(effect.proof() for effect in case.effects),
        measures=every(case),
        saturation=case.saturation,
        deficiencies=deficiencies(case, judged),
        backoff=backoff(case.waits),
        portrait=portrait(case.evidence),
        baseline=case.recovery.baseline if case.recovery else None,
        stranded=int(np.isnan(case.journeys.arrived).sum()),
    )


def _finding(case: Case, objective: Objective) -> tuple[Finding, Told]:
    value, where = measured(case, objective.measure), objective.measure.where
    verdict = judge(value, objective.comparison, objective.limit)
    apart = margin(value, objective.comparison, objective.limit)
    if not tolerates_wrong_plaintext(objective) and integrity(case.audit, where).wrong:
        # However many keys are right, there is no right side of the limit to lie on.
        verdict, apart = "failed", min(apart or 0.0, -1.0)
    doubt = _doubt(case, objective, verdict)
    if doubt is not None:
        verdict, told = "inconclusive", doubt
    else:
        told = Told("") if verdict == "passed" else _why(case, objective, value)
    finding = Finding(
        objective=objective,
        verdict=verdict,
        measured=value,
        margin=apart,
        why=told.text[:1].upper() + told.text[1:] + ("." if told.text else ""),
        records=told.records,
    )
    return finding, told


def _why(case: Case, objective: Objective, value: Measured) -> Told:
    told = why(case, objective.measure)
    undecided = judge(value, objective.comparison, objective.limit) == "inconclusive"
    if undecided and value.censored and objective.measure.name == "herd_index":
        text = f"{unwatched(case, objective.measure)}, and most in what was seen: {told.text}"
        return Told(text, told.records)
    if undecided and value.censored:
        limit, seen = seconds(objective.limit), seconds(value.value or 0.0)
        text = f"it was watched for {seen} only, which does not decide {limit}: {told.text}"
        return Told(text, told.records, told.cause)
    return told


def _doubt(case: Case, objective: Objective, verdict: Verdict) -> Told | None:
    """What keeps a verdict from being believed: a busy generator, a fault that never bit."""
    # A data key that was lost is lost however late it was asked for.
    if saturated(case.saturation) and not (of_data_keys(objective) and verdict == "failed"):
        found = case.saturation
        text = (
            f"the load generator fell behind its plan: {found.late:,} of "
            f"{many(found.planned, 'arrival')} started over 100 ms late and {found.dropped:,} were "
            f"dropped, more than {share(TOLERATED)}"
        )
        return Told(text, (), "generator saturated")
    silent = [effect for effect in case.effects if effect.first is None]
    if silent and needs_fault(objective) and verdict != "failed":
        return _without_effect(case, silent)
    return None


def _without_effect(case: Case, silent: Sequence[Effect]) -> Told:
    what = "faults" if len(silent) > 1 else "fault"
    names = listed([effect.fault.name for effect in silent])
    if case.run.aborted and all(effect.injected is None for effect in silent):
        return Told(f"the run was over before the {what} {names} began")
    text = f"there is no proof that the {what} {names} touched anything"
    aside = sorted({effect.fault.target for effect in silent if unmet(case.evidence, effect)})
    if len(case.evidence.attempts) and aside:
        lasted = "they" if len(silent) > 1 else "it"
        text += f": no client sent anything to {listed(aside)} while {lasted} lasted"
        return Told(text, (), "fault aside")
    return Told(text, (), "fault without effect")
