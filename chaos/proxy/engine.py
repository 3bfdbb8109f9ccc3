"""The changes of a registry carried out on real sockets: listeners, connections, toxics, counts."""

import asyncio
import time
from collections.abc import Callable, Sequence

from chaos.proxy import address
from chaos.proxy.alarm import Alarm
from chaos.proxy.gate import BACKLOG, Gate
from chaos.proxy.ports import Found, Ports
from chaos.proxy.registry import (
    Alter,
    Change,
    Count,
    Forget,
    Lift,
    Open,
    Outcome,
    Place,
    Problem,
    Release,
    Reserve,
    Resolve,
    Shut,
)
from chaos.proxy.side import Side
from chaos.proxy.traffic import Budget


class Engine:
    """Every proxy of one process; carries out changes as the API plans them.

    ``gate`` makes a proxy: by its name, the engine's alarm and budget, and the seed.
    """

    def __init__(
        self,
        seed: str,
        ports: Ports,
        gate: Callable[[str, Alarm, Budget, str], Gate] = Gate,
    ) -> None:
        self.gates: dict[str, Gate] = {}
        self._seed = seed
        self._ports = ports
        self._made = gate
        self._budget = Budget()
        self._alarm = Alarm(asyncio.get_running_loop())

    async def carry_out(self, changes: Sequence[Change]) -> tuple[Outcome, ...]:
        """Do what belongs together at once: no connection is served between two of the changes."""
        found = [
            await self._ports.found(change)
            if isinstance(change, Open | Reserve | Resolve)
            else None
            for change in changes
        ]
        touched: list[Side] = []
        outcomes = tuple(
            self._do(change, place, touched) for change, place in zip(changes, found, strict=True)
        )
        now = time.monotonic()
        for side in touched:
            side.pump(now)
        return outcomes

    def _do(self, change: Change, found: Found | None, touched: list[Side]) -> Outcome:
        match change:
            case Place() | Alter() | Lift():
                touched += self._toxic(change)
            case Resolve() | Reserve() | Open():
                assert found is not None
                return self._address(change, found)
            case Count():
                return {name: self._gate(name).counts() for name in change.proxies}
            case Release():
                self._ports.release(change.proxy)
            case Shut() | Forget():
                self._shut(change)
        return None

    def _toxic(self, change: Place | Alter | Lift) -> list[Side]:
        gate = self._gate(change.proxy)
        match change:
            case Place():
                return gate.place(change.toxic)
            case Alter():
                return gate.alter(change.toxic)
            case Lift():
                return gate.lift(change.toxic, change.stream)

    def _gate(self, name: str) -> Gate:
        gate = self.gates.get(name)
        if gate is None:
            gate = self.gates[name] = self._made(name, self._alarm, self._budget, self._seed)
        return gate

    def _shut(self, change: Shut | Forget) -> None:
        if change.proxy in self.gates:
            self.gates[change.proxy].shut()
        if isinstance(change, Forget):
            self.gates.pop(change.proxy, None)

    def _address(self, change: Resolve | Reserve | Open, found: Found) -> str | Problem:
        match change:
            case Resolve():
                return found if isinstance(found, Problem) else str(found)
            case Reserve():
                present = self.gates.get(change.proxy)
                if present is not None and present.listens_on(str(found)):
                    # It is moved onto itself: its own listener goes first.
                    return str(found)
                return self._ports.reserve(change.proxy, found)
            case Open():
                return self._open(change, found)

    def _open(self, change: Open, found: Found) -> str | Problem:
        listener = self._ports.taken(change.proxy, found)
        if isinstance(listener, Problem):
            return listener
        try:
            listener.listen(BACKLOG)
        except OSError as error:
            listener.close()
            return Problem(f"listen tcp {change.listen}: {address.reason(error)}")
        self._gate(change.proxy).open(listener, address.dialled(change.upstream))
        return address.of(listener)

    def close(self) -> None:
        """Close every socket at once."""
        for gate in self.gates.values():
            gate.shut()
        self._ports.close()
        self._alarm.close()
