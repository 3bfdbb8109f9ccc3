"""A region's front door: it spreads requests over the live zones, and tells how the region is."""

import orjson

from chaos.exchange import Answer, Request
from chaos.service.api import KeyService

ZONES = 3
HEALTH = "/health"
METRICS = "/metrics"
JSON = {"content-type": "application/json"}
TEXT = {"content-type": "text/plain; version=0.0.4; charset=utf-8"}


class FrontDoor:
    """Takes every request of a region and gives it to the next live zone, round robin.

    Zones share the region's keys, as the real ones share a database. ``up`` says which of them are
    live; without any the region answers 503.
    """

    def __init__(self, service: KeyService) -> None:
        self.service = service
        self.zones = tuple(f"{service.region}-{number + 1}" for number in range(ZONES))
        self.up = dict.fromkeys(self.zones, True)
        self.served = dict.fromkeys(self.zones, 0)
        self._turn = 0

    def answer(self, request: Request, now: float) -> Answer:
        """Answer one request in one of the zones."""
        if request.path.startswith((HEALTH, METRICS)):
            return self._tell(request.path)
        zone = self._next_zone()
        if zone is None:
            body = b"<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>"
            return Answer(503, {"content-type": "text/html"}, body)
        self.served[zone] += 1
        return self.service.answer(request, now)

    def _next_zone(self) -> str | None:
        for _ in self.zones:
            self._turn = (self._turn + 1) % len(self.zones)
            zone = self.zones[self._turn]
            if self.up[zone]:
                return zone
        return None

    def _tell(self, path: str) -> Answer:
        if path == METRICS:
            return Answer(200, TEXT, self._metrics().encode())
        states = {zone: "up" if live else "down" for zone, live in self.up.items()}
        if path == HEALTH:
            status = 200 if any(self.up.values()) else 503
            told = {"region": self.service.region, "zones": states}
            return Answer(status, JSON, orjson.dumps(told))
        zone = path.removeprefix(HEALTH + "/")
        if zone not in states:
            return Answer(404, JSON, orjson.dumps({"zones": list(states)}))
        status = 200 if self.up[zone] else 503
        return Answer(status, JSON, orjson.dumps({"zone": zone, "state": states[zone]}))

    def _metrics(self) -> str:
        region = self.service.region
        lines = ["# TYPE keychaos_zone_requests_total counter"]
        for zone, count in self.served.items():
            lines.append(f'keychaos_zone_requests_total{{region="{region}",zone="{zone}"}} {count}')
        return "\n".join(lines) + "\n"
