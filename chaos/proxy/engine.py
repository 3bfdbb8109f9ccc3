"""The changes of a registry carried out on real sockets: listeners, connections, toxics, counts."""

import asyncio
import errno
import functools
import socket
import time
from collections.abc import Iterable

from chaos.proxy import address
from chaos.proxy.alarm import Alarm
from chaos.proxy.gate import BACKLOG, Gate
from chaos.proxy.registry import (
    Alter,
    Change,
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
    """Every proxy of one process; carries out changes as the API plans them."""

    def __init__(self, seed: int, host: str) -> None:
        self.gates: dict[str, Gate] = {}
        self._seed = seed
        self._host = host
        self._reserved: dict[str, socket.socket] = {}
        self._budget = Budget()
        self._alarm = Alarm(asyncio.get_running_loop())

    async def carry_out(self, changes: tuple[Change, ...]) -> tuple[Outcome, ...]:
        """Do what belongs together at once: no connection is served between two of the changes."""
        found = [await self._found(change) for change in changes]
        touched: list[Side] = []
        outcomes = tuple(
            self._do(change, place, touched) for change, place in zip(changes, found, strict=True)
        )
        now = time.monotonic()
        for side in touched:
            side.pump(now)
        return outcomes

    async def _found(self, change: Change) -> address.Bindable | Problem | None:
        if not isinstance(change, Open | Reserve | Resolve):
            return None
        look_up = functools.partial(address.looked_up, change.listen, self._host)
        if _numeric(change.listen):
            return look_up()
        return await asyncio.get_running_loop().run_in_executor(None, look_up)

    def _do(
        self, change: Change, found: address.Bindable | Problem | None, touched: list[Side]
    ) -> Outcome:
        match change:
            case Place() | Alter() | Lift():
                touched += self._toxic(change)
            case Resolve():
                return found if isinstance(found, Problem) else str(found)
            case Reserve():
                return self._reserve(change, found)
            case Open():
                return self._open(change, found)
            case Release():
                self._release(change.proxy)
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
            gate = self.gates[name] = Gate(name, self._alarm, self._budget, self._seed)
        return gate

    def _shut(self, change: Shut | Forget) -> None:
        if change.proxy in self.gates:
            self.gates[change.proxy].shut()
        if isinstance(change, Forget):
            self.gates.pop(change.proxy, None)

    def _open(self, change: Open, found: address.Bindable | Problem | None) -> Outcome:
        listener = self._reserved.pop(change.proxy, None)
        if listener is None:
            bound = self._bound(found)
            if isinstance(bound, Problem):
                return bound
            listener = bound
        try:
            listener.listen(BACKLOG)
        except OSError as error:
            listener.close()
            return Problem(f"listen tcp {change.listen}: {address.reason(error)}")
        self._gate(change.proxy).open(listener, _dialled(change.upstream))
        return address.of(listener)

    def _reserve(self, change: Reserve, found: address.Bindable | Problem | None) -> Outcome:
        self._release(change.proxy)
        present = self.gates.get(change.proxy)
        if present is not None and present.listens_on(str(found)):
            # It is moved onto itself: its own listener goes first.
            return str(found)
        taken = any(address.of(one) == str(found) for one in self._reserved.values())
        if isinstance(found, address.Bindable) and found.port and taken:
            in_use = OSError(errno.EADDRINUSE, "")
            return Problem(f"listen tcp {found}: {address.reason(in_use)}")
        bound = self._bound(found)
        if isinstance(bound, Problem):
            return bound
        self._reserved[change.proxy] = bound
        return address.of(bound)

    def _bound(self, found: address.Bindable | Problem | None) -> socket.socket | Problem:
        if found is None or isinstance(found, Problem):
            return Problem(f"listen tcp: {found.text if found else 'no address'}")
        sock = socket.socket(found.family, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.settimeout(0)
            sock.bind((found.host, found.port))
        except OSError as error:
            sock.close()
            return Problem(f"listen tcp {found}: {address.reason(error)}")
        return sock

    def _release(self, name: str) -> None:
        reserved = self._reserved.pop(name, None)
        if reserved is not None:
            reserved.close()

    def counts(self, names: Iterable[str]) -> dict[str, dict[str, object]]:
        """Proof of injection of the proxies of those names."""
        return {name: self._gate(name).counts() for name in names}

    def close(self) -> None:
        """Close every socket at once."""
        for gate in self.gates.values():
            gate.shut()
        for name in list(self._reserved):
            self._release(name)
        self._alarm.close()


def _numeric(listen: str) -> bool:
    parts = address.split(listen or ":0")
    if isinstance(parts, Problem):
        return True
    return not parts[0] or parts[0][0].isdigit() or ":" in parts[0]


def _dialled(upstream: str) -> tuple[str, int]:
    """Where to dial; Toxiproxy takes any text for an upstream, and fails when it dials."""
    parts = address.split(upstream)
    if isinstance(parts, Problem):
        return "", 0
    port = address.port_number(parts[1])
    return parts[0] or "127.0.0.1", 0 if isinstance(port, Problem) else port
