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
SENT_AT_MOST = 2 * BODY_AT_MOST  # of one request, with all that frames its body
NAMES_REMEMBERED = 256
OWED_AT_MOST = 64  # on one connection; then it is not read from until some are sent
_NAMES: dict[bytes, str] = {}  # header names as written: the same few come again and again
_STARTS = {each.value: f"HTTP/1.1 {each.value} {each.phrase}\r\n" for each in HTTPStatus}
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_EXPECT = frozenset({b"Expect", b"expect", b"EXPECT"})
_NO_BODY = (204, 304)
_METHODS = {name.encode(): name for name in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")}
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
        self._out: list[bytes] = []
        self._owed: deque[Owed] = deque()
        self._closing = False
        self._address = ""
        self._fed = 0  # bytes since the last request was complete
        self._headers: tuple[tuple[str, str], ...] | None = None  # once the head is complete
        self._url: list[bytes] = []
        self._head: dict[bytes, bytes] = {}
        self._body: list[bytes] = []
        # What the parser calls most often is collected without a call into Python.
        self.on_url, self.on_body = self._url.append, self._body.append
        self.on_header = self._head.__setitem__
        self._parser = httptools.HttpRequestParser(self)

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
        if self._closing:
            return
        self._fed += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._closing = True
        except httptools.HttpParserError:
            if not self._closing:
                self._refuse(HTTPStatus.BAD_REQUEST)
        # The parser keeps what is not complete: nothing else bounds a header that never ends.
        if self._fed > HEAD_AT_MOST:
            self._limit()
        self._flush()

    def _limit(self) -> None:
        """Refuse a request that is too long already, though it may not be complete."""
        if self._closing:
            return
        if self._headers is None:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif self._fed > SENT_AT_MOST:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

    def _refuse(self, status: int) -> None:
        """Answer with no more than a status, and hear no more."""
        self._give(Answer(status), keep_alive=False, head=False)
        self._closing = True
        self._body.clear()

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

    def on_headers_complete(self) -> None:
        """The head is whole; what comes as a header after it is a trailer, and is left out.

        A client that waits for leave to send its body gets it.
        """
        head, names = self._head, _NAMES
        self._headers = tuple(
            [(names.get(name) or _named(name), head[name].decode("latin-1")) for name in head]
        )
        if self._fed > HEAD_AT_MOST and _size(self._url, head) > HEAD_AT_MOST:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif not _EXPECT.isdisjoint(head) and self._transport is not None and _waits(head):
            self._transport.write(_CONTINUE)

    def on_message_complete(self) -> None:
        """A whole request: answer it."""
        if self._closing:
            return
        url, parts, headers = self._url, self._body, self._headers
        assert headers is not None
        written = self._parser.get_method()
        method = _METHODS.get(written) or written.decode("latin-1")
        path = (url[0] if len(url) == 1 else b"".join(url)).decode("latin-1")
        if not path.startswith("/"):
            path = "/" + path.partition("://")[2].partition("/")[2]
        body = parts[0] if len(parts) == 1 else b"".join(parts)
        self._fed, self._headers = 0, None
        url.clear()
        parts.clear()
        self._head.clear()
        if len(body) > BODY_AT_MOST:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        # After an upgrade that nobody here understands the connection is of no more use.
        keep_alive = self._parser.should_keep_alive() and not self._parser.should_upgrade()
        self._closing = not keep_alive
        received = self._respond(Request(method, path, headers, body, self._address))
        self._give(received, keep_alive=keep_alive, head=method == "HEAD")

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


def _waits(head: dict[bytes, bytes]) -> bool:
    return any(head[name].lower() == b"100-continue" for name in _EXPECT & head.keys())


def _size(url: list[bytes], head: dict[bytes, bytes]) -> int:
    return sum(map(len, (*url, *head, *head.values())))


def _named(name: bytes) -> str:
    """A header's name as written."""
    known = name.decode("latin-1")
    if len(_NAMES) < NAMES_REMEMBERED:
        _NAMES[name] = known
    return known


def encode(answer: Answer, *, keep_alive: bool, head: bool = False) -> bytes:
    """An answer as bytes, headers and body together."""
    status, body = answer.status, answer.body
    start = _STARTS.get(status) or f"HTTP/1.1 {status} Unknown\r\n"
    for name, value in answer.headers.items():
        start += f"{name}: {value}\r\n"
    if status not in _NO_BODY:
        start += f"content-length: {len(body)}\r\n"
    start += "\r\n" if keep_alive else "connection: close\r\n\r\n"
    encoded = start.encode("latin-1", "replace")
    return encoded if head else encoded + body
