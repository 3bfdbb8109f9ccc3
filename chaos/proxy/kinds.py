"""The kinds of toxics at the JSON edge: their attributes, units and effects.

Milliseconds, microseconds and kilobytes live here and nowhere else in the proxy.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chaos.proxy.link import Counts, Toxic
from chaos.proxy.registry import ToxicRecord
from chaos.proxy.toxics import (
    Bandwidth,
    Effect,
    Latency,
    LimitData,
    Noop,
    PacketLoss,
    ResetPeer,
    Slicer,
    SlowClose,
    Timeout,
)

MILLISECOND = 1e-3
MICROSECOND = 1e-6
KILOBYTE = 1000

Attributes = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of toxic: the Go struct whose errors are echoed, its attributes' types, its effect."""

    struct: str
    attributes: Mapping[str, str]
    effect: Callable[[Attributes], Effect]


KINDS: Mapping[str, Kind] = {
    "bandwidth": Kind(
        "BandwidthToxic",
        {"rate": "int64"},
        lambda given: Bandwidth(given["rate"] * KILOBYTE),
    ),
    "latency": Kind(
        "LatencyToxic",
        {"latency": "int64", "jitter": "int64"},
        lambda given: Latency(given["latency"] * MILLISECOND, given["jitter"] * MILLISECOND),
    ),
    "limit_data": Kind(
        "LimitDataToxic", {"bytes": "int64"}, lambda given: LimitData(int(given["bytes"]))
    ),
    "noop": Kind("NoopToxic", {}, lambda _: Noop()),
    "packet_loss": Kind(
        "PacketLossToxic",
        {"loss_rate": "float64", "correlation": "float64"},
        lambda given: PacketLoss(given["loss_rate"], given["correlation"]),
    ),
    "reset_peer": Kind(
        "ResetToxic",
        {"timeout": "int64"},
        lambda given: ResetPeer(given["timeout"] * MILLISECOND),
    ),
    "slicer": Kind(
        "SlicerToxic",
        {"average_size": "int", "size_variation": "int", "delay": "int"},
        lambda given: Slicer(
            int(given["average_size"]), int(given["size_variation"]), given["delay"] * MICROSECOND
        ),
    ),
    "slow_close": Kind(
        "SlowCloseToxic", {"delay": "int64"}, lambda given: SlowClose(given["delay"] * MILLISECOND)
    ),
    "timeout": Kind(
        "TimeoutToxic", {"timeout": "int64"}, lambda given: Timeout(given["timeout"] * MILLISECOND)
    ),
}


def toxic(record: ToxicRecord, counts: Counts | None = None) -> Toxic:
    """The toxic that a link suffers for a record; ``counts`` go on where it is a change."""
    effect = KINDS[record.type].effect(record.attributes)
    return Toxic(record.name, effect, record.toxicity, Counts() if counts is None else counts)
