"""Simulated wires: connections through toxics to one region of the key service, in virtual time.

The proxy's own :class:`chaos.proxy.link.Link` carries the bytes and the service's own `answer`
makes the replies; what is modelled here is only the time that a hop and an answer take.
"""

from collections.abc import Callable
from functools import partial
from math import inf
from random import Random

from chaos.client.call import Try
from chaos.exchange import Answer, Failure, FailureKind, Request
from chaos.proxy.link import Link, Toxic
from chaos.proxy.toxics import Chunk, End, Event, Latency
from chaos.run.faults import Stream
from chaos.run.virtual import VirtualTicket, VirtualTime

# Seconds; what one connect and one answer cost on loopback sockets.
CONNECT_LASTS = 0.0004
ANSWER_LASTS = 0.0012
# Bytes of a request's or an answer's head: only toxics that count bytes see the difference.
HEAD_SIZE = 400

NEAR = Latency()

Respond = Callable[[Request, float], Answer]


class Flight(VirtualTicket):
    """One attempt on a wire: a ticket that knows its timeouts and how far it came.

    ``heard`` is when its connection last moved, ``timer`` the earliest instant at which the clock
    will look whether it has timed out.
    """

    __slots__ = ("_time", "attempt", "connection", "heard", "reused", "sent", "timer", "written")

    def __init__(self, time: VirtualTime, attempt: Try) -> None:
        super().__init__(time.now + attempt.total)
        self._time = time
        self.attempt = attempt
        self.sent = self.heard = time.now
        self.timer = inf
        self.connection: Connection | None = None
        self.written = self.reused = False

    def expires(self) -> float:
        """When its timeouts end it, should nothing more be heard."""
        patience = self.attempt.read if self.written else self.attempt.connect
        return min(self.heard + patience, self.ends_by)

    def guard(self, until: float) -> None:
        """Something will happen to it at ``until``: a timer is due only where it ends before."""
        expires = self.expires()
        if expires <= until and expires < self.timer:
            self.timer = expires
            self._time.at(expires, self._expire)

    def _expire(self) -> None:
        if self.reply is not None:
            return
        self.timer = inf
        expires = self.expires()
        if expires > self._time.now:
            self.guard(inf)
            return
        kind: FailureKind = "read_timeout" if self.written else "connect_timeout"
        self.fail("total_timeout" if expires == self.ends_by else kind)

    def cancel(self) -> None:
        """Give it up, unless it is over."""
        if self.reply is None:
            self.fail("cancelled")

    def fail(self, kind: FailureKind) -> None:
        """End it without an answer; a connection that still owes one is of no more use."""
        if self.connection is not None:
            self.connection.abandon()
        self.end(Failure(kind, self.written, self.reused), self._time.now)


class Wire:
    """The way from clients to one region: a proxy's listener, its toxics, its live connections.

    ``far`` is what every answer takes on its way before it meets the toxics.
    """

    def __init__(
        self, time: VirtualTime, respond: Respond, rng: Random, far: Latency = NEAR
    ) -> None:
        self.time = time
        self.respond = respond
        self.rng = rng
        self.far = far
        self.enabled = True
        self.toxics: dict[Stream, list[Toxic]] = {"upstream": [], "downstream": []}
        self.live: dict[Connection, None] = {}
        self._idle: dict[int, list[Connection]] = {}

    def send(self, client: int, attempt: Try) -> Flight:
        """Begin one attempt over that client's connections."""
        flight = Flight(self.time, attempt)
        connection = None if attempt.fresh else self._kept(client)
        if connection is not None:
            connection.carry(flight)
        else:
            known = self._idle.setdefault(client, [])
            at = self.time.now + CONNECT_LASTS
            flight.guard(at)
            self.time.at(at, partial(self._connected, known, flight, listening=self.enabled))
        return flight

    def close_all(self) -> None:
        """Close every connection, as a proxy that is disabled does."""
        for connection in list(self.live):
            connection.drop("closed")

    def _kept(self, client: int) -> "Connection | None":
        idle = self._idle.get(client)
        while idle:
            connection = idle.pop()
            if connection in self.live:
                return connection
        return None

    def _connected(self, idle: list["Connection"], flight: Flight, *, listening: bool) -> None:
        if flight.reply is not None:
            return
        if not (listening and self.enabled):
            flight.fail("refused")
            return
        connection = Connection(self, idle)
        self.live[connection] = None
        connection.carry(flight)


class Connection:
    """One connection of one client: two links, at most one request under way.

    Between two requests it waits in ``idle``, its client's pool.
    """

    __slots__ = (
        "_answer",
        "_down",
        "_flight",
        "_idle",
        "_owed",
        "_through",
        "_time",
        "_up",
        "_wire",
        "used",
    )

    def __init__(self, wire: Wire, idle: list["Connection"]) -> None:
        self._wire = wire
        self._time = wire.time
        self._idle = idle
        now = wire.time.now
        self._up = Link(wire.toxics["upstream"], wire.rng, now)
        self._down = Link(wire.toxics["downstream"], wire.rng, now)
        # Whether requests meet nothing on their way there, as on most wires at most times.
        self._through = self._up.idle
        self._flight: Flight | None = None
        self._answer: Answer | None = None
        self._owed = 0
        self.used = False
        # A toxic may end a connection by itself, however silent its peers are.
        self._wake()

    def carry(self, flight: Flight) -> None:
        """Write one request into the connection."""
        now = self._time.now
        flight.connection, flight.reused, flight.written = self, self.used, True
        flight.heard = now
        self._flight, self.used, self._answer = flight, True, None
        size = self._owed = HEAD_SIZE + len(flight.attempt.request.body)
        if self._through:
            self._requested(size)
        else:
            self._up.feed(Chunk(now, bytes(size)))
            self.pump()

    def pump(self) -> None:
        """Move what is due on both links, and come back when more is."""
        live, now = self._wire.live, self._time.now
        if self in live and not self._through:
            self._deliver(self._up.drain(now), self._requested)
        if self in live:
            self._deliver(self._down.drain(now), self._answered)
        if self in live:
            self._wake()

    def _wake(self) -> None:
        due = self._down.due()
        if not self._through:
            up = self._up.due()
            due = up if due is None else due if up is None else min(up, due)
        if self._flight is not None:
            self._flight.guard(inf if due is None else due)
        if due is not None:
            self._time.at(due, self.pump)

    def _deliver(self, events: list[Event], arrived: Callable[[int], None]) -> None:
        for event in events:
            if isinstance(event, Chunk):
                arrived(len(event.data))
            else:
                self.drop("closed" if isinstance(event, End) else "reset")
                return

    def _requested(self, size: int) -> None:
        """Bytes of the request reached the service; it answers when it has them all."""
        self._owed -= size
        flight = self._flight
        if flight is None or self._owed > 0 or self._answer is not None:
            return
        wire, now = self._wire, self._time.now
        answer = self._answer = wire.respond(flight.attempt.request, now)
        self._owed = HEAD_SIZE + len(answer.body)
        arrives = now + ANSWER_LASTS + wire.far.draw(wire.rng)
        flight.guard(arrives)
        self._time.at(arrives, partial(self._arrived, answer))

    def _arrived(self, answer: Answer) -> None:
        """An answer is back from the region; without toxics it is the client's at once."""
        if self._answer is not answer or self not in self._wire.live:
            return
        if self._down.idle:
            self._answered(self._owed)
        else:
            self._down.feed(Chunk(self._time.now, bytes(self._owed)))
            self.pump()

    def _answered(self, size: int) -> None:
        """Bytes of the answer reached the client; it is done when it has them all."""
        flight, answer = self._flight, self._answer
        self._owed -= size
        if flight is None or answer is None:
            return
        flight.heard = self._time.now
        if self._owed > 0:
            return
        self._flight = None
        self._idle.append(self)
        if flight.reused:
            answer = Answer(answer.status, answer.headers, answer.body, reused=True)
        flight.end(answer, self._time.now)

    def drop(self, kind: FailureKind) -> None:
        """The connection is gone; an attempt on it fails, truncated where bytes had come."""
        self._wire.live.pop(self, None)
        flight, self._flight = self._flight, None
        if flight is not None:
            answer = self._answer
            begun = answer is not None and self._owed < HEAD_SIZE + len(answer.body)
            flight.fail("truncated" if begun and kind == "closed" else kind)

    def abandon(self) -> None:
        """The client gave up on the answer that this connection owes."""
        self._wire.live.pop(self, None)
        self._flight = None

    def change(self, stream: Stream, edit: Callable[[Link, float], None]) -> None:
        """Change the toxics of one direction while bytes are inside."""
        edit(self._up if stream == "upstream" else self._down, self._time.now)
        self._through = self._up.idle
        self.pump()
        self._through = self._up.idle
