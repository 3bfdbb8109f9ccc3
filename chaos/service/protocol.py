"""HTTP/1.1 on one connection: bytes to request values, answers to bytes, in one send each.

A framework costs three to five times as much as this and cannot stall, drip or reset.
"""

import asyncio
import socket
import struct
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from math import inf
from typing import cast

import httptools

from chaos.exchange import Answer, Reply, Request
from chaos.service.held import RESET, Held, Received

Respond = Callable[[Request], Received]
Resume = Callable[[Held, float], Reply | None]
BODY_AT_MOST = 1 << 20
HEAD_AT_MOST = 64 << 10
NAMES_REMEMBERED = 256
OWED_AT_MOST = 64  # on one connection; then it is not read from until some are sent
_NAMES: dict[bytes, str] = {}  # header names as written: the same few come again and again
PHRASES = {status.value: status.phrase for status in HTTPStatus}
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_EXPECT = b"expect"
_NO_BODY = (204, 304)
RST_AT_CLOSE = struct.pack("ii", 1, 0)  # linger, for no seconds


@dataclass(slots=True, eq=False)
class Owed:
    """An answer that is owed, in its turn: pipelined requests are answered in their order."""

    keep_alive: bool
    head: bool
    reply: Reply | None = None
    timer: asyncio.TimerHandle | None = None


class HttpConnection(asyncio.Protocol):
    """One client's connection. Pipelined requests are answered in order, in one send."""

    def __init__(
        self, respond: Respond, connections: set["HttpConnection"], resume: Resume = Held.resume
    ) -> None:
        self._respond = respond
        self._resume_held = resume
        self._connections = connections
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._out: list[bytes] = []
        self._owed: deque[Owed] = deque()
        self._closing = False
        self._address = ""
        self._begin()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember whom we speak to."""
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self._address = str(peer[0]).partition("%")[0] if isinstance(peer, tuple) else ""
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
                self._give(Answer(400), keep_alive=False, head=False)
            self._closing = True
        self._flush()

    def _flush(self) -> None:
        """Send what is ready; close where nothing more is owed and nothing more is taken."""
        transport = self._transport
        if transport is None:
            return
        if self._out:
            transport.write(self._out[0] if len(self._out) == 1 else b"".join(self._out))
            self._out.clear()
        if self._closing and not self._owed:
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

    def _drop(self, transport: asyncio.Transport, *, rudely: bool) -> None:
        """End the connection instead of answering: with RST, or as if everything had been said."""
        self._flush()
        self._owed.clear()
        self._closing = True
        self._transport = None
        if not rudely:
            transport.close()
            return
        connected = transport.get_extra_info("socket")
        if connected is not None:
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST_AT_CLOSE)
        transport.abort()

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
            self._give(Answer(too_long), keep_alive=False, head=False)
            return
        path = self._url.decode("latin-1")
        if not path.startswith("/"):
            path = "/" + path.partition("://")[2].partition("/")[2]
        body = b"".join(self._body)
        request = Request(method, path, tuple(self._headers), body, self._address)
        keep_alive = self._parser.should_keep_alive()
        self._closing = not keep_alive
        self._give(self._respond(request), keep_alive=keep_alive, head=method == "HEAD")

    def _give(self, received: Received, *, keep_alive: bool, head: bool) -> None:
        """Write what came of a request, or remember that it is owed."""
        if received.__class__ is Answer and not self._owed:
            self._out.append(encode(received, keep_alive=keep_alive, head=head))
        else:
            self._owe(received, Owed(keep_alive, head))

    def _owe(self, received: Received, owed: Owed) -> None:
        """Put an answer into the queue that is not there yet, or whose turn has not come."""
        self._owed.append(owed)
        if len(self._owed) >= OWED_AT_MOST and self._transport is not None:
            self._transport.pause_reading()
        if isinstance(received, Held):
            received.moved = partial(self._wait, received, owed)
            self._wait(received, owed)
        else:
            owed.reply = received
            self._settle()

    def _wait(self, held: Held, owed: Owed) -> None:
        """Come back when it is due; it is carried out even if the caller has gone."""
        if owed.timer is not None:
            owed.timer.cancel()
        if held.until < inf:
            later = max(0.0, held.until - time.time())
            loop = asyncio.get_running_loop()
            owed.timer = loop.call_later(later, self._resume, held, owed)

    def _resume(self, held: Held, owed: Owed) -> None:
        reply = self._resume_held(held, time.time())
        if reply is None:
            self._wait(held, owed)
            return
        held.moved = None
        owed.reply = reply
        self._settle()
        self._flush()

    def _settle(self) -> None:
        """Write the answers whose turn has come; a reply that is a failure ends the connection."""
        transport = self._transport
        while transport is not None and self._owed and self._owed[0].reply is not None:
            owed = self._owed.popleft()
            if len(self._owed) == OWED_AT_MOST - 1 and not transport.is_closing():
                transport.resume_reading()
            if not isinstance(owed.reply, Answer):
                self._drop(transport, rudely=owed.reply is RESET)
                return
            self._out.append(encode(owed.reply, keep_alive=owed.keep_alive, head=owed.head))

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
