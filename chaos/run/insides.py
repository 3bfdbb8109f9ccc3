"""Faults inside the key service by function call: the simulated world's injector. Pure."""

from collections.abc import Mapping
from types import MappingProxyType

from chaos.run.faults import DIED, service_fault, site_of
from chaos.run.wires import Respond
from chaos.scenario.model import CRASH, Change
from chaos.service.injected import Faults


class Insides:
    """The faults of the regions by their site's name; their clocks show ``epoch`` at zero.

    ``standbys`` serve in the regions of their names while the provider has failed over.
    """

    def __init__(
        self,
        faults: Mapping[str, Faults],
        epoch: float,
        standbys: Mapping[str, Respond] = MappingProxyType({}),
    ) -> None:
        self.standbys = standbys
        self._faults = faults
        self._epoch = epoch

    def apply(self, change: Change, now: float) -> dict[str, float]:
        """Inject or heal one fault; what it has touched, its instants on the run's clock."""
        fault = change.fault
        faults = self._faults[site_of(fault)]
        if change.verb == "inject":
            faults.inject(fault.name, service_fault(fault), self._epoch + now)
            return {DIED: 1.0} if fault.kind == CRASH else {}
        if fault.kind == CRASH:
            faults.heal(fault.name, self._epoch + now)
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
