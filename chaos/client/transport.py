"""A lean asyncio transport for httpx: one keep-alive pool per origin, nothing shared to scan.

httpcore's pool looks at every connection on each request and each release, which under a latency
fault turns into seconds that the client itself adds. Here a request takes the connection that was
idle last, or opens one. No retries: what fails is told, with what failed and whether the request
had been written (:func:`failure_of`).
"""

import asyncio
import ssl
from types import TracebackType

import httpx

from chaos.client.connection import Connection
from chaos.client.httpx_terms import (
    Broken,
    Origin,
    as_httpx,
    failure_of,
    failure_to_connect,
    message_of,
    origin_of,
    response_of,
)

__all__ = ["LeanTransport", "failure_of"]


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
        self._idle: dict[Origin, list[Connection]] = {}
        self._open: set[Connection] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request over one connection and read its answer."""
        timeouts = request.extensions.get("timeout", {})
        origin = origin_of(request)
        message = message_of(request, await request.aread())
        connection = None if request.extensions.get("fresh") else self._take(origin)
        try:
            reused = connection is not None
            if connection is None:
                connection = await self._connect(origin, timeouts.get("connect"))
            answer = await connection.exchange(
                message, timeouts.get("read"), bodyless=request.method == "HEAD"
            )
        except Broken as broken:
            raise as_httpx(broken, request) from broken
        self._give_back(origin, connection)
        return response_of(answer, request, reused=reused)

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

    def _take(self, origin: Origin) -> Connection | None:
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

    def _give_back(self, origin: Origin, connection: Connection) -> None:
        idle = self._idle.setdefault(origin, [])
        if connection.usable() and len(idle) < self._idle_most:
            connection.idle_since = asyncio.get_running_loop().time()
            idle.append(connection)
        else:
            connection.abort()

    async def _connect(self, origin: Origin, timeout: float | None) -> Connection:
        scheme, host, port = origin
        context = self._context() if scheme == "https" else None
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout):
                _, connection = await loop.create_connection(
                    lambda: Connection(loop, self._open), host, port, ssl=context
                )
        except OSError as error:
            raise Broken(failure_to_connect(error)) from error
        return connection

    def _context(self) -> ssl.SSLContext:
        # Loading the authorities takes a tenth of a second: once, and only if it is needed.
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls
