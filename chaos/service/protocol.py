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
PHRASES = {status.value: status.phrase for status in HTTPStatus}
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
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
            transport.write(b"".join(self._out))
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
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        self._headers.append((name.decode("latin-1"), value.decode("latin-1")))
        if name.lower() == b"expect" and value.lower() == b"100-continue":
            self._expects = True

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
        if self._length > BODY_AT_MOST:
            self._closing = True
            self._out.append(encode(Answer(413), keep_alive=False))
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
        self._expects = False


def encode(answer: Answer, *, keep_alive: bool, head: bool = False) -> bytes:
    """An answer as bytes, headers and body together."""
    lines = [f"HTTP/1.1 {answer.status} {PHRASES.get(answer.status, 'Unknown')}\r\n"]
    lines += [f"{name}: {value}\r\n" for name, value in answer.headers.items()]
    if answer.status not in _NO_BODY:
        lines.append(f"content-length: {len(answer.body)}\r\n")
    if not keep_alive:
        lines.append("connection: close\r\n")
    lines.append("\r\n")
    start = "".join(lines).encode("latin-1", "replace")
    return start if head else start + answer.body
