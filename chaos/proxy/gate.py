"""One proxy on real sockets: its listener, its live connections, its toxics and their proof."""

import asyncio
import functools
import random
import socket
import time
from dataclasses import asdict

from chaos.proxy import address
from chaos.proxy.alarm import Alarm
from chaos.proxy.connection import Connection
from chaos.proxy.kinds import toxic as toxic_of
from chaos.proxy.link import Counts, Link, Toxic
from chaos.proxy.registry import Stream, ToxicRecord
from chaos.proxy.side import Side
from chaos.proxy.traffic import Budget, Traffic

BACKLOG = 4096
# Proof outlives its toxic, so that it can be read after healing; so many names are remembered.
REMEMBERED = 256
STREAMS: tuple[Stream, ...] = ("upstream", "downstream")


class Gate:
    """One proxy on real sockets: its listener while it is enabled, its connections, its toxics.

    ``shut_at`` is the instant at which its listener last closed, on the clock of `time.monotonic`,
    which the processes of one host share.
    """

    def __init__(self, name: str, alarm: Alarm, budget: Budget, seed: str) -> None:
        self.name = name
        self.alarm = alarm
        self.budget = budget
        self.upstream = ("", 0)
        self.toxics: dict[Stream, list[Toxic]] = {"upstream": [], "downstream": []}
        self.connections: set[Connection] = set()
        self.accepted = self.failed = self.cut = 0
        self.shut_at: float | None = None
        self.opened_at: float | None = None
        self._traffic: dict[Stream, Traffic] = {stream: Traffic() for stream in STREAMS}
        self._lifted: dict[str, Counts] = {}
        self._seed = seed
        self._listener: socket.socket | None = None
        self._server: asyncio.Server | None = None
        self._starting: asyncio.Task[None] | None = None

    def open(self, listener: socket.socket, upstream: tuple[str, int]) -> None:
        """Accept connections from a listening socket."""
        self.upstream = upstream
        self._listener = listener
        self.opened_at = time.monotonic()
        self._starting = asyncio.get_running_loop().create_task(self._serve(listener))

    def listens_on(self, listen: str) -> bool:
        """Whether this is the address of its listener."""
        return self._listener is not None and address.of(self._listener) == listen

    async def _serve(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        accept = functools.partial(self._accept, listener)
        self._server = await loop.create_server(accept, sock=listener, backlog=BACKLOG)

    def _accept(self, listener: socket.socket) -> asyncio.Protocol:
        if listener is not self._listener:
            # Python's own loop may accept before the listener is shut and ask us after; it then
            # drops the socket, whose peer sees it closed.
            raise ConnectionAbortedError
        self.accepted += 1
        connection = Connection(self, self.accepted)
        self.connections.add(connection)
        return self.protocol(connection)

    def protocol(self, connection: Connection) -> asyncio.Protocol:
        """Who serves the client's socket; what only watches may put itself before that."""
        return connection.client

    def shut(self) -> None:
        """Refuse connections from this instant on, and close those that live."""
        if self._listener is None:
            return
        # The kernel refuses from here on; closing the descriptor is the loop's business.
        self._listener.shutdown(socket.SHUT_RDWR)
        self.shut_at = time.monotonic()
        if self._server is not None:
            self._server.close()
        elif self._starting is not None:
            self._starting.cancel()
            self._listener.close()
        self._listener = self._server = self._starting = None
        for connection in list(self.connections):
            self.cut += not connection.over
            connection.close()

    def traffic(self, stream: Stream) -> Traffic:
        return self._traffic[stream]

    def link(self, number: int, stream: Stream) -> Link | None:
        toxics = self.toxics[stream]
        if not toxics:
            return None
        return Link(toxics, self._draws(number, stream), time.monotonic())

    def _draws(self, number: int, stream: Stream) -> random.Random:
        # By the connection's number and not by what happened before: a seed replays a connection.
        return random.Random(f"{self._seed} {self.name} {number} {stream}")

    def unreachable(self) -> None:
        self.failed += 1

    def ended(self, connection: Connection) -> None:
        if connection in self.connections:
            self.connections.remove(connection)
            for stream in STREAMS:
                self._traffic[stream].passed(connection.side(stream).passed)

    def place(self, record: ToxicRecord) -> list[Side]:
        """Add a toxic for new and live connections."""
        toxic = toxic_of(record)
        self.toxics[record.stream].append(toxic)
        now = time.monotonic()
        sides = self._live(record.stream)
        for side in sides:
            if side.link is None:
                side.stop_bulk(keep=True)
                side.link = Link((), self._draws(side.number, record.stream), now)
            side.link.add(toxic, now)
        return sides

    def alter(self, record: ToxicRecord) -> list[Side]:
        """Change a toxic for new and live connections; its counts go on."""
        toxics = self.toxics[record.stream]
        position = next(at for at, one in enumerate(toxics) if one.name == record.name)
        toxics[position] = toxic = toxic_of(record, toxics[position].counts)
        now = time.monotonic()
        sides = [side for side in self._live(record.stream) if side.link is not None]
        for side in sides:
            if side.link is not None:
                side.link.update(toxic, now)
        return sides

    def lift(self, name: str, stream: Stream) -> list[Side]:
        """Take a toxic away from new and live connections."""
        # Within one batch a toxic may stand beside the one that it replaces: the first one goes.
        toxic = next(one for one in self.toxics[stream] if one.name == name)
        self._lifted.pop(name, None)
        self._lifted[name] = toxic.counts
        while len(self._lifted) > REMEMBERED:
            del self._lifted[next(iter(self._lifted))]
        self.toxics[stream] = [one for one in self.toxics[stream] if one is not toxic]
        now = time.monotonic()
        sides = [side for side in self._live(stream) if side.link is not None]
        for side in sides:
            if side.link is not None:
                side.link.remove(name, now)
        return sides

    def _live(self, stream: Stream) -> list[Side]:
        sides = (connection.side(stream) for connection in self.connections if not connection.over)
        return [side for side in sides if side.joined]

    def counts(self) -> dict[str, object]:
        """Proof of what was done to this proxy's connections."""
        passing = {
            stream: sum(connection.side(stream).passed for connection in self.connections)
            for stream in STREAMS
        }
        live = sum(not connection.over for connection in self.connections)
        toxics = {toxic.name: asdict(toxic.counts) for one in STREAMS for toxic in self.toxics[one]}
        return {
            "accepted": self.accepted,
            "live": live,
            "unreachable": self.failed,
            "cut": self.cut,
            "shut_at": self.shut_at,
            "opened_at": self.opened_at,
            "received": {one: self._traffic[one].received + passing[one] for one in STREAMS},
            "sent": {one: self._traffic[one].sent + passing[one] for one in STREAMS},
            "toxics": toxics,
            "lifted": {name: asdict(counts) for name, counts in self._lifted.items()},
        }
