"""Simulated wires: connections through toxics to one region of the key service, in virtual time.

The proxy's own :class:`chaos.proxy.link.Link` carries the bytes and the service's own `answer`
makes the replies; what is modelled here is only the time that a loopback hop and an answer take.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from chaos.client.call import Try
from chaos.exchange import Answer, Failure, FailureKind, Request
from chaos.proxy.link import Link, Toxic
from chaos.proxy.toxics import Chunk, End, Event
from chaos.run.faults import Stream
from chaos.run.virtual import VirtualTicket, VirtualTime

# Seconds; what one connect and one answer cost on loopback sockets.
CONNECT_LASTS = 0.0004
ANSWER_LASTS = 0.0012
# Bytes of a request's or an answer's head: only toxics that count bytes see the difference.
HEAD_SIZE = 400

Respond = Callable[[Request, float], Answer]


@dataclass(slots=True)
class Flight:
    """One attempt on a wire: its ticket, its timeouts, and how far it came."""

    ticket: VirtualTicket
    attempt: Try
    sent: float
    connection: "Connection | None" = None
    written: bool = False
    reused: bool = False
    heard: float = 0.0


class Wire:
    """The way from clients to one region: a proxy's listener, its toxics, its live connections."""

    def __init__(self, time: VirtualTime, respond: Respond, rng: Random) -> None:
        self.time = time
        self.respond = respond
        self.rng = rng
        self.enabled = True
        self.toxics: dict[Stream, list[Toxic]] = {"upstream": [], "downstream": []}
        self.live: dict[Connection, None] = {}
        self._idle: dict[int, deque[Connection]] = {}

    def send(self, client: int, attempt: Try) -> VirtualTicket:
        """Begin one attempt over that client's connections."""
        now = self.time.now
        flight = Flight(VirtualTicket(now + attempt.total), attempt, now)
        flight.ticket.cancel = lambda: self._cancel(flight)
        connection = None if attempt.fresh else self._kept(client)
        if connection is not None:
            connection.carry(flight)
        elif self.enabled:
            self.time.at(self.time.now + CONNECT_LASTS, lambda: self._connected(client, flight))
        else:
            self.time.at(self.time.now + CONNECT_LASTS, lambda: self.refuse(flight))
        self.time.at(flight.sent + min(attempt.total, attempt.read), lambda: self._expire(flight))
        return flight.ticket

    def refuse(self, flight: Flight) -> None:
        """Nobody listens: the connect fails at once."""
        if flight.ticket.reply is None:
            flight.ticket.end(Failure("refused", written=False), self.time.now)

    def close_all(self) -> None:
        """Close every connection, as a proxy that is disabled does."""
        for connection in list(self.live):
            connection.drop("closed")

    def keep(self, client: int, connection: "Connection") -> None:
        """Put a connection back into its client's pool."""
        self._idle.setdefault(client, deque()).append(connection)

    def _kept(self, client: int) -> "Connection | None":
        idle = self._idle.get(client)
        while idle:
            connection = idle.pop()
            if connection in self.live:
                return connection
        return None

    def _connected(self, client: int, flight: Flight) -> None:
        if flight.ticket.reply is not None:
            return
        if not self.enabled:
            self.refuse(flight)
            return
        connection = Connection(self, client)
        self.live[connection] = None
        connection.carry(flight)

    def _expire(self, flight: Flight) -> None:
        if flight.ticket.reply is not None:
            return
        attempt, now = flight.attempt, self.time.now
        began, lasts = flight.heard, attempt.read
        if not flight.written:
            began, lasts = flight.sent, attempt.connect
        read_until = began + lasts
        total_until = flight.sent + attempt.total
        until = min(read_until, total_until)
        if until > now:
            self.time.at(until, lambda: self._expire(flight))
            return
        kind: FailureKind = "total_timeout" if until == total_until else "read_timeout"
        self.end(flight, Failure(kind, flight.written, flight.reused))

    def _cancel(self, flight: Flight) -> None:
        self.end(flight, Failure("cancelled", flight.written, flight.reused))

    def end(self, flight: Flight, reply: Answer | Failure) -> None:
        """End an attempt; a connection whose answer is still owed is of no more use."""
        if flight.ticket.reply is not None:
            return
        connection = flight.connection
        if isinstance(reply, Failure) and connection is not None:
            connection.abandon()
        flight.ticket.end(reply, self.time.now)


class Connection:
    """One connection of one client: two links, at most one request under way."""

    __slots__ = ("_answer", "_client", "_down", "_flight", "_owed", "_up", "_wire", "used")

    def __init__(self, wire: Wire, client: int) -> None:
        now = wire.time.now
        self._wire = wire
        self._client = client
        self._up = Link(wire.toxics["upstream"], wire.rng, now)
        self._down = Link(wire.toxics["downstream"], wire.rng, now)
        self._flight: Flight | None = None
        self._answer: Answer | None = None
        self._owed = 0
        self.used = False
        # A toxic may end a connection by itself, however silent its peers are.
        self._wake()

    def carry(self, flight: Flight) -> None:
        """Write one request into the connection."""
        now = self._wire.time.now
        flight.connection, flight.reused, flight.written = self, self.used, True
        flight.heard = now
        self._flight, self.used, self._answer = flight, True, None
        size = HEAD_SIZE + len(flight.attempt.request.body)
        self._owed = size
        if self._up.idle:
            # Nothing to pass on the way there, so nothing can be due before the answer is.
            self._requested(size)
            self._wake()
        else:
            self._up.feed(Chunk(now, bytes(size)))
            self.pump()

    def pump(self) -> None:
        """Move what is due on both links, and come back when more is."""
        live, now = self._wire.live, self._wire.time.now
        if self in live and not self._up.idle:
            self._deliver(self._up.drain(now), self._requested)
        if self in live:
            self._deliver(self._down.drain(now), self._answered)
        if self in live:
            self._wake()

    def _wake(self) -> None:
        due = self._down.due()
        if not self._up.idle:
            up = self._up.due()
            due = up if due is None else due if up is None else min(up, due)
        if due is not None:
            self._wire.time.at(due, self.pump)

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
        now = self._wire.time.now
        answer = self._answer = self._wire.respond(flight.attempt.request, now)
        self._owed = HEAD_SIZE + len(answer.body)
        self._down.feed(Chunk(now + ANSWER_LASTS, bytes(self._owed)))

    def _answered(self, size: int) -> None:
        """Bytes of the answer reached the client; it is done when it has them all."""
        flight, answer = self._flight, self._answer
        self._owed -= size
        if flight is None or answer is None:
            return
        flight.heard = self._wire.time.now
        if self._owed > 0:
            return
        self._flight = None
        self._wire.keep(self._client, self)
        reply = Answer(answer.status, answer.headers, answer.body, flight.reused)
        flight.ticket.end(reply, self._wire.time.now)

    def drop(self, kind: FailureKind) -> None:
        """The connection is gone; an attempt on it fails, truncated where bytes had come."""
        self._wire.live.pop(self, None)
        flight, self._flight = self._flight, None
        if flight is not None:
            begun = self._answer is not None and flight.heard > flight.sent and kind == "closed"
            cut = begun and self._owed < HEAD_SIZE + len(self._answer.body if self._answer else b"")
            failure = Failure("truncated" if cut else kind, flight.written, flight.reused)
            self._wire.end(flight, failure)

    def abandon(self) -> None:
        """The client gave up on the answer that this connection owes."""
        self._wire.live.pop(self, None)
        self._flight = None

    def change(self, stream: Stream, edit: Callable[[Link, float], None]) -> None:
        """Change the toxics of one direction while bytes are inside."""
        edit(self._up if stream == "upstream" else self._down, self._wire.time.now)
        self.pump()
