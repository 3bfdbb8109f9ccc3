"""What to do, to whom: the advice on every cause that the findings have, each once.

Where the clients have groups it goes to the owners of those in which the cause was found: of the
groups that the rules name, or else of those whose clients show it.
"""

from collections.abc import Iterable

import numpy as np

from chaos.analysis.advice import ADVICE
from chaos.analysis.case import Case
from chaos.analysis.effects import Effect
from chaos.analysis.evidence import Evidence, Ints
from chaos.analysis.findings import Finding
from chaos.analysis.selection import group_in
from chaos.analysis.telling import Cause, Told, groups_of
from chaos.analysis.wording import listed

_HALF = 0.5
# Of what is asked of a dead region so much fails; one that throttles is alive.
_DEAD = 0.95
_STRANDED: tuple[Cause, ...] = ("no backup tried", "backup failed as well")
_UNSERVED: tuple[Cause, ...] = ("failed operations", "no attempt", "not recovered")
_BUSY: tuple[Cause, ...] = ("retries amplify", "asks the dead region first")


def deficiencies(case: Case, judged: Iterable[tuple[Finding, Told]]) -> tuple[str, ...]:
    """The advice, in the order in which the causes were found."""
    found: dict[Cause, dict[str, None]] = {}
    for finding, told in judged:
        if told.cause:
            cause = _behind(case, told.cause)
            found.setdefault(cause, {})[group_in(finding.objective.measure.where)] = None
    return tuple(_addressed(case, cause, groups) for cause, groups in found.items())


def _addressed(case: Case, cause: Cause, groups: Iterable[str]) -> str:
    named = tuple(group for group in groups if group)
    if len(named) < len(tuple(groups)):
        named = groups_of(case.evidence, _showing(case, cause))
    if not named:
        return ADVICE[cause]
    return f"Group{'s' * (len(named) > 1)} {listed(named)}: {ADVICE[cause]}"


def _behind(case: Case, cause: Cause) -> Cause:
    """What is behind a cause: who asks a dead region with every call needs no budget for retries
    but a memory."""
    return "asks the dead region first" if cause == "retries amplify" and forgets(case) else cause


def forgets(case: Case) -> bool:
    """Whether clients that had found another region still asked the dead one first."""
    evidence, journeys = case.evidence, case.journeys
    came = np.flatnonzero(journeys.arrival >= 0)
    if not len(came):
        return False
    size = int(max(evidence.operations["client"].max(), journeys.clients.max())) + 1
    left, since, until = np.full(size, -1), np.full(size, np.inf), np.full(size, -np.inf)
    clients = journeys.clients[came]
    left[clients], until[clients] = journeys.left[came], journeys.until[came]
    since[clients] = journeys.arrived[came]
    attempts = evidence.attempts
    first = attempts["number"] == 1
    owner, sent = attempts["client"], attempts["sent"]
    after = first & (sent > since[owner]) & (sent < until[owner])
    there = after & (attempts["region"] == left[owner])
    dead = (there & evidence.failed).sum() > _DEAD * there.sum()
    return bool(dead and there.sum() > _HALF * after.sum())


def unmet(evidence: Evidence, effect: Effect) -> bool:
    """Whether a fault lay where no client sent anything while it was in effect."""
    if effect.region is None or effect.injected is None:
        return False
    attempts = evidence.attempts
    there = (attempts["region"] == effect.region) & (attempts["ended"] > effect.injected)
    return not (there & (attempts["sent"] < effect.ends)).any()


def _showing(case: Case, cause: Cause) -> Ints:
    """The clients that show a cause, none where that is not known."""
    evidence, journeys = case.evidence, case.journeys
    if cause in _STRANDED:
        return journeys.clients[journeys.arrival < 0]
    if cause in _UNSERVED:
        since = np.inf if case.t0 is None else case.t0
        bad = ~evidence.ok & (evidence.operations["ended"] >= since)
        return np.unique(evidence.operations["client"][bad]).astype(np.int64)
    if cause == "early retries":
        return np.unique(evidence.attempts["client"][case.compliance.early]).astype(np.int64)
    return _busy(case) if cause in _BUSY else np.zeros(0, dtype=np.int64)


def _busy(case: Case) -> Ints:
    """The clients of the groups that amplify more than the fleet does."""
    evidence, clients = case.evidence, case.run.scenario.clients
    fleet = len(evidence.attempts) / max(1, len(evidence.operations))
    found = []
    for group in clients.groups:
        mine = clients.numbers(group.name)
        attempts = int(np.isin(evidence.attempts["client"], mine).sum())
        if attempts > fleet * int(np.isin(evidence.operations["client"], mine).sum()):
            found += list(mine)
    return np.array(found, dtype=np.int64)
