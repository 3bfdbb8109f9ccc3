"""One HTTP/1.1 connection of the lean transport: an asyncio Protocol over httptools' parser."""

import asyncio
from dataclasses import dataclass
from typing import cast

import httptools

from chaos.exchange import Failure, FailureKind

_INFORMATIONAL = 200


class Broken(Exception):  # noqa: N818 - a failure under test that becomes an httpx exception
    """No whole answer came; ``failure`` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.kind}: {failure.detail}" if failure.detail else failure.kind)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Response:
    """One complete answer as it came over the wire."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Connection(asyncio.Protocol):
    """Carries one exchange at a time; unusable for another after anything but a whole answer."""

    def __init__(self, loop: asyncio.AbstractEventLoop, opened: set["Connection"]) -> None:
        self.idle_since = 0.0
        self.gone: asyncio.Future[None] = loop.create_future()
        self._loop = loop
        self._opened = opened
        self._transport: asyncio.Transport | None = None
        self._bodyless = False
        self._answer: asyncio.Future[Response] | None = None
        self._exchanged = False
        self._read: float | None = None
        self._heard = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._begin()

    def usable(self) -> bool:
        """Whether another exchange may go over this connection."""
        return self._transport is not None and not self._transport.is_closing() and self._keep

    def abort(self) -> None:
        """Close at once, without sending what is not sent yet."""
        if self._transport is not None:
            self._transport.abort()

    async def exchange(self, message: bytes, read: float | None, *, bodyless: bool) -> Response:
        """Send a request and await its answer; Broken where no whole answer comes.

        ``read`` bounds each wait for bytes. Cancelled, it takes the connection down with it.
        """
        self._begin(bodyless=bodyless)
        answer: asyncio.Future[Response] = self._loop.create_future()
        self._answer = answer
        transport = cast("asyncio.Transport", self._transport)
        self._read, self._heard = read, self._loop.time()
        if read is not None:
            self._timer = self._loop.call_later(read, self._expire)
        transport.write(message)
        try:
            return await answer
        except BaseException:
            transport.abort()
            raise
        finally:
            self._answer = None
            self._exchanged = True
            if self._timer:
                self._timer.cancel()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport (asyncio's callback)."""
        self._transport = cast("asyncio.Transport", transport)
        self._opened.add(self)

    def data_received(self, data: bytes) -> None:
        """Parse what came (asyncio's callback); bytes that nobody asked for end the connection."""
        if self._answer is None or self._answer.done():
            self.abort()
            return
        self._heard = self._loop.time()
        self._begun = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(Failure("truncated", written=True, detail=str(error)))

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the exchange under way that nothing more will come (asyncio's callback)."""
        self._opened.discard(self)
        if not self.gone.done():
            self.gone.set_result(None)
        if self._answer is None or self._answer.done():
            return
        if exc is not None:
            self._fail(Failure("reset", written=True, reused=self._exchanged, detail=str(exc)))
        elif self._to_the_end:
            self._finish()
        else:
            kind: FailureKind = "truncated" if self._begun else "closed"
            self._fail(Failure(kind, written=True, reused=self._exchanged))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep one header (the parser's callback)."""
        lowered = name.lower()
        self._headers.append((lowered, value))
        if lowered in (b"content-length", b"transfer-encoding"):
            self._sized = True

    def on_headers_complete(self) -> None:
        """Decide how the body ends (the parser's callback)."""
        if self._parser.get_status_code() < _INFORMATIONAL:
            return
        self._to_the_end = not self._sized
        if self._bodyless:
            # The parser would wait for the body that the length promises to a GET.
            self._keep = False
            self._finish()

    def on_body(self, body: bytes) -> None:
        """Keep a part of the body (the parser's callback)."""
        self._parts.append(body)

    def on_message_complete(self) -> None:
        """Hand the answer over, but go on after an informational one (the parser's callback)."""
        if self._parser.get_status_code() < _INFORMATIONAL:
            self._headers.clear()
            return
        self._keep = self._keep and self._parser.should_keep_alive()
        self._finish()

    def _begin(self, *, bodyless: bool = False) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._headers: list[tuple[bytes, bytes]] = []
        self._parts: list[bytes] = []
        self._sized = self._begun = self._to_the_end = False
        self._keep = True
        self._bodyless = bodyless

    def _finish(self) -> None:
        if self._answer is None or self._answer.done():
            return
        status = self._parser.get_status_code()
        self._answer.set_result(Response(status, self._headers, b"".join(self._parts)))

    def _fail(self, failure: Failure) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(Broken(failure))

    def _expire(self) -> None:
        """Time out unless bytes came since the timer was set; then set it again from there."""
        if self._read is None:
            return
        due = self._heard + self._read
        if due > self._loop.time():
            self._timer = self._loop.call_at(due, self._expire)
        else:
            self._fail(Failure("read_timeout", written=True, reused=self._exchanged))
