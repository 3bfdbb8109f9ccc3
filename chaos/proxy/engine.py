"""The changes of a registry carried out on real sockets: listeners, connections, toxics, counts."""

import asyncio
import functools
import socket
import time
from collections.abc import Iterable

from chaos.proxy import address
from chaos.proxy.alarm import Alarm
from chaos.proxy.connection import Side
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
    Resolve,
    Shut,
)


class Engine:
    """Every proxy of one process; carries out changes as the API plans them."""

    def __init__(self, seed: int, host: str) -> None:
        self.gates: dict[str, Gate] = {}
        self._seed = seed
        self._host = host
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
        if not isinstance(change, Open | Resolve):
            return None
        look_up = functools.partial(address.looked_up, change.listen, self._host)
        if _numeric(change.listen):
            return look_up()
        return await asyncio.get_running_loop().run_in_executor(None, look_up)

    def _do(
        self, change: Change, found: address.Bindable | Problem | None, touched: list[Side]
    ) -> Outcome:
        match change:
            case Resolve():
                return found if isinstance(found, Problem) else str(found)
            case Open():
                return self._open(change, found)
            case Shut():
                self._shut(change.proxy)
            case Forget():
                self._shut(change.proxy)
                self.gates.pop(change.proxy, None)
            case Place():
                touched += self._gate(change.proxy).place(change.toxic)
            case Alter():
                touched += self._gate(change.proxy).alter(change.toxic)
            case Lift():
                touched += self._gate(change.proxy).lift(change.toxic)
        return None

    def _gate(self, name: str) -> Gate:
        gate = self.gates.get(name)
        if gate is None:
            gate = self.gates[name] = Gate(name, self._alarm, self._seed)
        return gate

    def _shut(self, name: str) -> None:
        if name in self.gates:
            self.gates[name].shut()

    def _open(self, change: Open, found: address.Bindable | Problem | None) -> Outcome:
        if found is None or isinstance(found, Problem):
            return Problem(f"listen tcp: {found.text if found else 'no address'}")
        listener = socket.socket(found.family, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((found.host, found.port))
            listener.listen(BACKLOG)
        except OSError as error:
            listener.close()
            return Problem(f"listen tcp {address.refused(found, error).text}")
        listener.setblocking(False)  # noqa: FBT003 - the standard library's signature
        host, port = listener.getsockname()[:2]
        self._gate(change.proxy).open(listener, _dialled(change.upstream))
        return address.joined(host, port)

    def counts(self, names: Iterable[str]) -> dict[str, dict[str, object]]:
        """Proof of injection of the proxies of those names."""
        return {name: self._gate(name).counts() for name in names}

    def close(self) -> None:
        """Close every socket at once."""
        for gate in self.gates.values():
            gate.shut()
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
