"""Under what a region works at the moment: faults, quotas, capacity, zones, in that order.

A request meets the faults first, then its instance's quota, gets a zone, waits for a worker, and is
carried out when it has been served. Pure; ``now`` is UTC in seconds since 1970.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from random import Random
from typing import Literal

from chaos.errors import ScenarioError
from chaos.exchange import Answer, Reply
from chaos.service.aim import Aim
from chaos.service.api import KeyService
from chaos.service.capacity import Capacity, Job, Shed, Station
from chaos.service.faults import (
    CapacityFault,
    Crash,
    KeyDeleted,
    KeyDisabled,
    Meeting,
    ProviderFailover,
    ZoneLoss,
)
from chaos.service.held import RESET, Held, Received, for_ever
from chaos.service.injected import UNTOUCHED, Faults, Injected, Met
from chaos.service.key_faults import befall, undo
from chaos.service.quota import Quota
from chaos.service.quotas import Quotas
from chaos.service.replication import Standby
from chaos.service.suffered import asking, instead, refused, spoilt
from chaos.service.zones import EJECTS_AFTER, READMITS_AFTER, Zones

HTML = {"content-type": "text/html"}
# What a load balancer says without anybody behind it: no JSON, and no reason code.
NOBODY = b"<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>"
BAD_GATEWAY = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
REFUSED_BY_STATE = (HTTPStatus.CONFLICT, HTTPStatus.GONE)
CarryOut = Callable[[float], Answer]


@dataclass(frozen=True, slots=True)
class Terms:
    """Under what a region works without any fault: all it has, for all, unless it is said here."""

    capacity: Capacity | None = None
    quota: Quota | None = None
    ejects_after: float = EJECTS_AFTER
    readmits_after: float = READMITS_AFTER
    seed: object = 0


@dataclass(frozen=True, slots=True)
class Visit:
    """A request on its way through a region: what is in store for it, and who has it."""

    aim: Aim
    correlation: str
    carry_out: CarryOut
    met: Met
    zone: str
    crashes: int


class Conditions:
    """What holds in one region, and what each request goes through because of it.

    ``quiet`` says that nothing does: then nobody needs to ask. ``crash`` is called when a fault
    crashes the region; without it the region only stops answering until the fault heals.
    """

    def __init__(
        self,
        service: KeyService,
        terms: Terms,
        crash: Callable[[Crash], None] | None = None,
        standby: Standby | None = None,
    ) -> None:
        self.terms = terms
        self._standby = standby
        self.zones = Zones(
            service.region, ejects_after=terms.ejects_after, readmits_after=terms.readmits_after
        )
        self.quotas = Quotas(terms.quota)
        self.station = None if terms.capacity is None else Station(terms.capacity)
        self.faults = Faults(f"{terms.seed}/{service.region}", self._change)
        self.crashed = False
        self._service = service
        self._crash = crash
        self._crashes = 0
        self._hit: dict[str, dict[str, str]] = {}
        self._rng = Random(f"{terms.seed}/{service.region}/capacity")
        self._capacities: tuple[Injected, ...] = ()
        self._lost: tuple[Injected, ...] = ()
        self._keys: tuple[Injected, ...] = ()
        self.quiet = self._is_quiet()
        self._special = self._is_special()

    def receive(
        self, aim: Aim, headers: dict[str, str], now: float, carry_out: CarryOut
    ) -> Received:
        """Let one request through everything; ``carry_out`` is called when it has been served."""
        faults = self.faults
        if now >= faults.lapses:
            faults.lapse(now)
        if self.crashed:
            return RESET
        met = faults.meet(aim, headers.get("authorization", "")) if faults.meeting else UNTOUCHED
        if self._standby is not None or met.instead is not None or not self.quotas.none:
            given = self._turned_away(aim, headers, now, met)
            if given is not None:
                return given
        zone = self.zones.next(now)
        if zone is None:
            return Answer(503, HTML, NOBODY)
        if met is UNTOUCHED and not self._special:
            return carry_out(now)
        given = self._lose(zone, now) if self._lost else None
        visit = Visit(aim, headers["correlation-id"], carry_out, met, zone, self._crashes)
        return self._serve(visit, now) if given is None else given

    def _turned_away(
        self, aim: Aim, headers: dict[str, str], now: float, met: Met
    ) -> Received | None:
        """What comes back at once: from a standby, a fault, or a quota."""
        if self._standby is not None:
            behind = self._stand_by(self._standby, aim, headers, now)
            if behind is not None:
                return behind
        if met.instead is not None:
            met.instead.counts.touch(now)
            assert isinstance(met.instead.fault, Meeting)
            return instead(met.instead.fault, aim, headers["correlation-id"], now)
        return self.quotas.refuse(self._service, aim, headers, now)

    def _stand_by(
        self, standby: Standby, aim: Aim, headers: dict[str, str], now: float
    ) -> Answer | None:
        """What a standby refuses: all before a failover, and at first what changes anything."""
        standby.settle(now)
        every = self.faults.by_name.values()
        over = next((each for each in every if isinstance(each.fault, ProviderFailover)), None)
        if over is None:
            return Answer(503, HTML, NOBODY)
        assert isinstance(over.fault, ProviderFailover)
        over.counts.eligible += 1
        over.counts.matched += 1
        over.counts.touch(now)
        read_only = now < over.since + over.fault.read_only
        if read_only and (aim.writes or aim.operation == "instance"):
            return refused(over.fault.status, aim, headers["correlation-id"])
        return None

    def _serve(self, visit: Visit, now: float) -> Received:
        """Have a request wait for a worker and be served, where either takes time."""
        delay = visit.met.delay(now) if visit.met.slower else 0.0
        finish = partial(self._finish, visit)
        if self.station is None or visit.aim.operation == "token":
            return finish(now) if delay <= 0.0 else Held(now + delay, finish)
        job = self.station.arrive(now, self._rng, delay)
        self._count_capacity(job, now)
        if isinstance(job, Shed):
            capacity = self.station.capacity
            answer = refused(capacity.status, visit.aim, visit.correlation)
            return asking(answer, capacity.retry_after, capacity.retry_after_form, now)
        if job.until <= now:
            return finish(now)
        held = Held(job.until, finish)
        job.moved = held.move
        return held

    def _finish(self, visit: Visit, now: float) -> Reply:
        """Carry a request out, unless who had it is dead; what becomes of its answer."""
        if self._crashes != visit.crashes or visit.zone in self.zones.lost:
            return RESET
        reply: Reply = visit.carry_out(now)
        if self._keys:
            self._prove(visit.aim, reply, now)
        for each in visit.met.after:
            assert isinstance(each.fault, Meeting)
            whole, reply = reply, spoilt(each.fault, reply, each.rng)
            if reply is not whole:
                each.counts.touch(now)
        return reply

    def _count_capacity(self, job: Job | Shed, now: float) -> None:
        for each in self._capacities:
            each.counts.eligible += 1
            each.counts.matched += 1
            if isinstance(job, Shed) or job.begins > now:
                each.counts.touch(now)

    def _lose(self, zone: str, now: float) -> Received | None:
        """What a caller sees whose request was given to a zone that is dead."""
        given: Received | None = None
        for each in self._lost:
            fault = each.fault
            assert isinstance(fault, ZoneLoss)
            each.counts.eligible += 1
            if zone != self.zones.names[fault.zone - 1]:
                continue
            each.counts.matched += 1
            each.counts.touch(now)
            shown: dict[str, Received] = {"reset": RESET, "error": Answer(502, HTML, BAD_GATEWAY)}
            given = for_ever() if fault.shows == "hang" else shown[fault.shows]
        return given

    def _prove(self, aim: Aim, reply: Reply, now: float) -> None:
        """Count a request that named a key which was deleted or disabled by a fault."""
        for each in self._keys:
            if aim.key in self._hit.get(each.name, ()):
                each.counts.eligible += 1
                each.counts.matched += 1
                if isinstance(reply, Answer) and reply.status in REFUSED_BY_STATE:
                    each.counts.touch(now)

    def _change(self, verb: Literal["inject", "heal"], which: Injected, now: float) -> None:
        """Let what a fault does to the region as a whole begin or end."""
        fault = which.fault
        every = tuple(self.faults.by_name.values())
        self._capacities = tuple(each for each in every if each.fault.kind == "capacity")
        self._lost = tuple(each for each in every if each.fault.kind == "zone_loss")
        self._keys = tuple(
            each for each in every if isinstance(each.fault, KeyDeleted | KeyDisabled)
        )
        self.quotas.arrange(tuple(each for each in every if each.fault.kind == "quota"))
        if isinstance(fault, KeyDeleted | KeyDisabled):
            if verb == "inject":
                self._hit[which.name] = befall(self._service, fault, now)
            else:
                undo(self._service, fault, self._hit.pop(which.name), now)
        elif isinstance(fault, ZoneLoss):
            places = [each.fault.zone for each in self._lost if isinstance(each.fault, ZoneLoss)]
            self.zones.lose(frozenset(self.zones.names[place - 1] for place in places), now)
            self._set_capacity(now)
        elif isinstance(fault, CapacityFault):
            self._set_capacity(now)
        elif isinstance(fault, Crash):
            self._set_crashed(fault, crashed=verb == "inject")
        elif isinstance(fault, ProviderFailover):
            self._fail_over(fault, now, began=verb == "inject")
        self.quiet = self._is_quiet()
        self._special = self._is_special()

    def _fail_over(self, fault: ProviderFailover, now: float, *, began: bool) -> None:
        standby = self._standby
        if standby is None:
            raise ScenarioError("Fault of the service: kind: only a standby can fail over.")
        if began:
            standby.settle(now)
            standby.begin(loses=fault.loses)
        else:
            standby.end(now)

    def _set_capacity(self, now: float) -> None:
        capacity: Capacity | None = self.terms.capacity
        for each in self._capacities:
            assert isinstance(each.fault, CapacityFault)
            capacity = each.fault
        if capacity is None:
            if self.station is not None:
                self.station.release(now)
            self.station = None
            return
        if self.station is None:
            self.station = Station(capacity)
        self.station.change(capacity, now, self.zones.working)

    def _set_crashed(self, fault: Crash, *, crashed: bool) -> None:
        self.crashed = crashed
        if crashed and self._crash is not None:
            self._crash(fault)
        if crashed:
            self._crashes += 1
            return
        # A process that starts again has what was kept, and an empty queue.
        self._service.iam.forget()
        for instance in self._service.instances.values():
            instance.import_token = None
        if self.station is not None:
            self.station = Station(self.station.capacity)

    def _is_special(self) -> bool:
        """Whether there is more to a request, once it was let in, than to carry it out."""
        return bool(self._lost or self._keys or self.station is not None)

    def _is_quiet(self) -> bool:
        limited = self.station is not None or not self.quotas.none
        return not (self.faults.by_name or limited or self._standby is not None)
