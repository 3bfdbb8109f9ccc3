"""One HTTP/1.1 connection of the asyncio transport."""

import asyncio
from typing import cast

from chaos.client.httpx_terms import Broken
from chaos.client.parsing import AnswerParser, MalformedError, Response
from chaos.exchange import Failure, FailureKind


class Connection(asyncio.Protocol):
    """Carries one exchange at a time; unusable for another after anything but a whole answer."""

    def __init__(self, loop: asyncio.AbstractEventLoop, opened: set["Connection"]) -> None:
        self.idle_since = 0.0
        self.gone: asyncio.Future[None] = loop.create_future()
        self._loop = loop
        self._opened = opened
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Response] | None = None
        self._parser = AnswerParser()
        self._exchanged = False
        self._read: float | None = None
        self._heard = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def usable(self) -> bool:
        """Whether another exchange may go over this connection."""
        open_ = self._transport is not None and not self._transport.is_closing()
        return open_ and self._parser.keep

    def abort(self) -> None:
        """Close at once, without sending what is not sent yet."""
        if self._transport is not None:
            self._transport.abort()

    async def exchange(self, message: bytes, read: float | None, *, bodyless: bool) -> Response:
        """Send a request and await its answer; Broken where no whole answer comes.

        ``read`` bounds each wait for bytes. Cancelled, it takes the connection down with it.
        """
        self._parser = AnswerParser(bodyless=bodyless)
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
        try:
            response = self._parser.feed(data)
        except MalformedError as error:
            self._fail("truncated", str(error))
            return
        if response is not None:
            self._answer.set_result(response)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the exchange under way that nothing more will come (asyncio's callback)."""
        self._opened.discard(self)
        if not self.gone.done():
            self.gone.set_result(None)
        if self._answer is None or self._answer.done():
            return
        response = self._parser.end() if exc is None else None
        if response is not None:
            self._answer.set_result(response)
        elif exc is not None:
            self._fail("reset", str(exc))
        else:
            self._fail("truncated" if self._parser.begun else "closed")

    def _fail(self, kind: FailureKind, detail: str = "") -> None:
        if self._answer is not None and not self._answer.done():
            failure = Failure(kind, written=True, reused=self._exchanged, detail=detail)
            self._answer.set_exception(Broken(failure))

    def _expire(self) -> None:
        """Time out unless bytes came since the timer was set; then set it again from there."""
        due = self._heard + (self._read or 0.0)
        if due > self._loop.time():
            self._timer = self._loop.call_at(due, self._expire)
        else:
            self._fail("read_timeout")
