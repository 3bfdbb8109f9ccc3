"""A client, its upstream, and what becomes of the one when the other goes.

Ends and resets go the way of the bytes: a peer's FIN half-closes the other side, its RST resets it.

Two traps: a connection that has ended in both directions must be closed explicitly; and
`transport.close()` waits for its buffer for as long as the reader likes, so only what a peer is
owed is closed that way, and the rest is aborted.
"""

import asyncio
import time
from typing import Protocol

from chaos.proxy.alarm import Alarm
from chaos.proxy.link import Link
from chaos.proxy.registry import Stream
from chaos.proxy.side import Side
from chaos.proxy.toxics import Reset
from chaos.proxy.traffic import Budget, Traffic


class Owner(Protocol):
    """What a connection needs of the proxy that accepted it."""

    alarm: Alarm
    budget: Budget
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


class Connection:
    """One proxied connection, ``number``-th of its proxy; ``over`` once it is being closed."""

    __slots__ = (
        "_dial",
        "_was_reset",
        "alarm",
        "budget",
        "client",
        "number",
        "over",
        "owner",
        "server",
    )

    def __init__(self, owner: Owner, number: int) -> None:
        self.owner = owner
        self.alarm = owner.alarm
        self.budget = owner.budget
        self.number = number
        self.over = self._was_reset = False
        self.client = Side(self, "upstream", owner.traffic("upstream"))
        self.server = Side(self, "downstream", owner.traffic("downstream"))
        self.client.peer, self.server.peer = self.server, self.client
        self._dial: asyncio.Task[None] | None = None

    def side(self, stream: Stream) -> Side:
        """The socket at which a direction begins."""
        return self.client if stream == "upstream" else self.server

    def made(self, side: Side) -> None:
        """A socket is open: dial for the client's, begin with the upstream's."""
        if self.over:
            # It was closed before the loop told us that it is open: its peer learns how.
            side.abort(reset=self._was_reset)
        elif side is self.client:
            self._dial = asyncio.get_running_loop().create_task(self._reach())
            # Not the task's own doing: a task that is cancelled before it began does nothing.
            self._dial.add_done_callback(self._dialled)
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

    def _dialled(self, _: asyncio.Task[None]) -> None:
        self._dial = None
        self._leave()

    def _begin(self) -> None:
        """Join the two sockets, and let through what the client has said meanwhile."""
        sides = (self.client, self.server)
        for side in sides:
            side.join(self.owner.link(self.number, side.stream))
        for side in sides:
            if side.link is not None:
                # A toxic may act on a connection on which nobody speaks.
                side.pump(time.monotonic())
            side.read_on()

    def finish(self, side: Side) -> None:
        """Pass an end on to this side: nothing more will be written to it."""
        side.finished = True
        if side.gone or side.transport.is_closing():
            return
        if side.peer.finished:
            self._stop()
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
            side.stop_bulk(keep=False)
            side.unlink()
            side.write = side.discard
            side.early.clear()

    def lost(self, side: Side, *, by_reset: bool) -> None:
        """A socket is gone; where we did not close it, the other is reset behind its bytes."""
        if not self.over:
            peer = side.peer
            peer.unlink()
            peer.write = peer.discard
            # Nobody reads what it sends, so that its own end is noticed.
            side.blocked = False
            peer.read_on()
            if peer.gone and by_reset:
                self.reset()
            elif peer.gone or not by_reset:
                self.close()
            else:
                side.feed(Reset(time.monotonic()))
        self._leave()

    def _leave(self) -> None:
        if self.client.gone and self.server.gone and self._dial is None:
            self.owner.ended(self)
