"""A region's front door: it spreads requests over the live zones, and tells how the region is."""

import orjson

from chaos.exchange import Answer, Request
from chaos.service import provisioning
from chaos.service.api import KeyService
from chaos.service.metrics import Durations, exposition
from chaos.service.openapi import description

ZONES = 3
HEALTH = "/health"
METRICS = "/metrics"
DESCRIPTION = "/openapi.json"
JSON = {"content-type": "application/json"}
TEXT = {"content-type": "text/plain; version=0.0.4; charset=utf-8"}
HTML = {"content-type": "text/html"}
# What a load balancer says without anybody behind it: no JSON, and no reason code.
NOBODY = b"<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>"


class FrontDoor:
    """Takes every request of a region and gives it to the next live zone, round robin.

    Zones share the region's keys, as the real ones share a database. ``up`` says which of them are
    live; without any the region answers 503. `/health`, `/health/ZONE`, `/metrics` and
    `/openapi.json` are answered by the door itself.
    """

    def __init__(self, service: KeyService) -> None:
        self.service = service
        self.zones = tuple(f"{service.region}-{number + 1}" for number in range(ZONES))
        self.up = dict.fromkeys(self.zones, True)
        self.served = dict.fromkeys(self.zones, 0)
        self.durations = Durations()
        self._controller = provisioning.ResourceController(service)
        self._turn = 0

    def answer(self, request: Request, now: float) -> Answer:
        """Answer one request in one of the zones."""
        path = request.path
        if not path.startswith("/api/"):
            told = self._tell(path.partition("?")[0])
            if told is not None:
                return told
        zone = self._next_zone()
        if zone is None:
            return Answer(503, HTML, NOBODY)
        self.served[zone] += 1
        if path.startswith(provisioning.PATH):
            return self._controller.answer(request, now)
        return self.service.answer(request, now)

    def _next_zone(self) -> str | None:
        for _ in self.zones:
            self._turn = (self._turn + 1) % len(self.zones)
            zone = self.zones[self._turn]
            if self.up[zone]:
                return zone
        return None

    def _tell(self, path: str) -> Answer | None:
        """What is asked about the region and not of it."""
        if path == METRICS:
            text = exposition(self.service, self.up, self.served, self.durations)
            return Answer(200, TEXT, text.encode())
        if path == DESCRIPTION:
            return Answer(200, JSON, orjson.dumps(description()))
        if path == HEALTH:
            told = {"region": self.service.region, "zones": self._states()}
            return Answer(200 if any(self.up.values()) else 503, JSON, orjson.dumps(told))
        if path.startswith(HEALTH + "/"):
            return self._health_of(path.removeprefix(HEALTH + "/"))
        return None

    def _health_of(self, zone: str) -> Answer:
        states = self._states()
        if zone not in states:
            return Answer(404, JSON, orjson.dumps({"zones": list(states)}))
        told = {"zone": zone, "state": states[zone]}
        return Answer(200 if self.up[zone] else 503, JSON, orjson.dumps(told))

    def _states(self) -> dict[str, str]:
        return {zone: "up" if live else "down" for zone, live in self.up.items()}
