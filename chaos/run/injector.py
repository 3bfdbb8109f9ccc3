"""Injects and heals the faults of the wire through a proxy's HTTP API; brings back the proof."""

import secrets
import time
from collections.abc import Mapping
from typing import Any

from chaos.proxy.control import Controls
from chaos.run.faults import DOWN, distance, wire_fault
from chaos.scenario.model import Change, Scenario

# Seconds after which a guardian heals what a killed run left in somebody's own proxy.
LEASE = 5.0
# Seconds in which the connections that a proxy has cut are gone behind it too.
CUT_WITHIN = 1.0
_LOOK_EVERY = 0.01


class Injector:
    """Faults by name, played on one fault proxy. Calls block; every change is read back.

    ``others`` says that the proxy is somebody's own and goes on after the run: our proxies in it
    get names of their own, are removed at the end, and a guardian removes them should we be killed.
    ``behind`` is the URL of a fault proxy of ours, which is then chained behind it to count, since
    a real Toxiproxy counts nothing. Raises WorldError where a proxy does not do what it was asked.
    """

    def __init__(self, url: str, *, others: bool = False, behind: str = "") -> None:
        self._controls = Controls(url)
        self._counting = Counting(behind) if behind else None
        self._others = others
        self._prefix = f"keychaos-{secrets.token_hex(3)}-" if others else ""
        self._created: list[str] = []
        self._controls.version()
        if others:
            self._controls.keep(LEASE)

    def prepare(self, scenario: Scenario, origins: Mapping[str, str]) -> dict[str, str]:
        """Put a proxy before every region, as far away as the scenario says; where each listens.

        ``origins`` are the regions' own URLs; so are the values returned the proxies'.
        """
        endpoints = {}
        for region in scenario.regions:
            name, far = self._prefix + region.name, distance(region)
            upstream = origins[region.name].removeprefix("http://")
            if self._counting is not None:
                upstream = self._counting.stand_before(region.name, upstream)
            listens = self._controls.create(name, "127.0.0.1:0", upstream)
            self._created.append(name)
            self._controls.add_toxic(
                name, far.type, far.attributes, stream=far.stream, name=far.name
            )
            endpoints[region.name] = f"http://{listens}"
        return endpoints

    def apply(self, change: Change) -> tuple[float, dict[str, float]]:
        """Inject or heal one fault: when it took effect (monotonic) and what it has touched.

        What a `down` closed and what a toxic touched are the proxy's own counts. Of a proxy that
        counts nothing it is what is seen behind it (see :class:`Counting`), if anything is.
        """
        fault = change.fault
        counting = self._counting
        if counting is None:
            return self._apply(change)
        if change.verb == "heal":
            seen = counting.end(fault.target, fault.name)
            return self._apply(change)[0], seen
        lived = counting.live(fault.target)
        took_effect, _ = self._apply(change)
        cut = {"cut": float(lived - counting.settled(fault.target))} if fault.kind == DOWN else {}
        counting.begin(fault.target, fault.name)
        return took_effect, cut

    def listen(self, region: str, listens: bool) -> None:  # noqa: FBT001 - it is the value set
        """Let the proxy before a region listen, or refuse connections and close those there are."""
        self._controls.set_enabled(self._prefix + region, listens)

    def move(self, region: str, upstream: str) -> None:
        """Have what is meant for a region go to that URL; connections that live are closed."""
        address = upstream.removeprefix("http://")
        if self._counting is None:
            self._controls.set_upstream(self._prefix + region, address)
        else:
            self._counting.move(region, address)

    def _apply(self, change: Change) -> tuple[float, dict[str, float]]:
        fault = change.fault
        proxy = self._prefix + fault.target
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
        """Heal everything that we injected, and in somebody's own proxy leave nothing of ours."""
        if not self._others:
            self._controls.reset()
        while self._others and self._created:
            self._controls.destroy(self._created.pop())

    def close(self) -> None:
        """Give the connections back."""
        self._controls.close()
        if self._counting is not None:
            self._counting.close()


class Counting:
    """A fault proxy of ours behind one that counts nothing: what reaches the service past it.

    While a fault was in effect, ``connected`` connections stood here, and ``through`` bytes of
    their requests came through. What was held up or lost before this point, only the clients know.
    """

    def __init__(self, url: str) -> None:
        self._controls = Controls(url)
        self._begun: dict[str, dict[str, Any]] = {}

    def stand_before(self, region: str, upstream: str) -> str:
        """Where the other proxy is to send what is meant for a region."""
        return self._controls.create(region, "127.0.0.1:0", upstream)

    def move(self, region: str, upstream: str) -> None:
        """Where what is meant for a region goes from here."""
        self._controls.set_upstream(region, upstream)

    def live(self, region: str) -> int:
        """How many connections to a region there are."""
        return int(self._counts(region)["live"])

    def settled(self, region: str) -> int:
        """The same, once those that the other proxy has cut are gone here too."""
        by = time.monotonic() + CUT_WITHIN
        while (left := self.live(region)) and time.monotonic() < by:
            time.sleep(_LOOK_EVERY)
        return left

    def begin(self, region: str, fault: str) -> None:
        """Watch what comes through from now on."""
        self._begun[fault] = self._counts(region)

    def end(self, region: str, fault: str) -> dict[str, float]:
        """What has come through since."""
        before, now = self._begun.pop(fault), self._counts(region)
        connected = before["live"] + now["accepted"] - before["accepted"]
        through = now["received"]["upstream"] - before["received"]["upstream"]
        return {"connected": float(connected), "through": float(through)}

    def _counts(self, region: str) -> dict[str, Any]:
        counts = self._controls.counts(region)
        assert counts is not None, "the proxy behind is ours"
        return counts

    def close(self) -> None:
        """Give the connection back."""
        self._controls.close()


def _numbers(shown: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in shown.items() if value is not None}
