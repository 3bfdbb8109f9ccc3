"""What a scenario's wire faults are in the proxy's words: one table for every world.

`down` is not a toxic: the listener closes and live connections with it. The others are toxics, each
on the stream where it bites as its name says: a `timeout` swallows requests before the service sees
them, a `latency` holds answers back.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from chaos.proxy.toxics import Effect, Latency, ResetPeer, Timeout
from chaos.scenario.model import CRASH, PROVIDER_FAILOVER, Change, Fault, Region, Scenario

Stream = Literal["upstream", "downstream"]
DOWN = "down"
DISTANCE = "distance"
# What is counted of a crash: processes that ended as they were told.
DIED = "died"


@dataclass(frozen=True, slots=True)
class WireFault:
    """One toxic as both worlds need it: the pure effect, and its attributes for the HTTP API.

    ``attributes`` are Toxiproxy's, milliseconds as integers.
    """

    name: str
    type: str
    stream: Stream
    effect: Effect
    attributes: Mapping[str, int]


def wire_fault(fault: Fault) -> WireFault:
    """The toxic that a fault of the wire becomes."""
    given = {name: value for name, value in fault.attributes if isinstance(value, float)}
    return _BUILD[fault.kind](fault.name, given)


def service_fault(fault: Fault) -> dict[str, object]:
    """The document by which the key service knows a fault inside it."""
    return {"kind": fault.kind, **dict(fault.attributes)}


def standby_of(region: str) -> str:
    """What the standby of a region is called where faults are injected."""
    return f"{region}/standby"


def site_of(fault: Fault) -> str:
    """Where a fault inside the service is injected."""
    return standby_of(fault.target) if fault.kind == PROVIDER_FAILOVER else fault.target


def mortal(scenario: Scenario) -> frozenset[str]:
    """The regions whose process a fault of the scenario ends."""
    return frozenset(fault.target for fault in scenario.faults if fault.kind == CRASH)


class Gates:
    """Which regions can be connected to.

    Nobody listens where a region is down or its process dead, unless the provider has failed over
    from the dead one.
    """

    def __init__(self) -> None:
        self._in_force: dict[str, Counter[str]] = defaultdict(Counter)

    def change(self, change: Change) -> bool | None:
        """Note a change: whether its region is open now; None where it is as it was."""
        there = self._in_force[change.fault.target]
        was = _open(there)
        there[change.fault.kind] += 1 if change.verb == "inject" else -1
        now = _open(there)
        return None if now == was else now


def _open(there: Mapping[str, int]) -> bool:
    return not there[DOWN] and (not there[CRASH] or there[PROVIDER_FAILOVER] > 0)


def distance(region: Region) -> WireFault:
    """The toxic that keeps a region as far away as the scenario says, from before time zero on."""
    return _latency(DISTANCE, {"latency": region.latency, "jitter": region.jitter})


def _latency(name: str, given: Mapping[str, float]) -> WireFault:
    latency, jitter = given.get("latency", 0.0), given.get("jitter", 0.0)
    attributes = {"latency": _ms(latency), "jitter": _ms(jitter)}
    return WireFault(name, "latency", "downstream", Latency(latency, jitter), attributes)


def _timeout(name: str, given: Mapping[str, float]) -> WireFault:
    timeout = given.get("timeout", 0.0)
    return WireFault(name, "timeout", "upstream", Timeout(timeout), {"timeout": _ms(timeout)})


def _reset_peer(name: str, given: Mapping[str, float]) -> WireFault:
    timeout = given.get("timeout", 0.0)
    return WireFault(name, "reset_peer", "upstream", ResetPeer(timeout), {"timeout": _ms(timeout)})


def _ms(seconds: float) -> int:
    return round(seconds * 1000.0)


_BUILD: dict[str, Callable[[str, Mapping[str, float]], WireFault]] = {
    "latency": _latency,
    "timeout": _timeout,
    "reset_peer": _reset_peer,
}
