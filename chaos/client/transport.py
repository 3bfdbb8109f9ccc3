"""A lean asyncio transport for httpx: one keep-alive pool per origin, nothing shared to scan.

httpcore's pool looks at every connection on each request and each release, which under a latency
fault turns into seconds that the client itself adds. Here a request takes the connection that was
idle last, or opens one. No retries: what fails is told, with what failed and whether the request
had been written (:func:`failure_of`).
"""

import asyncio
import socket
import ssl
from collections.abc import Mapping
from types import TracebackType

import httpx

from chaos.client.connection import Broken, Connection, Response
from chaos.exchange import Failure

_PORTS = {"http": 80, "https": 443}
_EXCEPTIONS: Mapping[str, type[httpx.TransportError]] = {
    "refused": httpx.ConnectError,
    "dns": httpx.ConnectError,
    "tls": httpx.ConnectError,
    "connect_timeout": httpx.ConnectTimeout,
    "read_timeout": httpx.ReadTimeout,
    "reset": httpx.ReadError,
    "closed": httpx.RemoteProtocolError,
    "truncated": httpx.RemoteProtocolError,
}


def failure_of(error: httpx.TransportError) -> Failure:
    """What an exception of any httpx transport says happened, as a value.

    Our transport's own exceptions carry the exact failure; others are told by their type, and a
    request is then taken for written unless connecting is what failed.
    """
    if isinstance(error.__cause__, Broken):
        return error.__cause__.failure
    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
        return Failure("connect_timeout", written=False, detail=str(error))
    if isinstance(error, httpx.ConnectError | httpx.UnsupportedProtocol | httpx.ProxyError):
        return Failure("refused", written=False, detail=str(error))
    if isinstance(error, httpx.TimeoutException):
        return Failure("read_timeout", written=True, detail=str(error))
    if isinstance(error, httpx.ProtocolError):
        return Failure("truncated", written=True, detail=str(error))
    return Failure("reset", written=True, detail=str(error))


class LeanTransport(httpx.AsyncBaseTransport):
    """httpx over our own connections; answers are read whole before they are handed over.

    It honours the ``connect`` and ``read`` timeouts of a request and its extension ``fresh`` (a new
    connection instead of an idle one). The response's extension ``reused`` tells which it was. At
    most ``idle`` connections per origin are kept, each for ``idle_for`` seconds.
    """

    def __init__(
        self, tls: ssl.SSLContext | None = None, *, idle: int = 64, idle_for: float = 30.0
    ) -> None:
        self._tls = tls
        self._idle_most = idle
        self._idle_for = idle_for
        self._idle: dict[tuple[str, str, int], list[Connection]] = {}
        self._open: set[Connection] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request over one connection and read its answer."""
        timeouts = request.extensions.get("timeout", {})
        url = request.url
        origin = (url.scheme, url.host, url.port or _PORTS[url.scheme])
        message = _message(request, await request.aread())
        connection = None if request.extensions.get("fresh") else self._take(origin)
        try:
            reused = connection is not None
            if connection is None:
                connection = await self._connect(origin, timeouts.get("connect"))
            answer = await connection.exchange(
                message, timeouts.get("read"), bodyless=request.method == "HEAD"
            )
        except Broken as broken:
            kind = _EXCEPTIONS[broken.failure.kind]
            if broken.failure.kind == "reset" and not broken.failure.written:
                kind = httpx.ConnectError
            raise kind(str(broken), request=request) from broken
        self._give_back(origin, connection)
        return _response(answer, request, reused=reused)

    async def aclose(self) -> None:
        """Close every connection and wait until their sockets are closed."""
        gone = [connection.gone for connection in self._open]
        for connection in tuple(self._open):
            connection.abort()
        self._idle.clear()
        if gone:
            await asyncio.wait(gone)

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """Close on leaving the context."""
        await self.aclose()

    def _take(self, origin: tuple[str, str, int]) -> Connection | None:
        idle = self._idle.get(origin)
        now = asyncio.get_running_loop().time()
        while idle:
            connection = idle.pop()
            if not connection.usable():
                continue
            if now - connection.idle_since <= self._idle_for:
                return connection
            connection.abort()
        return None

    def _give_back(self, origin: tuple[str, str, int], connection: Connection) -> None:
        idle = self._idle.setdefault(origin, [])
        if connection.usable() and len(idle) < self._idle_most:
            connection.idle_since = asyncio.get_running_loop().time()
            idle.append(connection)
        else:
            connection.abort()

    async def _connect(self, origin: tuple[str, str, int], timeout: float | None) -> Connection:
        scheme, host, port = origin
        context = self._context() if scheme == "https" else None
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout):
                _, connection = await loop.create_connection(
                    lambda: Connection(loop, self._open), host, port, ssl=context
                )
        except TimeoutError as error:
            raise Broken(Failure("connect_timeout", written=False)) from error
        except socket.gaierror as error:
            raise Broken(Failure("dns", written=False, detail=str(error))) from error
        except ssl.SSLError as error:
            raise Broken(Failure("tls", written=False, detail=str(error))) from error
        except ConnectionResetError as error:
            raise Broken(Failure("reset", written=False, detail=str(error))) from error
        except OSError as error:
            raise Broken(Failure("refused", written=False, detail=str(error))) from error
        return connection

    def _context(self) -> ssl.SSLContext:
        # Loading the authorities takes a tenth of a second: once, and only if it is needed.
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls


def _message(request: httpx.Request, body: bytes) -> bytes:
    """The request in the bytes of HTTP/1.1: head and body in one piece, so in one segment."""
    lines = [request.method.encode(), b" ", request.url.raw_path, b" HTTP/1.1\r\n"]
    sized = False
    for name, value in request.headers.raw:
        lowered = name.lower()
        sized = sized or lowered == b"content-length"
        # The body is in memory by now, so a length says all that chunks would.
        if lowered != b"transfer-encoding":
            lines += (name, b": ", value, b"\r\n")
    if body and not sized:
        lines.append(b"Content-Length: %d\r\n" % len(body))
    return b"".join((*lines, b"\r\n", body))


def _response(answer: Response, request: httpx.Request, *, reused: bool) -> httpx.Response:
    return httpx.Response(
        answer.status,
        headers=answer.headers,
        content=answer.body,
        request=request,
        extensions={"http_version": b"HTTP/1.1", "reused": reused},
    )
