"""The same lean transport for threads: blocking sockets, and a bound on the whole exchange.

httpx's own timeouts restart with every byte, so that a slow drip never trips them. This transport
also honours the request's extension ``total``: seconds for all of it, connecting included.
"""

import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import TypeVar

import httpx

from chaos.client.httpx_terms import (
    Broken,
    Origin,
    as_httpx,
    failure_to_connect,
    message_of,
    origin_of,
    response_of,
)
from chaos.client.parsing import AnswerParser, MalformedError, Response
from chaos.exchange import Failure, FailureKind

_CHUNK = 65_536
_Done = TypeVar("_Done")


class _Clock:
    """How long each wait of one exchange may take, given its bounds."""

    def __init__(self, read: float | None, total: float | None) -> None:
        self._read = read
        self._ends = None if total is None else time.monotonic() + total

    def bound(self, wanted: float | None) -> float | None:
        """The shorter of ``wanted`` and what is left of the whole; Broken when nothing is."""
        if self._ends is None:
            return wanted
        left = self._ends - time.monotonic()
        if left <= 0.0:
            raise Broken(Failure("total_timeout", written=True))
        return left if wanted is None else min(wanted, left)

    def late(self, waited: float | None) -> FailureKind:
        """Which of the two bounds a wait of that length ran into."""
        return "read_timeout" if waited == self._read else "total_timeout"

    def wait(self) -> float | None:
        """How long to wait for the next bytes."""
        return self.bound(self._read)


class BlockingTransport(httpx.BaseTransport):
    """httpx over blocking sockets of our own; safe to share between threads.

    The extensions ``fresh`` and ``reused``, and ``idle`` and ``idle_for``, are as in
    :class:`chaos.client.transport.LeanTransport`.
    """

    def __init__(
        self, tls: ssl.SSLContext | None = None, *, idle: int = 64, idle_for: float = 30.0
    ) -> None:
        self._tls = tls
        self._idle_most = idle
        self._idle_for = idle_for
        self._lock = threading.Lock()
        self._idle: dict[Origin, list[tuple[float, socket.socket]]] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request over one connection and read its answer."""
        timeouts = request.extensions.get("timeout", {})
        clock = _Clock(timeouts.get("read"), request.extensions.get("total"))
        origin = origin_of(request)
        message = message_of(request, request.read())
        sock = None if request.extensions.get("fresh") else self._take(origin)
        reused = sock is not None
        try:
            if sock is None:
                sock = self._connect(origin, clock.bound(timeouts.get("connect")))
            parser = AnswerParser(bodyless=request.method == "HEAD")
            answer = _exchange(sock, message, parser, clock)
        except Broken as broken:
            if sock is not None:
                sock.close()
            raise as_httpx(broken, request) from broken
        except BaseException:
            if sock is not None:
                sock.close()
            raise
        self._give_back(origin, sock, keep=parser.keep)
        return response_of(answer, request, reused=reused)

    def close(self) -> None:
        """Close every idle connection; those in use close when their exchange ends."""
        with self._lock:
            idle, self._idle = self._idle, {}
            self._idle_most = 0
        for sockets in idle.values():
            for _, sock in sockets:
                sock.close()

    def _take(self, origin: Origin) -> socket.socket | None:
        while True:
            with self._lock:
                idle = self._idle.get(origin)
                if not idle:
                    return None
                since, sock = idle.pop()
            if time.monotonic() - since <= self._idle_for and not _readable(sock):
                return sock
            sock.close()

    def _give_back(self, origin: Origin, sock: socket.socket, *, keep: bool) -> None:
        with self._lock:
            idle = self._idle.setdefault(origin, [])
            if keep and len(idle) < self._idle_most:
                idle.append((time.monotonic(), sock))
                return
        sock.close()

    def _connect(self, origin: Origin, timeout: float | None) -> socket.socket:
        scheme, host, port = origin
        sock: socket.socket | None = None
        try:
            sock = socket.create_connection((host, port), timeout)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if scheme == "https":
                sock = self._context().wrap_socket(sock, server_hostname=host)
        except OSError as error:
            if sock is not None:
                sock.close()
            raise Broken(failure_to_connect(error)) from error
        return sock

    def _context(self) -> ssl.SSLContext:
        # Loading the authorities takes a tenth of a second: once, and only if it is needed.
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls


def _readable(sock: socket.socket) -> bool:
    """Whether an idle connection has something to say, which can only be that it is over."""
    sock.settimeout(0.0)
    try:
        sock.recv(1, socket.MSG_PEEK)
    except (BlockingIOError, ssl.SSLWantReadError, ValueError):
        # A TLS socket takes no flags (ValueError): it is found out when it is used.
        return False
    except OSError:
        return True
    return True


def _exchange(sock: socket.socket, message: bytes, parser: AnswerParser, clock: _Clock) -> Response:
    _within(clock, sock, lambda: sock.sendall(message))
    while True:
        data = _within(clock, sock, lambda: sock.recv(_CHUNK))
        try:
            response = parser.feed(data) if data else parser.end()
        except MalformedError as error:
            raise Broken(Failure("truncated", written=True, detail=str(error))) from error
        if response is not None:
            return response
        if not data:
            raise Broken(Failure("truncated" if parser.begun else "closed", written=True))


def _within(clock: _Clock, sock: socket.socket, act: Callable[[], _Done]) -> _Done:
    """Do one thing with a socket within its bounds; Broken when it fails or takes too long."""
    waited = clock.wait()
    sock.settimeout(waited)
    try:
        return act()
    except TimeoutError as error:
        raise Broken(Failure(clock.late(waited), written=True)) from error
    except OSError as error:
        raise Broken(Failure("reset", written=True, detail=str(error))) from error
