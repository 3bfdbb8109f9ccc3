"""Proof of injection: when each fault was in effect, which attempts it touched, and so T0.

A fault is believed when it is seen to have bitten, not when it was asked for. An attempt is touched
when it was under way at the fault's region while the fault was in effect and either failed or took
longer than attempts did there before the first fault.
"""

from dataclasses import dataclass

import numpy as np

from chaos.analysis.evidence import Bools, Evidence
from chaos.analysis.findings import Proof
from chaos.run.record import FAILURE_CODES
from chaos.run.world import Applied
from chaos.scenario.model import Fault

DOWN = "down"
# What a closed listener and the connections closed with it look like to a client.
_REFUSALS = tuple(FAILURE_CODES[kind] for kind in ("refused", "reset", "closed", "truncated"))
_SLOWER = 2.0
# Of what the fault adds on paper, so much must be seen on an attempt to call it delayed.
_SEEN = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Effect:
    """One fault as it was in effect.

    ``region`` is the code of the region that it hits, None where its target is no region; then any
    attempt may be touched by it. ``first`` is the first touch, None where there is no proof that it
    ever bit. ``touched`` has one flag an attempt of the evidence.
    """

    fault: Fault
    region: int | None
    injected: float | None
    healed: float | None
    first: float | None
    counts: tuple[tuple[str, float], ...]
    touched: Bools

    @property
    def ends(self) -> float:
        """When it was healed, infinity where it was not."""
        return float("inf") if self.healed is None else self.healed

    def proof(self) -> Proof:
        """What the report shows of it."""
        fault = self.fault
        return Proof(
            fault.name,
            fault.kind,
            fault.target,
            self.injected,
            self.healed,
            self.first,
            self.counts,
        )


def effects(evidence: Evidence) -> tuple[Effect, ...]:
    """Every fault of the scenario, in the order of its file, as it was in effect."""
    return tuple(_effect(evidence, fault) for fault in evidence.run.scenario.faults)


def first_touch(found: tuple[Effect, ...]) -> float | None:
    """T0: the moment of the first effective fault, None where no fault is proved to have bitten."""
    return min((effect.first for effect in found if effect.first is not None), default=None)


def last_heal(found: tuple[Effect, ...]) -> float | None:
    """When the last fault was healed; None where none was injected, or one never healed."""
    healed = [effect.healed for effect in found if effect.injected is not None]
    known = [each for each in healed if each is not None]
    return max(known) if known and len(known) == len(healed) else None


def touched_operations(evidence: Evidence, found: tuple[Effect, ...]) -> Bools:
    """The operations of which a fault touched an attempt."""
    flags = np.zeros(len(evidence.operations), dtype=np.bool_)
    for effect in found:
        flags[evidence.row[effect.touched]] = True
    return flags


def _effect(evidence: Evidence, fault: Fault) -> Effect:
    inject = _change(evidence, fault, "inject")
    heal = _change(evidence, fault, "heal")
    region = _region(evidence, fault.target)
    if inject is None:
        nothing = np.zeros(len(evidence.attempts), dtype=np.bool_)
        return Effect(fault, region, None, None, None, (), nothing)
    injected, healed = inject.took_effect, heal.took_effect if heal else None
    there = _under_way(evidence, region, injected, healed)
    touched = there & (evidence.failed | _delayed(evidence, fault, region))
    counted = {**inject.counts, **(heal.counts if heal else {})}
    if fault.kind == DOWN:
        refused = there & np.isin(evidence.attempts["status"], _REFUSALS)
        first = injected if refused.any() else None
        counted |= _seen(evidence, there, refused)
    elif "injected" in counted:
        first = max(injected, counted.get("first", injected)) if counted["injected"] else None
    else:
        sent = evidence.attempts["sent"][touched]
        first = max(injected, float(sent.min())) if len(sent) else None
        counted |= _seen(evidence, there, touched)
    counts = tuple(sorted((name, float(n)) for name, n in counted.items() if name != "first"))
    return Effect(fault, region, injected, healed, first, counts, touched)


def _seen(evidence: Evidence, there: Bools, touched: Bools) -> dict[str, float]:
    """The counts where the injector keeps none, as for `down`: what the clients saw."""
    return {
        "eligible": float(there.sum()),
        "injected": float(touched.sum()),
        "escaped": float((there & evidence.answered & ~touched).sum()),
    }


def _change(evidence: Evidence, fault: Fault, verb: str) -> Applied | None:
    changes = evidence.run.changes
    return next((each for each in changes if (each.fault, each.verb) == (fault.name, verb)), None)


def _region(evidence: Evidence, target: str) -> int | None:
    """The region that a target names; `us-south/zone-2` and `us-south/orders` lie in us-south."""
    regions = evidence.run.regions
    name = target.split("/", maxsplit=1)[0]
    return regions.index(name) if name in regions else None


def _under_way(
    evidence: Evidence, region: int | None, injected: float, healed: float | None
) -> Bools:
    attempts, slack = evidence.attempts, evidence.run.clock_error
    there = attempts["ended"] > injected - slack
    if healed is not None:
        there &= attempts["sent"] < healed
    if region is not None:
        there &= attempts["region"] == region
    return np.asarray(there, dtype=np.bool_)


def _delayed(evidence: Evidence, fault: Fault, region: int | None) -> Bools:
    """Attempts slower than that region was before the first fault, by what this fault may add."""
    attempts = evidence.attempts
    lasted = attempts["ended"] - attempts["sent"]
    begins = evidence.phases[0].ends
    before = evidence.answered & (attempts["ended"] < begins)
    if region is not None:
        before &= attempts["region"] == region
    if not before.any():
        return np.zeros(len(attempts), dtype=np.bool_)
    usual = np.sort(lasted[before])
    slow = lasted > _SLOWER * float(np.percentile(usual, 99, method="inverted_cdf"))
    latency = dict(fault.attributes).get("latency")
    if isinstance(latency, float) and latency > 0:
        # What its client gave up early, once a hedge had won, never had the time to show it.
        given_up = ~evidence.answered & ~evidence.failed
        slow &= given_up | (lasted > usual[len(usual) // 2] + _SEEN * latency)
    return np.asarray(slow, dtype=np.bool_)
