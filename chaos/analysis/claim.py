"""What a run's headline claims: what each fault was seen to do, and what its callers had of it.

The words follow the fault's kind and the records. A region that answers 429 is not lost, a token
service that is out takes no region away, and nobody fails over where there is one region only.
"""

from collections.abc import Sequence

import numpy as np

from chaos.analysis.case import Case
from chaos.analysis.effects import Effect
from chaos.analysis.evidence import Bools
from chaos.analysis.journeys import Journeys, journeys
from chaos.analysis.measures import measured
from chaos.analysis.spread import spread
from chaos.analysis.telling import region_name
from chaos.analysis.wording import LEAST_STATUS, listed, many, seconds, share
from chaos.scenario.model import CRASH
from chaos.scenario.objective import Measure

_LOST = ("down", "timeout", "reset_peer", CRASH)
_SLOW = ("latency", "slow", "capacity")
_THROTTLED = ("throttle", "quota")
_TOKENS = ("iam_outage", "iam_slow")
# What is wrong inside a region that answers all the same.
_INSIDE = {
    "key_disabled": ", its root keys disabled,",
    "key_deleted": ", its root keys deleted,",
    "provider_failover": ", failing over to its standby,",
    "zone_loss": ", short of a zone,",
}
_HALF = 0.5
_MOST_CLAUSES = 2
# So many operations in a hundred are under way at any heal; more than that have waited for it.
_WAITED = 0.01


def claim(case: Case) -> str:
    """What was lost and how the clients coped; what callers had of it where that is the point."""
    if not len(case.evidence.operations):
        return "No operation ended"
    groups = _alike([each for each in case.effects if each.first is not None])
    told = [clause for group in groups if (clause := _clause(case, group))]
    if not told:
        ok = measured(case, Measure("availability"))
        return f"{share(ok.value or 0.0)} of {many(ok.n, 'operation')} ended ok"
    rest = len(told) - _MOST_CLAUSES
    more = [f"{many(rest, 'more fault')} bit"] if rest > 0 else []
    said = "; ".join([*told[:_MOST_CLAUSES], *more])
    if _unharmed(case, groups):
        return said
    return f"{said}: {callers(case)}{_return(case, groups)}"


def callers(case: Case) -> str:
    """What came of the operations due in the fault: before the heal, and of those that waited.

    A call that a dead region held until it was healed ended ok, and yet nobody was served.
    """
    evidence = case.evidence
    phase = evidence.phase("fault")
    assert phase is not None
    due, ended = evidence.operations["due"], evidence.operations["ended"]
    there = (due >= phase.starts) & (due < phase.ends)
    ok = there & evidence.ok
    n, served = int(there.sum()), int((ok & (ended <= phase.ends)).sum())
    late = int(ok.sum()) - served
    if not n:
        return "no operation was due in the fault"
    if late <= _WAITED * n:
        return f"{_part(served + late, n)} due in the fault ended ok"
    return f"{_part(served, n)} due in the fault ended ok before the heal, {share(late / n)} after"


def _part(ok: int, n: int) -> str:
    of = f"of {many(n, 'operation')}"
    return f"{share(ok / n)} {of}" if ok else f"none {of}"


def _alike(found: Sequence[Effect]) -> list[tuple[Effect, ...]]:
    """The effects of one family at one region together, in the order in which they first bit."""
    groups: dict[tuple[str, int | None], list[Effect]] = {}
    for effect in sorted(found, key=lambda each: each.first or 0.0):
        groups.setdefault((_family(effect), effect.region), []).append(effect)
    return [tuple(group) for group in groups.values()]


def _family(effect: Effect) -> str:
    families = {"lost": _LOST, "slow": _SLOW, "throttled": _THROTTLED}
    kind = effect.fault.kind
    return next((name for name, kinds in families.items() if kind in kinds), kind)


def _clause(case: Case, group: tuple[Effect, ...]) -> str:
    """What faults of one family did at one region; empty where no client noticed."""
    if group[0].fault.kind in _TOKENS:
        return _tokens(case, group)
    travelled = journeys(case.evidence, group)
    if not len(travelled.clients):
        return ""
    family = _family(group[0])
    if family in ("lost", "slow"):
        return (_lost if family == "lost" else _slow)(case, travelled)
    return _answered(case, group, travelled)


def _lost(case: Case, travelled: Journeys) -> str:
    clients = many(len(np.unique(travelled.clients)), "client")
    left = _left(case, travelled)
    came = _came(travelled)
    if np.isnan(travelled.arrived).all():
        alone = len(case.run.scenario.clients.reached()) == 1
        way = ", their only region" if alone else " and none failed over"
        return f"{clients} lost {left}{way}"
    if not came.all():
        others = _others(case, travelled)
        again = " every time" if len(travelled.clients) > len(came) else ""
        return f"{int(came.sum()):,} of {clients} that lost {left} failed over to {others}{again}"
    return f"{clients} lost {left} and {_moved(case, travelled)}"


def _slow(case: Case, travelled: Journeys) -> str:
    """What became slow is lost only to those who do not wait for it."""
    clients, left = many(len(np.unique(travelled.clients)), "client"), _left(case, travelled)
    waited = case.evidence.answered[travelled.first].mean() > _HALF
    met = "met" if waited else "gave up on"
    came = _came(travelled)
    if came.all():
        return f"{clients} {met} a slow {left} and {_moved(case, travelled)}"
    moved = f", {int(came.sum()):,} failed over to {_others(case, travelled)}" if came.any() else ""
    took = measured(case, Measure("response", ("fault",), "p99"))
    late = f", p99 response time {seconds(took.value)}" if took.value is not None else ""
    return f"{clients} {met} a slow {left}{late}{moved}"


def _answered(case: Case, group: tuple[Effect, ...], travelled: Journeys) -> str:
    """A region that answers, and not what was asked for; and what the clients made of that."""
    evidence = case.evidence
    met = _touched(group) & evidence.failed
    clients = many(len(np.unique(travelled.clients)), "client")
    left = _left(case, travelled)
    codes, counts = np.unique(evidence.attempts["status"][met], return_counts=True)
    if not len(codes):
        return f"{clients} met {group[0].fault.kind.replace('_', ' ')} at {left}"
    status, count = int(codes[np.argmax(counts)]), int(counts.max())
    about = _INSIDE.get(group[0].fault.kind, "")
    if status >= LEAST_STATUS:
        said = f"{left}{about} answered {status} to {many(count, 'attempt')} of {clients}"
    else:
        said = f"{left}{about} failed {many(int(met.sum()), 'attempt')} of {clients}"
    return said + _heeded(case, met) + _gone(case, travelled)


def _heeded(case: Case, met: Bools) -> str:
    """Whether those who were asked to stay away for a while did."""
    asked = met & ~np.isnan(case.evidence.attempts["retry_after"])
    if not asked.any():
        return ""
    early = int(case.compliance.early.sum())
    told = "1 retry" if early == 1 else f"{early:,} retries" if early else "no retry"
    return f", {told} came before its Retry-After"


def _gone(case: Case, travelled: Journeys) -> str:
    came = _came(travelled)
    if not came.any():
        return ""
    who = "all" if came.all() else f"{int(came.sum()):,}"
    return f", {who} failed over to {_others(case, travelled)}"


def _tokens(case: Case, group: tuple[Effect, ...]) -> str:
    """What was asked of the token service while it was out, or slow."""
    asked = case.evidence.refreshes
    met = np.zeros(len(asked), dtype=np.bool_)
    for effect in group:
        met |= (asked["ended"] > (effect.injected or 0.0)) & (asked["sent"] < effect.ends)
    slow = group[0].fault.kind == "iam_slow"
    vain = met if slow else met & (asked["status"] // 100 != 2)  # noqa: PLR2004 - HTTP's successes
    if not vain.any():
        return ""
    clients = many(len(np.unique(asked["client"][vain])), "client")
    if slow:
        longest = float((asked["ended"] - asked["sent"])[vain].max())
        return f"{clients} waited up to {seconds(longest)} for a token"
    return f"{clients} asked the token service in vain, {many(int(vain.sum()), 'time')} in all"


def _touched(group: tuple[Effect, ...]) -> Bools:
    touched: Bools = np.logical_or.reduce([effect.touched for effect in group])
    return touched


def _moved(case: Case, travelled: Journeys) -> str:
    taken, censored, _ = travelled.slowest(*travelled.failover)
    took = spread(taken, censored, "p95")
    return f"failed over to {_others(case, travelled)} in {seconds(took.value or 0.0)} (p95)"


def _came(travelled: Journeys) -> Bools:
    """Whether each client got elsewhere, every time that it had to."""
    return ~travelled.slowest(*travelled.failover)[1]


def _left(case: Case, travelled: Journeys) -> str:
    """The region that most of them left."""
    regions, counts = np.unique(travelled.left, return_counts=True)
    return region_name(case.evidence, int(regions[np.argmax(counts)]))


def _others(case: Case, travelled: Journeys) -> str:
    arrivals = travelled.arrival[travelled.arrival >= 0]
    codes = np.unique(case.evidence.attempts["region"][arrivals])
    return listed([region_name(case.evidence, int(code)) for code in codes])


def _unharmed(case: Case, groups: list[tuple[Effect, ...]]) -> bool:
    """Whether a whole fleet lost its region and no call: then the way over is all there is."""
    lost = all(_family(group[0]) == "lost" for group in groups)
    if not lost or np.isnan(case.journeys.arrived).any():
        return False
    phase, due = case.evidence.phase("fault"), case.evidence.operations["due"]
    return bool(phase and case.evidence.ok[(due >= phase.starts) & (due < phase.ends)].all())


def _return(case: Case, groups: list[tuple[Effect, ...]]) -> str:
    """How a fleet that had nowhere to go came back, which is what it can be judged by."""
    lost = all(_family(group[0]) == "lost" for group in groups)
    came = case.herds and case.herds[0].arrivals
    if not lost or not came or not np.isnan(case.journeys.arrived).all():
        return ""
    index = case.herds[0].index
    times = f"{index:,.0f}" if index >= 10 else f"{index:.2g}"  # noqa: PLR2004 - two digits
    peak = f"; arrivals then peaked at {times} times the usual"
    if case.steadiness is not None and case.steadiness.metastable:
        return f"{peak} and the service stayed down"
    return peak
