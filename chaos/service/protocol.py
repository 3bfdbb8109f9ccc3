"""HTTP/1.1 on one connection: bytes to request values, answers to bytes, in one send each.

A framework costs three to five times as much as this and cannot stall, drip or reset.
"""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import cast

import httptools

from chaos.exchange import Answer, Request

Respond = Callable[[Request], Answer]
BODY_AT_MOST = 1 << 20
HEAD_AT_MOST = 64 << 10
NAMES_REMEMBERED = 256
_NAMES: dict[bytes, str] = {}  # header names as written: the same few come again and again
PHRASES = {status.value: status.phrase for status in HTTPStatus}
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_EXPECT = b"expect"
_NO_BODY = (204, 304)


class HttpConnection(asyncio.Protocol):
    """One client's connection. Pipelined requests are answered in order, in one send."""

    def __init__(self, respond: Respond, connections: set["HttpConnection"]) -> None:
        self._respond = respond
        self._connections = connections
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._out: list[bytes] = []
        self._closing = False
        self._begin()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember whom we speak to."""
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._transport = None
        self._connections.discard(self)

    def data_received(self, data: bytes) -> None:
        """Feed the parser; what it completes is answered from its callbacks."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._closing = True
        except httptools.HttpParserError:
            if not self._closing:
                self._out.append(encode(Answer(400), keep_alive=False))
            self._closing = True
        transport = self._transport
        if transport is None:
            return
        if self._out:
            transport.write(self._out[0] if len(self._out) == 1 else b"".join(self._out))
            self._out.clear()
        if self._closing:
            transport.close()

    def pause_writing(self) -> None:
        """A client that does not read its answers is not read from either."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """It reads again."""
        if self._transport is not None:
            self._transport.resume_reading()

    def abort(self) -> None:
        """Drop the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def on_message_begin(self) -> None:
        """The parser saw the beginning of a request."""
        self._begin()

    def on_url(self, url: bytes) -> None:
        """A piece of the request target."""
        self._head += len(url)
        if self._head <= HEAD_AT_MOST:
            self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        self._head += len(name) + len(value)
        if self._head > HEAD_AT_MOST:
            return
        known = _NAMES.get(name)
        if known is None:
            known = name.decode("latin-1")
            if len(_NAMES) < NAMES_REMEMBERED:
                _NAMES[name] = known
        self._headers.append((known, value.decode("latin-1")))
        if len(name) == len(_EXPECT) and name.lower() == _EXPECT:
            self._expects = value.lower() == b"100-continue"

    def on_headers_complete(self) -> None:
        """A client that waits for leave to send its body gets it."""
        if self._expects and self._transport is not None:
            self._transport.write(_CONTINUE)

    def on_body(self, body: bytes) -> None:
        """A piece of the body; what is too long is dropped and answered 413."""
        self._length += len(body)
        if self._length <= BODY_AT_MOST:
            self._body.append(body)

    def on_message_complete(self) -> None:
        """A whole request: answer it."""
        if self._closing:
            return
        method = self._parser.get_method().decode("latin-1")
        if self._length > BODY_AT_MOST or self._head > HEAD_AT_MOST:
            self._closing = True
            too_long = 413 if self._length > BODY_AT_MOST else 431
            self._out.append(encode(Answer(too_long), keep_alive=False))
            return
        path = self._url.decode("latin-1")
        if not path.startswith("/"):
            path = "/" + path.partition("://")[2].partition("/")[2]
        request = Request(method, path, tuple(self._headers), b"".join(self._body))
        keep_alive = self._parser.should_keep_alive()
        self._closing = not keep_alive
        answer = self._respond(request)
        self._out.append(encode(answer, keep_alive=keep_alive, head=method == "HEAD"))

    def _begin(self) -> None:
        self._url = b""
        self._headers: list[tuple[str, str]] = []
        self._body: list[bytes] = []
        self._length = 0
        self._head = 0
        self._expects = False


def encode(answer: Answer, *, keep_alive: bool, head: bool = False) -> bytes:
    """An answer as bytes, headers and body together."""
    status, body = answer.status, answer.body
    start = f"HTTP/1.1 {status} {PHRASES.get(status, 'Unknown')}\r\n"
    for name, value in answer.headers.items():
        start += f"{name}: {value}\r\n"
    if status not in _NO_BODY:
        start += f"content-length: {len(body)}\r\n"
    start += "\r\n" if keep_alive else "connection: close\r\n\r\n"
    encoded = start.encode("latin-1", "replace")
    return encoded if head else encoded + body
