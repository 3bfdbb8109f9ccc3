"""A region's front door: it takes every request, and tells how the region is."""

from collections.abc import Callable
from functools import partial

import orjson

from chaos.exchange import Answer, Request
from chaos.service import control, provisioning
from chaos.service.aim import Aim, aim_of
from chaos.service.api import KeyService
from chaos.service.conditions import HTML, NOBODY, Conditions, Terms
from chaos.service.control import Control
from chaos.service.faults import Crash
from chaos.service.held import Received
from chaos.service.iam import TOKEN_PATHS
from chaos.service.metrics import Durations, exposition
from chaos.service.openapi import description
from chaos.service.replica import Replica
from chaos.service.replication import Outbox, Standby
from chaos.service.resolve import resolve

HEALTH = "/health"
METRICS = "/metrics"
DESCRIPTION = "/openapi.json"
JSON = {"content-type": "application/json"}
TEXT = {"content-type": "text/plain; version=0.0.4; charset=utf-8"}
UNLIMITED = Terms()
AnswerTo = Callable[[Request, float], Answer]
NOTHING = Aim("other")
TOKEN = Aim("token")
PROVISIONING = Aim("instance")


class FrontDoor:
    """Takes every request of a region and gives it to the next live zone, round robin.

    Zones share the region's keys, as the real ones share a database. ``conditions`` hold the
    faults (``door.faults``), zones, capacity and quotas. `/health`, `/health/ZONE`, `/metrics`,
    `/openapi.json` and the control API are answered by the door itself, whatever the conditions.
    ``outbox`` is the service's storage where a standby elsewhere may ask for changes; ``standby``
    makes this door one, which serves only while a `provider_failover` fault is in force.
    """

    def __init__(
        self,
        service: KeyService,
        terms: Terms = UNLIMITED,
        *,
        control_token: str = "",
        crash: Callable[[Crash], None] | None = None,
        outbox: Outbox | None = None,
        standby: Standby | None = None,
    ) -> None:
        self.service = service
        self.conditions = Conditions(service, terms, crash, standby)
        self._standby = standby
        self.faults = self.conditions.faults
        self.zones = self.conditions.zones
        self.durations = Durations()
        replica = None if outbox is None else Replica(service, outbox, control_token)
        self._control = Control(self.faults, control_token, self.state, replica)
        self._controller = provisioning.ResourceController(service)

    def receive(self, request: Request, now: float) -> Received:
        """Take one request at ``now``, UTC since 1970: an answer, a dropped connection, or later.

        With nothing configured and no fault in force every request is answered at once.
        """
        path = request.path
        if not path.startswith("/api/"):
            told = self._tell(request, now)
            if told is not None:
                return told
            if path.partition("?")[0] in TOKEN_PATHS:
                return self._take(TOKEN, request, now, self.service.iam.answer)
            if path.startswith(provisioning.PATH):
                return self._take(PROVISIONING, request, now, self._controller.answer)
        service = self.service
        if self.conditions.quiet:
            return self._take(NOTHING, request, now, service.answer)
        headers = service.read_headers(request)
        aimed = resolve(request.method, path)
        tenant = headers.get("bluemix-instance", "")
        aim = aim_of(aimed.route, aimed.names, tenant, service.instances)
        carry_out = partial(service.carry_out, request.body, aimed, headers)
        return self.conditions.receive(aim, headers, now, carry_out)

    def _take(self, aim: Aim, request: Request, now: float, answer: AnswerTo) -> Received:
        """Have a request answered that is read no further here."""
        if not self.conditions.quiet:
            headers = self.service.read_headers(request)
            return self.conditions.receive(aim, headers, now, partial(answer, request))
        if self.zones.next(now) is None:
            return Answer(503, HTML, NOBODY)
        return answer(request, now)

    def state(self, now: float) -> dict[str, object]:
        """What the control API tells of the region besides its faults."""
        conditions = self.conditions
        station = conditions.station
        told: dict[str, object] = {
            "region": self.service.region,
            "instances": list(self.service.instances),
            "zones": self._states(now),
            "served": self.zones.served,
            "crashed": conditions.crashed,
            "capacity": None,
            "quota": None,
        }
        if station is not None:
            told["capacity"] = station.capacity.model_dump()
            told |= {"waiting": station.waiting(now), "running": station.running(now)}
            told |= {"taken": station.taken, "shed": station.shed}
        if self._standby is not None:
            told["standby"] = {"seen": self._standby.seen, "coming": self._standby.coming}
        if conditions.terms.quota is not None:
            told["quota"] = conditions.terms.quota.model_dump()
        return told

    def _tell(self, request: Request, now: float) -> Answer | None:
        """What is asked about the region and not of it."""
        path = request.path.partition("?")[0]
        if path.startswith(control.PREFIX):
            return self._control.answer(request, now)
        if path == METRICS:
            text = exposition(self.service, self.zones, self.durations, now)
            return Answer(200, TEXT, text.encode())
        if path == DESCRIPTION:
            return Answer(200, JSON, orjson.dumps(description()))
        if path == HEALTH:
            states = self._states(now)
            told = {"region": self.service.region, "zones": states}
            return Answer(200 if "up" in states.values() else 503, JSON, orjson.dumps(told))
        if path.startswith(HEALTH + "/"):
            return self._health_of(path.removeprefix(HEALTH + "/"), now)
        return None

    def _health_of(self, zone: str, now: float) -> Answer:
        states = self._states(now)
        if zone not in states:
            return Answer(404, JSON, orjson.dumps({"zones": list(states)}))
        told = {"zone": zone, "state": states[zone]}
        return Answer(200 if states[zone] == "up" else 503, JSON, orjson.dumps(told))

    def _states(self, now: float) -> dict[str, str]:
        self.faults.lapse(now)
        lost = self.zones.lost
        return {zone: "down" if zone in lost else "up" for zone in self.zones.names}
