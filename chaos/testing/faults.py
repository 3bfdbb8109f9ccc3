"""Faults for the body of a test, as context managers: healed when it is left, however it is."""

import contextlib
import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal

from chaos.run.faults import WireFault, wire_fault
from chaos.scenario.model import Fault
from chaos.testing.ground import IAM
from chaos.testing.key_service import KeyServiceUnderTest

Outage = Literal["refused", "reset", "blackhole", "error"]
# What an outage is called in a scenario file.
TOXICS: Mapping[str, str] = {"reset": "reset_peer", "blackhole": "timeout"}


@dataclass(slots=True)
class Injected:
    """A fault in force, or healed. ``touched`` counts connections or requests, known once healed.

    None where nothing counts: a refused connection leaves no trace on the wire.
    """

    name: str
    target: str
    touched: int | None = None
    in_force: bool = True

    def assert_bit(self) -> None:
        """Fail where it was healed without having touched anything: nothing was tested."""
        __tracebackhide__ = True
        assert self.in_force or self.touched != 0, f"{self.name} in {self.target} touched nothing"


class Faults:
    """What a test can break. Each is a context manager; they compose, and heal in any order.

    A region may be left out for the primary. Durations are seconds.
    """

    def __init__(self, service: KeyServiceUnderTest) -> None:
        self._service = service
        self._ground = service.ground
        self._numbers = itertools.count(1)
        self._down: dict[str, int] = {}
        self._healing = contextlib.ExitStack()

    def region_outage(
        self, region: str = "", how: Outage = "refused"
    ) -> AbstractContextManager[Injected]:
        """The region does not serve.

        ``refused``: nobody listens, and live connections are closed; ``reset``: connections are
        reset; ``blackhole``: they are accepted and never answered; ``error``: 503 to everything.
        """
        if how == "error":
            return self._service_fault(region, {"kind": "error", "status": 503})
        return self._outage(self._named(region), how)

    def latency(
        self, region: str = "", latency: float = 1.0, jitter: float = 0.0
    ) -> AbstractContextManager[Injected]:
        """Every answer comes so much later."""
        return self._toxic(self._named(region), "latency", latency=latency, jitter=jitter)

    def throttle(
        self,
        region: str = "",
        retry_after: float | None = 1.0,
        *,
        share: float = 1.0,
        as_date: bool = False,
    ) -> AbstractContextManager[Injected]:
        """429 to that share of the requests, with a Retry-After in seconds, as a date, or none."""
        form = "date" if as_date else "seconds"
        document: dict[str, object] = {"kind": "throttle", "share": share}
        document |= {"retry_after": retry_after, "retry_after_form": form}
        return self._service_fault(region, document)

    def iam_outage(self, how: Outage = "error") -> AbstractContextManager[Injected]:
        """No token can be had; tokens that were issued before stay valid."""
        if how == "error":
            document = {"kind": "iam_outage", "shows": "error", "status": 503}
            return self._injected(IAM, document)
        return self._outage(IAM, how)

    def zone_loss(self, region: str = "", zone: int = 1) -> AbstractContextManager[Injected]:
        """One of the region's three zones resets what it is given, until health checks notice."""
        return self._injected(self._named(region), {"kind": "zone_loss", "zone": zone})

    def key_deleted(self, region: str = "") -> AbstractContextManager[Injected]:
        """The root key is deleted in that region, and restored when this is healed."""
        return self._key_fault(region, "key_deleted")

    def key_disabled(self, region: str = "") -> AbstractContextManager[Injected]:
        """The root key is disabled in that region, and enabled when this is healed."""
        return self._key_fault(region, "key_disabled")

    def service_fault(
        self, region: str = "", **document: object
    ) -> AbstractContextManager[Injected]:
        """Any fault of the service by its kind and fields, as scenario files have them."""
        return self._service_fault(region, document)

    def close(self) -> None:
        """Heal everything that is still in force."""
        self._healing.close()

    def _named(self, region: str) -> str:
        return self._service.region(region).name if region else self._service.primary.name

    def _key_fault(self, region: str, kind: str) -> AbstractContextManager[Injected]:
        aimed = self._service.region(self._named(region))
        document = {"kind": kind, "instance": aimed.instance, "key": aimed.key_id}
        return self._injected(aimed.name, document)

    def _service_fault(
        self, region: str, document: Mapping[str, object]
    ) -> AbstractContextManager[Injected]:
        # The test's own instance only: another test's twin may share the service.
        aimed = self._service.region(self._named(region))
        return self._injected(aimed.name, {"instance": aimed.instance, **document})

    @contextlib.contextmanager
    def _injected(self, target: str, document: Mapping[str, object]) -> Iterator[Injected]:
        name = f"{document['kind']}-{next(self._numbers)}"
        injected = Injected(name, target)
        self._ground.inject(target, name, document)

        def heal() -> None:
            injected.touched = self._ground.heal(target, name)

        with self._until_healed(injected, heal):
            yield injected

    @contextlib.contextmanager
    def _toxic(self, target: str, kind: str, **attributes: float) -> Iterator[Injected]:
        name = f"{kind}-{next(self._numbers)}"
        injected = Injected(name, target)
        toxic = self._wire_fault(name, kind, target, attributes)
        self._ground.place(target, toxic)

        def heal() -> None:
            injected.touched = self._ground.touched(target, toxic)
            self._ground.lift(target, toxic)

        with self._until_healed(injected, heal):
            yield injected

    def _wire_fault(
        self, name: str, kind: str, target: str, attributes: Mapping[str, float]
    ) -> WireFault:
        fault = Fault(name, kind, "wire", target, 0.0, 0.0, tuple(attributes.items()))
        return wire_fault(fault)

    def _outage(self, target: str, how: Outage) -> AbstractContextManager[Injected]:
        return self._refusal(target) if how == "refused" else self._toxic(target, TOXICS[how])

    @contextlib.contextmanager
    def _refusal(self, target: str) -> Iterator[Injected]:
        injected = Injected("down", target)
        # Two outages of a region may overlap; it is back when both are over.
        self._down[target] = self._down.get(target, 0) + 1
        self._ground.set_enabled(target, enabled=False)

        def heal() -> None:
            self._down[target] -= 1
            if not self._down[target]:
                self._ground.set_enabled(target, enabled=True)

        with self._until_healed(injected, heal):
            yield injected

    @contextlib.contextmanager
    def _until_healed(self, injected: Injected, heal: Callable[[], None]) -> Iterator[None]:
        """Heal once: at the end of the ``with``, or by :meth:`close` where that comes first."""

        def once() -> None:
            if injected.in_force:
                injected.in_force = False
                heal()

        self._healing.callback(once)
        try:
            yield
        finally:
            once()
