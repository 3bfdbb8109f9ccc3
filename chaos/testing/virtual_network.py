"""Connections in memory, through the toxics of a simulated proxy, between protocols of asyncio."""

import asyncio
import socket
import struct
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

from chaos.proxy.link import Link, Toxic
from chaos.proxy.toxics import Chunk, End, Event, Reset
from chaos.run.faults import Stream
from chaos.run.wires import ANSWER_LASTS, CONNECT_LASTS
from chaos.testing.attempt import Attempt, Conversation

LINGER = struct.Struct("ii")


class VirtualProxy:
    """One proxy of the network: what it accepts goes through its toxics to ``serve``'s protocol."""

    def __init__(
        self, name: str, serve: Callable[[], asyncio.Protocol], attempts: list[Attempt]
    ) -> None:
        self.name = name
        self.serve = serve
        self.attempts = attempts
        self.enabled = True
        self.toxics: dict[Stream, list[Toxic]] = {"upstream": [], "downstream": []}
        self.live: dict[Pair, None] = {}
        self.rng = Random(f"keychaos {name}")
        self._accepted = 0

    async def connect(
        self, factory: Callable[[], asyncio.BaseProtocol]
    ) -> tuple[asyncio.Transport, asyncio.BaseProtocol]:
        """A connection, as long after as loopback takes; ConnectionRefusedError while disabled."""
        await asyncio.sleep(CONNECT_LASTS)
        if not self.enabled:
            raise ConnectionRefusedError(111, f"Connect call failed: {self.name} refuses")
        self._accepted += 1
        pair = Pair(self, self._accepted, factory())
        return pair.client, pair.client.protocol

    def set_enabled(self, *, enabled: bool) -> None:
        """Listen, or refuse and close every connection."""
        self.enabled = enabled
        if not enabled:
            for pair in list(self.live):
                pair.end(None)

    def place(self, stream: Stream, toxic: Toxic) -> None:
        """Add a toxic for new and live connections."""
        self.toxics[stream].append(toxic)
        for pair in list(self.live):
            pair.edit(stream, lambda link, now: link.add(toxic, now))

    def lift(self, stream: Stream, name: str) -> None:
        """Take a toxic away."""
        self.toxics[stream] = [toxic for toxic in self.toxics[stream] if toxic.name != name]
        for pair in list(self.live):
            pair.edit(stream, lambda link, now: link.remove(name, now))


class Pair:
    """One connection: two ends, two ways between them."""

    def __init__(self, proxy: VirtualProxy, number: int, protocol: asyncio.BaseProtocol) -> None:
        self._proxy = proxy
        self._heard = Conversation(proxy.name, number, proxy.attempts)
        loop = asyncio.get_running_loop()
        self.client = VirtualEnd(protocol, partial(self._sent, "upstream"), self._left)
        self.server = VirtualEnd(proxy.serve(), partial(self._sent, "downstream"), self._left)
        up = Link(proxy.toxics["upstream"], proxy.rng, loop.time())
        down = Link(proxy.toxics["downstream"], proxy.rng, loop.time())
        self._ways: dict[Stream, Way] = {
            "upstream": Way(loop, up, 0.0, partial(self._arrived, self.server)),
            "downstream": Way(loop, down, ANSWER_LASTS, partial(self._arrived, self.client)),
        }
        proxy.live[self] = None
        for end in (self.server, self.client):
            end.protocol.connection_made(end)
        for way in self._ways.values():
            way.settle()

    def edit(self, stream: Stream, change: Callable[[Link, float], None]) -> None:
        """Change the toxics of one direction while bytes are inside."""
        self._ways[stream].edit(change)

    def _sent(self, stream: Stream, event: Event) -> None:
        if stream == "upstream" and isinstance(event, Chunk):
            self._heard.asked(event.data, event.at)
        self._ways[stream].feed(event)

    def _arrived(self, end: "VirtualEnd", event: Event) -> None:
        if isinstance(event, Reset):
            self.end(ConnectionResetError(104, "Connection reset by peer"))
        elif isinstance(event, End) and event.whole:
            self.end(None)
        elif isinstance(event, End):
            end.finished()
        else:
            if end is self.client:
                self._heard.answered(event.data, event.at)
            end.read(event.data)

    def _left(self, end: "VirtualEnd") -> None:
        """One end was closed by its own protocol: the other sees an end behind the bytes."""
        loop = asyncio.get_running_loop()
        self._heard.over(loop.time(), abandoned=end is self.client)
        self._ways["upstream" if end is self.client else "downstream"].feed(End(loop.time()))
        if self.client.gone and self.server.gone:
            self._proxy.live.pop(self, None)

    def end(self, error: Exception | None) -> None:
        """Close both ends at once."""
        self._proxy.live.pop(self, None)
        self._heard.over(asyncio.get_running_loop().time(), abandoned=False)
        for way in self._ways.values():
            way.close()
        for end in (self.client, self.server):
            end.lose(error)


class Way:
    """One direction: events enter its link, and leave it when they are due."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        link: Link,
        lasts: float,
        arrived: Callable[[Event], None],
    ) -> None:
        self._loop = loop
        self._link = link
        self._lasts = lasts
        self._arrived = arrived
        self._call: asyncio.TimerHandle | None = None
        self._closed = False

    def feed(self, event: Event) -> None:
        """Let one event in; it takes the way's own time besides what the toxics do."""
        if not self._closed:
            self._link.feed(event._replace(at=event.at + self._lasts))
            self.settle()

    def edit(self, change: Callable[[Link, float], None]) -> None:
        """Change its toxics."""
        change(self._link, self._loop.time())
        self.settle()

    def settle(self) -> None:
        """Come back when something is due; never at once, as no kernel calls a reader back."""
        due = self._link.due()
        if self._call is not None:
            self._call.cancel()
            self._call = None
        if due is not None and not self._closed:
            self._call = self._loop.call_at(due, self._pump)

    def _pump(self) -> None:
        self._call = None
        for event in self._link.drain(self._loop.time()):
            if not self._closed:
                self._arrived(event)
        if self._call is None:
            self.settle()

    def close(self) -> None:
        """Carry nothing more."""
        self._closed = True
        if self._call is not None:
            self._call.cancel()


class VirtualEnd(asyncio.Transport):
    """The transport that one protocol holds."""

    def __init__(
        self,
        protocol: asyncio.BaseProtocol,
        send: Callable[[Event], None],
        left: Callable[["VirtualEnd"], None],
    ) -> None:
        super().__init__()
        self.protocol: Any = protocol
        self.gone = False
        self._send = send
        self._left = left
        self._paused = False
        self._unread: list[bytes | None] = []
        self._sentinel: tuple[socket.socket, socket.socket] | None = None

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send bytes on their way."""
        if not self.gone and data:
            self._send(Chunk(asyncio.get_running_loop().time(), bytes(data)))

    def write_eof(self) -> None:
        """Send an end on its way; the other direction goes on."""
        self._send(End(asyncio.get_running_loop().time()))

    def can_write_eof(self) -> bool:
        """As TCP can."""
        return True

    def read(self, data: bytes | None) -> None:
        """Hand over what came, None for the end, unless the protocol has paused."""
        if self.gone:
            return
        if self._paused:
            self._unread.append(data)
        elif data is not None:
            self.protocol.data_received(data)
        elif not self.protocol.eof_received():
            self.close()

    def finished(self) -> None:
        """The other end sends no more."""
        self._shut_sentinel()
        self.read(None)

    def pause_reading(self) -> None:
        """Keep what comes."""
        self._paused = True

    def resume_reading(self) -> None:
        """Hand over what was kept, and go on."""
        self._paused = False
        unread, self._unread = self._unread, []
        for data in unread:
            asyncio.get_running_loop().call_soon(self.read, data)

    def is_reading(self) -> bool:
        """Whether the protocol takes bytes."""
        return not self._paused

    def close(self) -> None:
        """Close this end; what it has sent still arrives."""
        if not self.gone:
            self.lose(None)
            self._left(self)

    def abort(self) -> None:
        """The same, for nothing waits in a buffer of ours; by an RST where the socket is so set."""
        if not self.gone and self._lingers_for_nothing():
            self._send(Reset(asyncio.get_running_loop().time()))
        self.close()

    def _lingers_for_nothing(self) -> bool:
        if self._sentinel is None:
            return False
        option = self._sentinel[0].getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER.size)
        return LINGER.unpack(option) == (1, 0)

    def lose(self, error: Exception | None) -> None:
        """This end is no more; its protocol is told."""
        if not self.gone:
            self.gone = True
            self._shut_sentinel()
            loop = asyncio.get_running_loop()
            loop.call_soon(self.protocol.connection_lost, error)

    def is_closing(self) -> bool:
        """Whether it was closed, by whomever."""
        return self.gone

    def get_write_buffer_size(self) -> int:
        """Nothing waits here."""
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """There is no buffer to limit."""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Addresses; and a socket, which is readable once the connection has ended.

        httpx's pool polls the socket of an idle connection to learn whether it may be used again.
        """
        if name != "socket":
            return ("192.0.2.1", 0) if name in ("peername", "sockname") else default
        if self._sentinel is None:
            self._sentinel = socket.socketpair()
            if self.gone:
                self._shut_sentinel()
        return self._sentinel[0]

    def _shut_sentinel(self) -> None:
        if self._sentinel is not None:
            for end in self._sentinel:
                end.close()
