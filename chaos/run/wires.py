"""Simulated wires: connections through toxics to one region of the key service, in virtual time.

The proxy's own :class:`chaos.proxy.link.Link` carries the bytes and the service's own `answer`
makes the replies; what is modelled here is only the time that a hop and an answer take.
"""

from collections.abc import Callable
from functools import partial
from math import inf
from random import Random

from chaos.client.call import Try
from chaos.exchange import Answer, Failure, FailureKind, Reply, Request
from chaos.proxy.link import Link, Toxic
from chaos.proxy.toxics import Chunk, End, Event, Latency
from chaos.run.faults import Stream
from chaos.run.flight import Flight
from chaos.run.virtual import VirtualTime
from chaos.service.held import Held, Received

# Seconds; what one connect and one answer cost on loopback sockets.
CONNECT_LASTS = 0.0004
ANSWER_LASTS = 0.0012
# Bytes of a request's or an answer's head: only toxics that count bytes see the difference.
HEAD_SIZE = 400

NEAR = Latency()

Respond = Callable[[Request, float], Received]


class Wire:
    """The way from clients to one region: a proxy's listener, its toxics, its live connections.

    ``far`` is what every answer takes on its way before it meets the toxics. ``respond`` is given
    the region's own clock, which shows ``epoch`` at time zero.
    """

    def __init__(
        self,
        time: VirtualTime,
        respond: Respond,
        rng: Random,
        far: Latency = NEAR,
        epoch: float = 0.0,
    ) -> None:
        self.time = time
        self.respond = respond
        self.rng = rng
        self.far = far
        self.epoch = epoch
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
        if self._through:
            self._serve(flight)
        else:
            size = self._owed = HEAD_SIZE + len(flight.attempt.request.body)
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
        if flight is not None and self._owed <= 0 and self._answer is None:
            self._serve(flight)

    def _serve(self, flight: Flight) -> None:
        """The service has the whole request."""
        wire = self._wire
        received = wire.respond(flight.attempt.request, wire.epoch + self._time.now)
        if isinstance(received, Held):
            flight.guard(inf)
            received.moved = partial(self._await, received, flight)
            self._await(received, flight)
        else:
            self._replied(received, flight)

    def _await(self, held: Held, flight: Flight) -> None:
        """The service keeps the request, and carries it out whether or not anyone still waits."""
        if held.until < inf:
            self._time.at(held.until - self._wire.epoch, partial(self._resume, held, flight))

    def _resume(self, held: Held, flight: Flight) -> None:
        until = held.until - self._wire.epoch
        if until > self._time.now:
            self._await(held, flight)
            return
        # An instant of UTC and back is not the same to the last bit.
        reply = held.resume(max(held.until, self._wire.epoch + self._time.now))
        if reply is not None and self._flight is flight and self in self._wire.live:
            self._replied(reply, flight)

    def _replied(self, reply: Reply, flight: Flight) -> None:
        """The service answers now, or drops the connection."""
        if isinstance(reply, Failure):
            self.drop(reply.kind)
            return
        wire = self._wire
        self._answer = reply
        self._owed = HEAD_SIZE + len(reply.body)
        arrives = self._time.now + ANSWER_LASTS + wire.far.draw(wire.rng)
        flight.guard(arrives)
        self._time.at(arrives, partial(self._arrived, reply))

    def _arrived(self, answer: Answer) -> None:
        """An answer is back from the region; without toxics it is the client's at once."""
        if self._answer is not answer or self not in self._wire.live:
            return
        if self._down.idle:
            self._complete(answer)
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
        if self._owed <= 0:
            self._complete(answer)

    def _complete(self, answer: Answer) -> None:
        """The client has the whole answer."""
        flight = self._flight
        if flight is None:
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
