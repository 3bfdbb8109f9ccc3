"""Injects and heals the faults of the wire through a proxy's HTTP API; brings back the proof."""

import time
from collections.abc import Mapping
from typing import Any

from chaos.proxy.control import Controls
from chaos.run.faults import DOWN, distance, wire_fault
from chaos.scenario.model import Change, Scenario


class Injector:
    """Faults by name, played on one fault proxy. Calls block; every change is read back.

    Raises WorldError where the proxy does not do what it was asked.
    """

    def __init__(self, url: str) -> None:
        self._controls = Controls(url)

    def prepare(self, scenario: Scenario) -> None:
        """Put every region as far away as the scenario says."""
        for region in scenario.regions:
            far = distance(region)
            self._controls.add_toxic(
                region.name, far.type, far.attributes, stream=far.stream, name=far.name
            )

    def apply(self, change: Change) -> tuple[float, dict[str, float]]:
        """Inject or heal one fault: when it took effect (monotonic) and what it has touched.

        What a `down` closed and what a toxic touched are the proxy's own counts; a proxy that
        counts nothing gives none.
        """
        fault = change.fault
        proxy = fault.target
        if fault.kind == DOWN:
            self._controls.set_enabled(proxy, change.verb == "heal")
            shown = self._controls.counts(proxy) or {}
            at = shown.get("opened_at" if change.verb == "heal" else "shut_at")
            took_effect = float(at) if at is not None else time.monotonic()
            return took_effect, {"cut": float(shown.get("cut", 0))}
        toxic = wire_fault(fault)
        if change.verb == "inject":
            self._controls.add_toxic(
                proxy, toxic.type, toxic.attributes, stream=toxic.stream, name=toxic.name
            )
            return time.monotonic(), {}
        shown = (self._controls.counts(proxy) or {}).get("toxics", {}).get(toxic.name, {})
        self._controls.remove_toxic(proxy, toxic.name)
        return time.monotonic(), _numbers(shown)

    def heal(self) -> None:
        """Heal everything, whatever had been injected."""
        self._controls.reset()

    def close(self) -> None:
        """Give the connections back."""
        self._controls.close()


def _numbers(shown: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in shown.items() if value is not None}
