"""A small HTTP/1.1 server for the proxy's API, on httptools: requests as values, one at a time."""

import asyncio
import functools
import http
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from typing import cast

import httptools

from chaos.exchange import Answer, Request

LARGEST_BODY = 16 << 20
_BAD_REQUEST = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Connection: close\r\n\r\n400 Bad Request"
)
_TOO_LARGE = (
    b"HTTP/1.1 413 Request Entity Too Large\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Connection: close\r\n\r\n413 Request Entity Too Large"
)

Respond = Callable[[Request], Awaitable[Answer]]


def rendered(answer: Answer, *, keep_alive: bool) -> bytes:
    """An answer's bytes on the wire."""
    reason = http.HTTPStatus(answer.status).phrase
    lines = [f"HTTP/1.1 {answer.status} {reason}"]
    lines += [f"{name.title()}: {value}" for name, value in answer.headers.items()]
    lines.append(f"Date: {formatdate(usegmt=True)}")
    if answer.status != http.HTTPStatus.NO_CONTENT:
        lines.append(f"Content-Length: {len(answer.body)}")
    if not keep_alive:
        lines.append("Connection: close")
    return "\r\n".join([*lines, "\r\n"]).encode("latin-1", "replace") + answer.body


class Conversation(asyncio.Protocol):
    """One connection to the API. Pipelined requests are answered in their order."""

    def __init__(self, respond: Respond, idle: float = 60.0) -> None:
        self._respond = respond
        self._idle = idle
        self._requests: asyncio.Queue[tuple[Request, bool] | None] = asyncio.Queue()
        self._parser = httptools.HttpRequestParser(self)
        self._path = b""
        self._headers: list[tuple[str, str]] = []
        self._body = bytearray()
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._task = asyncio.get_running_loop().create_task(self._converse())

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # An upgrade is never taken; what follows the request is not ours to read.
            self._transport.pause_reading()
        except (httptools.HttpParserError, UnicodeError):
            self._give_up(_BAD_REQUEST)

    def _give_up(self, last_words: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(last_words)
            self._transport.close()

    def on_message_begin(self) -> None:
        self._path = b""
        self._headers = []
        self._body = bytearray()

    def on_url(self, url: bytes) -> None:
        self._path += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.decode("latin-1"), value.decode("latin-1")))
        if name.lower() == b"expect" and value.lower() == b"100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._body += body
        if len(self._body) > LARGEST_BODY:
            self._give_up(_TOO_LARGE)

    def on_message_complete(self) -> None:
        method = self._parser.get_method().decode()
        path = self._path.decode("utf-8", "replace")
        request = Request(method, path, tuple(self._headers), bytes(self._body))
        self._requests.put_nowait((request, bool(self._parser.should_keep_alive())))

    async def _converse(self) -> None:
        while True:
            try:
                asked = await asyncio.wait_for(self._requests.get(), self._idle)
            except TimeoutError:
                asked = None
            if asked is None:
                break
            request, keep_alive = asked
            answer = await self._respond(request)
            self._transport.write(rendered(answer, keep_alive=keep_alive))
            if not keep_alive:
                break
        self._transport.close()

    def eof_received(self) -> bool:
        # Answer what was asked before the client stopped asking.
        self._requests.put_nowait(None)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        if self._task is not None:
            self._task.cancel()


def conversations(respond: Respond) -> Callable[[], Conversation]:
    """A factory of conversations for `loop.create_server`."""
    return functools.partial(Conversation, respond)
