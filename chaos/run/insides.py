"""Faults inside the key service by function call: the simulated world's injector. Pure."""

from collections.abc import Mapping

from chaos.run.faults import service_fault
from chaos.scenario.model import Change
from chaos.service.front_door import FrontDoor


class Insides:
    """The doors of the regions by what a fault may target; their clocks show ``epoch`` at zero."""

    def __init__(self, doors: Mapping[str, FrontDoor], epoch: float) -> None:
        self._doors = doors
        self._epoch = epoch

    def apply(self, change: Change, now: float) -> dict[str, float]:
        """Inject or heal one fault; what it has touched, its instants on the run's clock."""
        fault = change.fault
        faults = self._doors[fault.target].faults
        if change.verb == "inject":
            faults.inject(fault.name, service_fault(fault), self._epoch + now)
            return {}
        counts = faults.heal(fault.name, self._epoch + now).counts
        told = {
            "eligible": float(counts.eligible),
            "matched": float(counts.matched),
            "injected": float(counts.injected),
            "escaped": float(counts.escaped),
        }
        if counts.first is not None:
            told["first"] = counts.first - self._epoch
        return told
