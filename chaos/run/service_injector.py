"""Injects and heals faults inside the key service over the twin's control API; brings the proof."""

import time
from collections.abc import Mapping
from typing import Any

import httpx

from chaos.errors import WorldError
from chaos.run.faults import service_fault, site_of
from chaos.scenario.model import Change
from chaos.service.control import PREFIX

TIMEOUT = 5.0


class ServiceInjector:
    """Faults by name, played inside the regions. Calls block; every change is read back.

    ``origins`` are URLs by the names of :func:`chaos.run.faults.site_of`. Raises WorldError where a
    region does not do what it was asked. The faults end with the regions, which are children.
    """

    def __init__(self, origins: Mapping[str, str], token: str) -> None:
        self._origins = dict(origins)
        headers = {"authorization": f"Bearer {token}"}
        self._http = httpx.Client(headers=headers, timeout=TIMEOUT, trust_env=False)

    def apply(self, change: Change) -> tuple[float, dict[str, float]]:
        """Inject or heal one fault: when it took effect (monotonic) and what it has touched."""
        fault = change.fault
        if change.verb == "inject":
            self._ask("PUT", change, service_fault(fault))
            return time.monotonic(), {}
        counts = self._ask("DELETE", change)["counts"]
        healed, ahead = time.monotonic(), time.time() - time.monotonic()
        told = {name: float(value) for name, value in counts.items() if value is not None}
        told.pop("last", None)
        if "first" in told:
            told["first"] -= ahead
        return healed, told

    def _ask(self, method: str, change: Change, body: object = None) -> Any:
        fault = change.fault
        url = f"{self._origins[site_of(fault)]}{PREFIX}faults/{fault.name}"
        try:
            answer = self._http.request(method, url, json=body)
            if answer.is_success:
                return answer.json()
            told = f"HTTP {answer.status_code}: {answer.text}"
        except (httpx.HTTPError, ValueError) as error:
            told = type(error).__name__
        verb = change.verb
        raise WorldError(f"{fault.target} did not {verb} the fault {fault.name}: {told}.")

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()
