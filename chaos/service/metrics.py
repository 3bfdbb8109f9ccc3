"""What a region tells Prometheus: its text format, written here.

The Prometheus client library keeps its numbers in a process-wide registry behind locks and reads
clocks; a region is a pure value, of which a simulation makes many, and needs few numbers of it.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping

from chaos.service.api import KeyService
from chaos.service.zones import Zones

BOUNDS = (25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 100e-3)
Rows = list[tuple[Mapping[str, str], float]]


class Durations:
    """A histogram of how long answers took, in seconds."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.sum = 0.0

    def observe(self, seconds: float) -> None:
        """Count one answer."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.sum += seconds


def exposition(service: KeyService, zones: Zones, durations: Durations, now: float) -> str:
    """All metrics of a region."""
    requests: Rows = [
        ({"method": method, "route": route, "status": str(status)}, count)
        for (method, route, status), count in sorted(service.answered.items())
    ]
    served: Rows = [({"zone": zone}, count) for zone, count in zones.served.items()]
    up: Rows = [({"zone": zone}, int(zone not in zones.lost)) for zone in zones.names]
    out: Rows = [({"zone": zone}, int(zones.ejected(zone, now))) for zone in zones.names]
    text = Exposition(service.region)
    text.family(
        "keychaos_requests_total", "counter", "Requests by method, route, status.", requests
    )
    text.family("keychaos_zone_requests_total", "counter", "Requests by zone.", served)
    text.family("keychaos_zone_up", "gauge", "Whether a zone is live.", up)
    text.family("keychaos_zone_ejected", "gauge", "Whether a zone is given nothing.", out)
    text.family("keychaos_keys", "gauge", "Keys by state.", _keys_by_state(service))
    text.family("keychaos_instances", "gauge", "Instances.", [({}, len(service.instances))])
    text.histogram("keychaos_request_duration_seconds", "Time to answer a request.", durations)
    return "\n".join(text.lines) + "\n"


class Exposition:
    """The text format, version 0.0.4, of one region's metrics."""

    def __init__(self, region: str) -> None:
        self.lines: list[str] = []
        self._region = region

    def family(self, name: str, kind: str, about: str, rows: Rows) -> None:
        """A metric with all its labelled values."""
        self.lines += [f"# HELP {name} {about}", f"# TYPE {name} {kind}"]
        self.lines += [self._sample(name, labels, value) for labels, value in rows]

    def histogram(self, name: str, about: str, durations: Durations) -> None:
        """A histogram with its cumulative buckets."""
        self.family(name, "histogram", about, [])
        total = 0
        for bound, count in zip((*map(str, BOUNDS), "+Inf"), durations.counts, strict=True):
            total += count
            self.lines.append(self._sample(f"{name}_bucket", {"le": bound}, total))
        self.lines.append(self._sample(f"{name}_sum", {}, durations.sum))
        self.lines.append(self._sample(f"{name}_count", {}, total))

    def _sample(self, name: str, labels: Mapping[str, str], value: float) -> str:
        told = {"region": self._region, **labels}
        written = ",".join(f'{label}="{_escaped(text)}"' for label, text in told.items())
        return f"{name}{{{written}}} {value}"


def _keys_by_state(service: KeyService) -> Rows:
    states = Counter(
        key.state.name.lower()
        for instance in service.instances.values()
        for key in instance.keys.values()
    )
    return [({"state": state}, count) for state, count in sorted(states.items())]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
