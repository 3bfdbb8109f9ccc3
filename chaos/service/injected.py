"""The faults that are in force in a region: their proof of injection, their leases, their chance.

Pure: ``now`` is UTC in seconds since 1970 as everywhere in the service. Faults are injected and
healed by function call (:class:`Faults`) or over HTTP (:mod:`chaos.service.control`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from math import inf
from random import Random
from typing import Literal

from chaos.errors import ScenarioError
from chaos.service.aim import Aim
from chaos.service.faults import AnyFault, IamSlow, Meeting, Slow, read_fault
from chaos.service.tokens import issued_at

NAME_AT_MOST = 100
SLOWER = frozenset({"slow", "iam_slow"})
AFTER = frozenset({"answers_lost", "corrupt", "truncated"})


@dataclass(slots=True)
class Counts:
    """Proof of injection of one fault.

    ``eligible`` requests stood under it, ``matched`` of those won the draw of its share,
    ``injected`` were really touched; ``first`` and ``last`` are when. For a key, zone, capacity or
    quota fault every eligible request is matched too, unless it went to another zone or tenant.
    """

    eligible: int = 0
    matched: int = 0
    injected: int = 0
    first: float | None = None
    last: float | None = None

    @property
    def escaped(self) -> int:
        """Requests that stood under it and were not touched."""
        return self.eligible - self.injected

    def touch(self, now: float) -> None:
        """Count a request that was touched."""
        self.injected += 1
        if self.first is None:
            self.first = now
        self.last = now


@dataclass(slots=True)
class Injected:
    """A fault in force: since when, until when its lease runs, and what it has touched."""

    name: str
    fault: AnyFault
    since: float
    until: float
    rng: Random = field(repr=False)
    counts: Counts = field(default_factory=Counts)

    def shown(self, now: float) -> dict[str, object]:
        """As the control API tells it."""
        counts = self.counts
        return {
            "name": self.name,
            "fault": self.fault.model_dump(),
            "since": self.since,
            "lease_left": None if self.until == inf else max(0.0, self.until - now),
            "counts": {
                "eligible": counts.eligible,
                "matched": counts.matched,
                "injected": counts.injected,
                "escaped": counts.escaped,
                "first": counts.first,
                "last": counts.last,
            },
        }

    def meets(self, aim: Aim) -> bool:
        """Whether it touches this request; counted either way, and drawn where only some are."""
        fault = self.fault
        assert isinstance(fault, Meeting)
        if not fault.meets(aim):
            return False
        self.counts.eligible += 1
        if fault.share < 1.0 and self.rng.random() >= fault.share:
            return False
        self.counts.matched += 1
        return True


@dataclass(slots=True)
class Met:
    """What is in store for one request: who answers in the service's stead, delays, aftermath."""

    instead: Injected | None = None
    slower: tuple[Injected, ...] = ()
    after: tuple[Injected, ...] = ()

    def delay(self, now: float) -> float:
        """How much longer it takes; the faults that say so are counted."""
        longer = 0.0
        for each in self.slower:
            fault = each.fault
            assert isinstance(fault, Slow | IamSlow)
            spread = fault.jitter * each.rng.uniform(-1.0, 1.0) if fault.jitter else 0.0
            longer += max(0.0, fault.latency + spread)
            each.counts.touch(now)
        return longer


UNTOUCHED = Met()
Changed = Callable[[Literal["inject", "heal"], Injected, float], None]


class Faults:
    """Every fault of one region.

    ``changed`` is told of each that begins or ends, after it is in or out of the list; what it
    raises as ScenarioError takes the fault back. ``seed`` is the region's own.
    """

    def __init__(self, seed: object, changed: Changed) -> None:
        self.seed = seed
        self.by_name: dict[str, Injected] = {}
        self.meeting: tuple[Injected, ...] = ()
        self.lapses = inf
        self._changed = changed

    def inject(self, name: str, wish: AnyFault | Mapping[str, object], now: float) -> Injected:
        """Put a fault in force; one of the same name is healed before.

        ScenarioError for a wish that makes no sense here.
        """
        fault = read_fault(wish) if isinstance(wish, Mapping) else wish
        if not name or len(name) > NAME_AT_MOST:
            raise ScenarioError(f"A fault's name has 1 to {NAME_AT_MOST} characters.")
        if name in self.by_name:
            self.heal(name, now)
        until = inf if fault.lease is None else now + fault.lease
        rng = Random(f"{self.seed}/{name}" if fault.seed is None else fault.seed)
        made = self.by_name[name] = Injected(name, fault, now, until, rng)
        try:
            self._settle("inject", made, now)
        except ScenarioError:
            del self.by_name[name]
            self._arrange()
            raise
        return made

    def heal(self, name: str, now: float) -> Injected:
        """End a fault, and give what it was with its last counts. KeyError where there is none."""
        healed = self.by_name.pop(name)
        self._settle("heal", healed, now)
        return healed

    def heal_all(self, now: float) -> None:
        """End every fault."""
        for name in tuple(self.by_name):
            self.heal(name, now)

    def renew(self, now: float, names: Iterable[str] | None = None) -> list[str]:
        """Begin the leases of these faults, or of all, again; those that are still in force."""
        self.lapse(now)
        known = self.by_name
        renewed = [name for name in (known if names is None else names) if name in known]
        for name in renewed:
            lease = known[name].fault.lease
            known[name].until = inf if lease is None else now + lease
        self._arrange()
        return renewed

    def lapse(self, now: float) -> None:
        """Heal the faults whose leases have run out."""
        if now < self.lapses:
            return
        for name in [name for name, each in self.by_name.items() if each.until <= now]:
            self.heal(name, now)

    def meet(self, aim: Aim, authorization: str = "") -> Met:
        """What the faults have in store for a request. The first that answers it prevails."""
        met = UNTOUCHED
        for each in self.meeting:
            if each.fault.kind == "revoke_tokens" and not older(authorization, each.since):
                continue
            if not each.meets(aim):
                continue
            met = Met() if met is UNTOUCHED else met
            if each.fault.kind in SLOWER:
                met.slower = (*met.slower, each)
            elif each.fault.kind in AFTER:
                met.after = (*met.after, each)
            elif met.instead is None:
                met.instead = each
        return met

    def _settle(self, verb: Literal["inject", "heal"], which: Injected, now: float) -> None:
        self._arrange()
        self._changed(verb, which, now)

    def _arrange(self) -> None:
        every = self.by_name.values()
        self.meeting = tuple(each for each in every if isinstance(each.fault, Meeting))
        self.lapses = min((each.until for each in every), default=inf)


def older(authorization: str, since: float) -> bool:
    """Whether a request's token was issued before an instant.

    Tokens tell whole seconds: one that was issued in the very second is given the benefit.
    """
    issued = issued_at(authorization.rpartition(" ")[2])
    return issued is not None and issued < int(since)
