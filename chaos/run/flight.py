"""One attempt on a simulated wire: its timeouts, and how far it came."""

from math import inf
from typing import Protocol

from chaos.client.call import Try
from chaos.exchange import Failure, FailureKind
from chaos.run.virtual import VirtualTicket, VirtualTime


class Carrier(Protocol):
    """The connection that carries an attempt."""

    def abandon(self) -> None:
        """The client gave up on the answer that this connection owes."""


class Flight(VirtualTicket):
    """One attempt on a wire: a ticket that knows its timeouts and how far it came.

    ``heard`` is when its connection last moved, ``timer`` the earliest instant at which the clock
    will look whether it has timed out.
    """

    __slots__ = ("_time", "attempt", "connection", "heard", "reused", "sent", "timer", "written")

    def __init__(self, time: VirtualTime, attempt: Try) -> None:
        self.sent = self.heard = now = time.now
        super().__init__(now + attempt.total)
        self._time = time
        self.attempt = attempt
        self.timer = inf
        self.connection: Carrier | None = None
        self.written = self.reused = False

    def expires(self) -> float:
        """When its timeouts end it, should nothing more be heard."""
        expires = self.heard + (self.attempt.read if self.written else self.attempt.connect)
        return min(self.ends_by, expires)

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
