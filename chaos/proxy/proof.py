"""Proof of injection over the API: routes of ours beside Toxiproxy's."""

from collections.abc import Generator, Iterable, Mapping
from typing import Any, cast

from chaos.proxy.api import Asked, Plan, Routes, answered
from chaos.proxy.registry import Change, Count, Outcome

Counting = Generator[tuple[Change, ...], tuple[Outcome, ...], Mapping[str, Mapping[str, Any]]]


def counted(names: Iterable[str]) -> Counting:
    """The counts of proxies by name."""
    (counts,) = yield (Count(tuple(names)),)
    return cast("Mapping[str, Mapping[str, Any]]", counts)


def _every(asked: Asked) -> Plan:
    return answered(200, (yield from counted(sorted(asked.registry))))


def _one(asked: Asked) -> Plan:
    name = asked.proxy.name
    return answered(200, (yield from counted([name]))[name])


# Instants are on the clock of `time.monotonic`, seconds; see chaos.proxy.stage.Counts.
PROOF: Routes = {"/counts": {"GET": _every}, "/proxies/{proxy}/counts": {"GET": _one}}
