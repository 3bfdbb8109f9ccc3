"""What a scenario's wire faults are in the proxy's words: one table for every world.

`down` is not a toxic: the listener closes and live connections with it. The others are toxics, each
on the stream where it bites as its name says: a `timeout` swallows requests before the service sees
them, a `latency` holds answers back.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from chaos.proxy.toxics import Effect, Latency, ResetPeer, Timeout
from chaos.scenario.model import Fault, Region

Stream = Literal["upstream", "downstream"]
DOWN = "down"
DISTANCE = "distance"


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
