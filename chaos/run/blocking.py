"""The world of the Locust child: verbs block a greenlet, so a program never suspends.

geventhttpclient's parser reads the answers; its pool is not used, because its client sends a
request again by itself when a kept connection turns out dead, and a hidden retry would make every
count of attempts a lie. Locust must have been imported, and so have patched the sockets, first.
"""

import errno
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import gevent
from gevent import event, pool
from gevent import socket as gsocket
from geventhttpclient.response import HTTPConnectionClosed, HTTPParseError, HTTPSocketResponse

from chaos.client.call import Try
from chaos.exchange import Answer, Failure, FailureKind, Reply
from chaos.run.world import Applied, Event, Program, Ticket, run_blocking
from chaos.scenario.model import Change

IN_FLIGHT_LIMIT = 10_000
_GONE = (errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED)


class BlockingTicket:
    """One attempt: not yet sent, being sent by a greenlet of its own, or over."""

    __slots__ = ("attempt", "client", "ended", "greenlet", "over", "reply", "sent")

    def __init__(self, client: int, attempt: Try, sent: float) -> None:
        self.client = client
        self.attempt = attempt
        self.sent = sent
        self.reply: Reply | None = None
        self.ended = 0.0
        self.over = event.Event()
        self.greenlet: gevent.Greenlet | None = None


class Connection:
    """One TCP connection and whether it has carried a request before."""

    __slots__ = ("reused", "sock")

    def __init__(self, sock: gsocket.socket) -> None:
        self.sock = sock
        self.reused = False

    def stale(self) -> bool:
        """True when the peer has closed it, or said something unasked, while it lay idle."""
        # gevent waits for a socket that would block, whatever the flags, unless its timeout is 0.
        self.sock.settimeout(0.0)
        try:
            self.sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True


class BlockingWorld:
    """Real time and blocking sockets under gevent; ``zero`` is time zero on the monotonic clock."""

    def __init__(self, zero: float, epoch: float, note: Callable[[Event], None]) -> None:
        self._zero = zero
        self._epoch = epoch
        self._note = note
        self._idle: dict[tuple[int, str], deque[Connection]] = {}
        self._greenlets = pool.Group()
        self._heads: dict[str, tuple[str, int]] = {}
        self.dropped = 0
        self._stopped = event.Event()
        self._broken: BaseException | None = None

    def now(self) -> float:
        return time.monotonic() - self._zero

    def utc(self, when: float) -> datetime:
        return datetime.fromtimestamp(self._epoch, UTC) + timedelta(seconds=when)

    async def sleep_until(self, when: float) -> None:
        wait = when - self.now()
        if wait > 0:
            gevent.sleep(wait)

    def start(self, client: int, attempt: Try) -> BlockingTicket:
        return BlockingTicket(client, attempt, self.now())

    async def first(self, tickets: Sequence[Ticket], until: float) -> Ticket | None:
        own = [ticket for ticket in tickets if isinstance(ticket, BlockingTicket)]
        for ticket in own:
            if ticket.reply is not None:
                return ticket
        lone = own[0]
        ends_in_time = until >= lone.sent + lone.attempt.total
        if len(own) == 1 and lone.greenlet is None and not lone.attempt.shared and ends_in_time:
            self._send(lone)
            return lone
        for ticket in own:
            if ticket.greenlet is None:
                ticket.greenlet = self._greenlets.spawn(self._send, ticket)
        gevent.wait([ticket.over for ticket in own], max(0.0, until - self.now()), count=1)
        return next((ticket for ticket in own if ticket.reply is not None), None)

    def cancel(self, ticket: Ticket) -> None:
        assert isinstance(ticket, BlockingTicket)
        if ticket.reply is None:
            if ticket.greenlet is not None:
                ticket.greenlet.kill()
            if ticket.reply is None:
                self._end(ticket, Failure("cancelled", written=ticket.greenlet is not None))

    async def apply(self, change: Change) -> Applied:
        raise AssertionError("the nemesis plays in the parent, not beside the load")

    def note(self, event: Event) -> None:
        self._note(event)

    async def noted(self, kind: type[Event], until: float) -> bool:
        raise AssertionError("triggers are awaited by the nemesis, in the parent")

    async def play(self, starts: Iterable[tuple[float, Program]]) -> None:
        """One greenlet for every program at its due time, however many are still under way.

        A program that breaks is nobody's outcome: it ends the playing, and its error comes out.
        """
        for due, program in starts:
            wait = due - self.now()
            if self._stopped.wait(wait) if wait > 0 else self._stopped.is_set():
                program.close()
                break
            if len(self._greenlets) < IN_FLIGHT_LIMIT:
                self._greenlets.spawn(self._run, program)
            else:
                self.dropped += 1
                program.close()
        self._greenlets.join()
        if self._broken is not None:
            raise self._broken

    def _run(self, program: Program) -> None:
        try:
            run_blocking(program)
        except gevent.GreenletExit as error:
            # Whoever stops the playing ends its greenlets so; a client that does is broken.
            if not self._stopped.is_set():
                exited = RuntimeError("GreenletExit")
                self.fail(exited.with_traceback(error.__traceback__))
        except BaseException as error:  # noqa: BLE001 - it is raised again where the playing ends
            self.fail(error)

    def fail(self, error: BaseException) -> None:
        """End the playing because of an error that is none under test; the first counts."""
        self._broken = self._broken or error
        self.stop()

    def stop(self) -> None:
        """Begin nothing more and give up what is under way."""
        self._stopped.set()
        self._greenlets.kill(block=False)

    def close(self) -> None:
        """Close every idle connection."""
        for connections in self._idle.values():
            for connection in connections:
                connection.sock.close()
        self._idle.clear()

    def _send(self, ticket: BlockingTicket) -> None:
        attempt = ticket.attempt
        left = ticket.sent + attempt.total - self.now()
        exchange = _Exchange(attempt)
        try:
            with gevent.Timeout(max(left, 0.0), False):  # noqa: FBT003 - gevent's way to say quiet
                self._exchange(ticket, exchange)
        except (OSError, HTTPParseError) as error:
            exchange.failed(error)
        except gevent.GreenletExit:
            exchange.drop()
            self._end(ticket, Failure("cancelled", exchange.written, exchange.reused))
            raise
        if exchange.reply is None:
            exchange.drop()
            exchange.fail("total_timeout")
        assert exchange.reply is not None
        self._end(ticket, exchange.reply)

    def _exchange(self, ticket: BlockingTicket, exchange: "_Exchange") -> None:
        key = (ticket.client, ticket.attempt.endpoint)
        idle = self._idle.setdefault(key, deque())
        connection = None
        while idle and not ticket.attempt.fresh:
            candidate = idle.pop()
            if not candidate.stale():
                connection = candidate
                break
            candidate.sock.close()
        exchange.run(connection, self._address(ticket.attempt.endpoint))
        if exchange.kept is not None:
            idle.append(exchange.kept)

    def _address(self, endpoint: str) -> tuple[str, int]:
        address = self._heads.get(endpoint)
        if address is None:
            parts = urlsplit(endpoint)
            address = self._heads[endpoint] = (parts.hostname or "", parts.port or 80)
        return address

    def _end(self, ticket: BlockingTicket, reply: Reply) -> None:
        if ticket.reply is None:
            ticket.ended = self.now()
            ticket.reply = reply
            ticket.over.set()


class _Exchange:
    """One request and its answer over one connection, and how far it came."""

    def __init__(self, attempt: Try) -> None:
        self.attempt = attempt
        self.reply: Reply | None = None
        self.kept: Connection | None = None
        self.written = False
        self.reused = False
        self._connecting = False
        self._connection: Connection | None = None

    def run(self, connection: Connection | None, address: tuple[str, int]) -> None:
        attempt = self.attempt
        if connection is None:
            self._connecting = True
            sock = gsocket.create_connection(address, attempt.connect)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(sock)
            self._connecting = False
        self._connection = connection
        self.reused = connection.reused
        sock = connection.sock
        sock.settimeout(attempt.read)
        self.written = True
        sock.sendall(_bytes_of(attempt, address))
        response = HTTPSocketResponse(sock, method=attempt.request.method)
        body = response.read()
        if not response.message_complete:
            raise HTTPParseError("the answer ended early")
        headers = {name.lower(): value for name, value in response.items()}
        self.reply = Answer(response.status_code, headers, body, self.reused)
        if not response.should_close():
            connection.reused = True
            self.kept = connection
        else:
            sock.close()
        self._connection = None

    def failed(self, error: Exception) -> None:
        """Name what went wrong, as a value."""
        kind: FailureKind
        if isinstance(error, TimeoutError):
            kind = "connect_timeout" if self._connecting else "read_timeout"
        elif isinstance(error, ConnectionRefusedError):
            kind = "refused"
        elif isinstance(error, socket.gaierror):
            kind = "dns"
        elif isinstance(error, HTTPConnectionClosed):
            # The parser says "closed" for an RST too; what it caught tells the two apart.
            kind = "reset" if isinstance(error.__context__, OSError) else "closed"
        elif isinstance(error, OSError) and error.errno in _GONE:
            kind = "reset"
        else:
            kind = "closed" if isinstance(error, OSError) else "truncated"
        self.drop()
        self.fail(kind, type(error).__name__)

    def fail(self, kind: FailureKind, detail: str = "") -> None:
        self.reply = Failure(kind, self.written, self.reused, detail)

    def drop(self) -> None:
        """Close the connection: what it still carries belongs to nobody."""
        if self._connection is not None:
            self._connection.sock.close()
            self._connection = None


def _bytes_of(attempt: Try, address: tuple[str, int]) -> bytes:
    request = attempt.request
    head = [f"{request.method} {request.path} HTTP/1.1", f"Host: {address[0]}:{address[1]}"]
    head += [f"{name}: {value}" for name, value in request.headers]
    head += [f"Content-Length: {len(request.body)}", "", ""]
    return "\r\n".join(head).encode("latin-1") + request.body
