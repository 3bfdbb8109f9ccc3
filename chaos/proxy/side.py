"""One socket of a proxied connection on asyncio, and the direction that begins at it.

Where a direction has no toxic its bytes go from one transport to the other without a detour, and a
stream of large reads goes through a pipe of the kernel's.

Two traps: `pause_reading` inside `connection_made` does nothing under uvloop, so bytes that come
before the upstream is there are kept; and a transport's buffer is without bounds, so no more is
written to it while its reader is slow.
"""

import asyncio
import contextlib
import socket
import struct
import time
from collections import deque
from collections.abc import Callable
from typing import cast

from chaos.proxy.alarm import Call
from chaos.proxy.bulk import LARGE_READ, Bulk
from chaos.proxy.link import Link
from chaos.proxy.pair import Pair
from chaos.proxy.registry import Stream
from chaos.proxy.toxics import NEVER, Chunk, End, Event, Reset
from chaos.proxy.traffic import Traffic

# Toxiproxy reads at most so much at once; toxics that work by the chunk depend on it.
CHUNK_SIZE = 32 << 10
# What is kept of a client's words before its upstream is reached.
EARLY_BYTES = 64 << 10
# What waits on a side that never had a link: nothing, and nothing is ever put there.
_NOTHING: deque[Event] = deque(maxlen=0)
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Side(asyncio.Protocol):
    """One socket of a connection, and the direction that begins at it.

    ``ended``: it sent its end. ``finished``: the other's end was passed on to it. ``blocked``: it
    does not read as fast as it is written to. ``gone``: its socket is closed.
    """

    __slots__ = (
        "_call",
        "_due",
        "_held",
        "_paused",
        "_waiting",
        "blocked",
        "bulk",
        "early",
        "ended",
        "finished",
        "gone",
        "joined",
        "link",
        "pair",
        "passed",
        "peer",
        "stream",
        "traffic",
        "transport",
        "write",
    )

    peer: "Side"
    transport: asyncio.Transport

    def __init__(self, pair: Pair["Side"], stream: Stream, traffic: Traffic) -> None:
        self.pair = pair
        self.stream = stream
        self.traffic = traffic
        self.link: Link | None = None
        self.write: Callable[[bytes], None] = self._keep
        self.early: list[bytes] = []
        self.bulk: Bulk | None = None
        self.passed = 0
        self.gone = True
        self.blocked = self.ended = self.finished = False
        self._paused = self.joined = False
        self._call: Call | None = None
        self._waiting: deque[Event] = _NOTHING
        self._due = NEVER
        self._held = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.gone = False
        self.pair.made(self)

    @property
    def number(self) -> int:
        """The number of its connection."""
        return self.pair.number

    def data_received(self, data: bytes) -> None:
        # The way of nearly all bytes: every instruction here is paid for by each of them.
        if self.link is None:
            self.write(data)
            size = len(data)
            self.passed += size
            if size >= LARGE_READ:
                self._large(size)
            return
        link, now, size = self.link, time.monotonic(), len(data)
        self.traffic.received += size
        if size <= CHUNK_SIZE:
            link.feed(Chunk(now, data))
        else:
            for start in range(0, size, CHUNK_SIZE):
                link.feed(Chunk(now, data[start : start + CHUNK_SIZE]))
        due = link.when()
        if due <= now:
            self.pump(now)
        else:
            self._settle(link, due)

    def _large(self, size: int) -> None:
        if not self.joined or self.pair.over:
            return
        if self.bulk is None:
            self.bulk = Bulk(self)
        self.bulk.read(size, self.peer.transport)

    def _keep(self, data: bytes) -> None:
        """Keep what comes before there is anywhere to send it."""
        self.early.append(data)
        self.passed -= len(data)
        if sum(len(one) for one in self.early) > EARLY_BYTES:
            # Until then it reads on, because only who reads notices that the client is gone.
            self.pause()

    def discard(self, data: bytes) -> None:
        """Where bytes go whose destination is gone."""
        self.passed -= len(data)

    def join(self, link: Link | None) -> None:
        """The other socket is there too: let through what came before it was."""
        self.link = link
        self.write = self.peer.transport.write
        self.joined = True
        early, self.early = self.early, []
        for data in early:
            self.data_received(data)
        if self.ended:
            self.feed(End(time.monotonic()))

    def eof_received(self) -> bool:
        if not self.ended:
            self.ended = True
            if self.joined:
                self.feed(End(time.monotonic()))
        return True

    def feed(self, event: Event) -> None:
        """Send an end or a reset along this direction, behind its bytes."""
        if self.link is None:
            self._deliver(event)
        else:
            self.link.feed(event)
            self.pump(event.at)

    def pump(self, now: float) -> None:
        """Let out what the link lets out by now, and be woken for the rest."""
        link = self.link
        if link is None:
            return
        waiting = self._waiting
        if waiting is _NOTHING:
            waiting = self._waiting = deque()
        if not waiting or not self.peer.blocked:
            waiting.extend(link.drain(now))
            while waiting and not self.peer.blocked:
                self._deliver(waiting.popleft())
            if self.pair.over or self.link is None:
                return
        self._settle(link, link.when())
        if link.idle and not waiting:
            self.link = None

    def _settle(self, link: Link, due: float) -> None:
        """Be woken for what the link will let out, and hold the sender back if it holds much."""
        # While its destination is blocked, the end of that wakes it.
        if due < self._due and not self.peer.blocked:
            if self._call is not None:
                self.pair.alarm.cancel(self._call)
            self._due = due
            self._call = self.pair.alarm.at(due, self._ring)
        held = link.held
        if self._waiting:
            held += sum(len(one.data) for one in self._waiting if isinstance(one, Chunk))
        budget = self.pair.budget
        budget.held += held - self._held
        self._held = held
        if held > link.room or (held > Link.little and budget.held > budget.limit):
            self.pause()
        elif self._paused:
            self.read_on()

    def _ring(self, now: float) -> None:
        self._due = NEVER
        self._call = None
        self.pump(now)

    def _deliver(self, event: Event) -> None:
        if isinstance(event, Chunk):
            if not self.peer.gone:
                self.traffic.sent += len(event.data)
                self.peer.transport.write(event.data)
        elif isinstance(event, Reset):
            self.pair.reset()
        elif event.whole:
            self.pair.close(behind=self.peer)
        else:
            self.pair.finish(self.peer)

    def unlink(self) -> None:
        """Drop the link and what it holds."""
        self.link = None
        self._waiting = _NOTHING
        self.pair.budget.held -= self._held
        self._held = 0
        if self._call is not None:
            self.pair.alarm.cancel(self._call)
            self._call = None

    def pause_writing(self) -> None:
        self.blocked = True
        self.peer.pause()

    def resume_writing(self) -> None:
        self.blocked = False
        peer = self.peer
        if peer.link is not None:
            peer.pump(time.monotonic())
        elif peer.bulk is None or not peer.bulk.drained():
            peer.read_on()

    def pause(self) -> None:
        """Read no more from this socket for now, so that its sender feels it."""
        if not (self._paused or self.gone or self.transport.is_closing()):
            self._paused = True
            self.transport.pause_reading()

    def read_on(self) -> None:
        """Read again, unless the other socket is still too slow."""
        if not self._paused or self.peer.blocked or (self.bulk is not None and self.bulk.active):
            return
        if not (self.gone or self.transport.is_closing()):
            self._paused = False
            self.transport.resume_reading()

    def spliced(self, why: BaseException | None) -> None:
        """Splice mode has ended: by the source's end (None) or an error of either socket."""
        if why is None:
            self.eof_received()
            self.read_on()
        else:
            # One of the two was reset, and there are no bytes between them to go first.
            self.pair.reset()

    def stop_bulk(self, *, keep: bool) -> None:
        """Leave splice mode; what is under way goes on through the transports, or nowhere."""
        if self.bulk is not None:
            self.bulk.stop(keep=keep)

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone = True
        self.stop_bulk(keep=False)
        self.peer.stop_bulk(keep=False)
        self.pair.lost(self, by_reset=exc is not None)

    def abort(self, *, reset: bool) -> None:
        """Close this socket at once, by an RST or, where all it sent was read, by a FIN."""
        self.stop_bulk(keep=False)
        self.peer.stop_bulk(keep=False)
        if self.gone:
            return
        if reset:
            # The peer may have been faster; then there is nothing left to reset.
            with contextlib.suppress(OSError):
                sock = self.transport.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.transport.abort()
