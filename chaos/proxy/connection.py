"""One proxied connection on asyncio: two sockets and, in between, a link for each direction.

Where a direction has no toxic its bytes go from one transport to the other without a detour. Ends
and resets go the way of the bytes: a peer's FIN half-closes the other side, its RST resets it.

Three traps shaped this module. A connection that has ended in both directions must be closed
explicitly. `pause_reading` inside `connection_made` does nothing under uvloop, so bytes that come
before the upstream is there are kept. And `transport.close()` waits for its buffer for as long as
the reader likes, so only what a peer is owed is closed that way; the rest is aborted.
"""

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import Callable
from typing import Protocol, cast

from chaos.proxy.alarm import Alarm
from chaos.proxy.link import Link
from chaos.proxy.registry import Stream
from chaos.proxy.toxics import NEVER, Chunk, End, Event, Reset

# Toxiproxy reads at most so much at once; toxics that work by the chunk depend on it.
CHUNK_SIZE = 32 << 10
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Traffic:
    """Bytes of one proxy in one direction, counted while its connections live."""

    __slots__ = ("received", "sent")

    def __init__(self) -> None:
        self.received = 0
        self.sent = 0


class Owner(Protocol):
    """What a connection needs of the proxy that accepted it."""

    alarm: Alarm
    upstream: tuple[str, int]

    def traffic(self, stream: Stream) -> Traffic:
        """The counters of a direction."""
        ...

    def link(self, number: int, stream: Stream) -> Link | None:
        """The toxics that a connection meets in a direction, None for none."""
        ...

    def unreachable(self) -> None:
        """The upstream of a connection could not be reached."""
        ...

    def ended(self, connection: "Connection") -> None:
        """Both sockets of a connection are gone."""
        ...


def _discard(data: bytes) -> None:
    """Where bytes go whose destination is gone."""


class Side(asyncio.Protocol):
    """One socket of a connection, and the direction that begins at it.

    ``ended``: it sent its end. ``finished``: the other's end was passed on to it. ``blocked``: it
    does not read as fast as it is written to. ``gone``: its socket is closed.
    """

    __slots__ = (
        "blocked",
        "connection",
        "due",
        "early",
        "ended",
        "finished",
        "gone",
        "link",
        "paused",
        "peer",
        "stream",
        "traffic",
        "transport",
        "write",
    )

    peer: "Side"
    transport: asyncio.Transport

    def __init__(self, connection: "Connection", stream: Stream) -> None:
        self.connection = connection
        self.stream = stream
        self.traffic = connection.owner.traffic(stream)
        self.link: Link | None = None
        self.write: Callable[[bytes], None] | None = None
        self.early: list[bytes] = []
        self.due = NEVER
        self.gone = True
        self.blocked = self.paused = self.ended = self.finished = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.gone = False
        self.connection.made(self)

    def data_received(self, data: bytes) -> None:
        write = self.write
        if write is None:
            self.early.append(data)
            self.pause()
            return
        self.traffic.received += len(data)
        if self.link is None:
            self.traffic.sent += len(data)
            write(data)
            return
        now = time.monotonic()
        if len(data) <= CHUNK_SIZE:
            self.link.feed(Chunk(now, data))
        else:
            for start in range(0, len(data), CHUNK_SIZE):
                self.link.feed(Chunk(now, data[start : start + CHUNK_SIZE]))
        self.pump(now)

    def eof_received(self) -> bool:
        self.ended = True
        if self.write is not None:
            self.feed(End(time.monotonic()))
        return True

    def feed(self, event: Event) -> None:
        """Send an end or a reset along this direction, behind its bytes."""
        if self.link is None:
            self._deliver(event)
        else:
            self.link.feed(event)
            self.pump(event.at)

    def ring(self, now: float) -> None:
        """The alarm that was set for this direction goes off."""
        if now >= self.due:
            self.due = NEVER
            self.pump(now)

    def pump(self, now: float) -> None:
        """Let out what the link lets out by now, and be woken for the rest."""
        link = self.link
        if link is None or self.peer.blocked:
            return
        for event in link.drain(now):
            self._deliver(event)
        if self.connection.over:
            return
        due = link.due()
        if due is not None and due < self.due:
            self.due = due
            self.connection.owner.alarm.at(due, self.ring)
        if link.idle:
            self.link = None
        if link.held > link.room:
            self.pause()
        else:
            self.read_on()

    def _deliver(self, event: Event) -> None:
        if isinstance(event, Chunk):
            if not self.peer.gone:
                self.traffic.sent += len(event.data)
                self.peer.transport.write(event.data)
        elif isinstance(event, Reset):
            self.connection.reset()
        elif event.whole:
            self.connection.close(behind=self.peer)
        else:
            self.connection.finish(self.peer)

    def pause_writing(self) -> None:
        self.blocked = True
        self.peer.pause()

    def resume_writing(self) -> None:
        self.blocked = False
        if self.peer.link is None:
            self.peer.read_on()
        else:
            self.peer.pump(time.monotonic())

    def pause(self) -> None:
        """Read no more from this socket for now, so that its sender feels it."""
        if not (self.paused or self.gone or self.transport.is_closing()):
            self.paused = True
            self.transport.pause_reading()

    def read_on(self) -> None:
        """Read again, unless the other socket is still too slow."""
        if self.paused and not (self.peer.blocked or self.gone or self.transport.is_closing()):
            self.paused = False
            self.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone = True
        self.connection.lost(self, by_reset=exc is not None)

    def abort(self, *, reset: bool) -> None:
        """Close this socket at once, by an RST or, where all it sent was read, by a FIN."""
        if self.gone:
            return
        if reset:
            # The peer may have been faster; then there is nothing left to reset.
            with contextlib.suppress(OSError):
                sock = self.transport.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.transport.abort()


class Connection:
    """A client, its upstream, and what becomes of the one when the other goes."""

    __slots__ = ("_dial", "_was_reset", "client", "number", "over", "owner", "server")

    def __init__(self, owner: Owner, number: int) -> None:
        self.owner = owner
        self.number = number
        self.over = self._was_reset = False
        self.client = Side(self, "upstream")
        self.server = Side(self, "downstream")
        self.client.peer, self.server.peer = self.server, self.client
        self._dial: asyncio.Task[None] | None = None

    def side(self, stream: Stream) -> Side:
        """The socket at which a direction begins."""
        return self.client if stream == "upstream" else self.server

    def made(self, side: Side) -> None:
        """A socket is open: dial for the client's, begin with the upstream's."""
        if side is self.client:
            self._dial = asyncio.get_running_loop().create_task(self._reach())
        elif self.over:
            # The client went while we dialled: the upstream learns how.
            side.abort(reset=self._was_reset)
        else:
            self._begin()

    async def _reach(self) -> None:
        host, port = self.owner.upstream
        try:
            loop = asyncio.get_running_loop()
            await loop.create_connection(lambda: self.server, host, port)
        except ConnectionResetError:
            # It was there and went before we were told.
            self.reset()
        except (OSError, ValueError, OverflowError):
            if not self.over:
                self.owner.unreachable()
                self.close()
        finally:
            self._dial = None
            self._leave()

    def _begin(self) -> None:
        """Join the two sockets, and let through what the client has said meanwhile."""
        sides = (self.client, self.server)
        for side in sides:
            side.link = self.owner.link(self.number, side.stream)
            side.write = side.peer.transport.write
        early, self.client.early = self.client.early, []
        for chunk in early:
            self.client.data_received(chunk)
        if self.client.ended:
            self.client.feed(End(time.monotonic()))
        for side in sides:
            # A toxic may act on a connection on which nobody speaks.
            side.pump(time.monotonic())
            side.read_on()

    def finish(self, side: Side) -> None:
        """Pass an end on to this side: nothing more will be written to it."""
        side.finished = True
        if side.gone or side.transport.is_closing():
            return
        if side.peer.finished:
            self.over = True
            for one in (side, side.peer):
                if not one.gone:
                    one.transport.close()
        else:
            side.transport.write_eof()

    def close(self, behind: Side | None = None) -> None:
        """Close both sockets; one is still sent what was written to it before, to its end."""
        self._stop()
        for side in (self.client, self.server):
            if side is behind and not side.gone:
                side.transport.close()
            else:
                side.abort(reset=False)

    def reset(self) -> None:
        """Tear both sockets down by an RST."""
        self._was_reset = True
        self._stop()
        for side in (self.client, self.server):
            side.abort(reset=True)

    def _stop(self) -> None:
        self.over = True
        if self._dial is not None:
            self._dial.cancel()
        for side in (self.client, self.server):
            side.link = None
            side.write = _discard
            side.early.clear()

    def lost(self, side: Side, *, by_reset: bool) -> None:
        """A socket is gone; where we did not close it, the other is reset behind its bytes."""
        if not self.over:
            peer = side.peer
            peer.link, peer.write = None, _discard
            if peer.gone and by_reset:
                self.reset()
            elif peer.gone or not by_reset:
                self.close()
            else:
                peer.blocked = False
                side.feed(Reset(time.monotonic()))
        self._leave()

    def _leave(self) -> None:
        if self.client.gone and self.server.gone and self._dial is None:
            self.owner.ended(self)
