"""Reads one HTTP/1.1 answer from bytes: httptools' parser and the rules of where an answer ends."""

from dataclasses import dataclass

import httptools

_INFORMATIONAL = 200
# Bytes of one answer. Key Protect's are a few kilobytes, a full page of keys a few hundred; what
# never ends must not take the program's memory with it.
MOST = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Response:
    """One complete answer as it came over the wire; header names in lower case."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class MalformedError(Exception):
    """The bytes are no HTTP/1.1 answer."""


class AnswerParser:
    """Fed with bytes until ``response`` is there.

    ``begun`` says that any came, ``keep`` whether the connection may carry another exchange.
    ``bodyless`` is for the answer to a HEAD, which promises a length and sends nothing.
    """

    def __init__(self, *, bodyless: bool = False) -> None:
        self.response: Response | None = None
        self.begun = False
        self.keep = True
        self._bodyless = bodyless
        self._sized = False
        self._to_the_end = False
        self._headers: list[tuple[bytes, bytes]] = []
        self._fed = 0
        self._parts: list[bytes] = []
        self._parser = httptools.HttpResponseParser(self)

    def feed(self, data: bytes) -> Response | None:
        """Take bytes; the answer when it is complete. Raises MalformedError."""
        if self.response is not None:
            # Nobody asked for these: the connection is out of step.
            self.keep = False
            return self.response
        self.begun = True
        self._fed += len(data)
        if self._fed > MOST:
            raise MalformedError(f"more than {MOST} bytes")
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            raise MalformedError(str(error)) from error
        return self.response

    def end(self) -> Response | None:
        """The connection was closed: the answer if it was to last until then, None if it is cut."""
        self.keep = False
        if self._to_the_end and self.response is None:
            self._finish()
        return self.response

    def on_status(self, _: bytes) -> None:
        """A second answer in the same bytes is one too many (the parser's callback)."""
        if self.response is not None:
            self.keep = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep one header (the parser's callback)."""
        if self.response is not None:
            return
        lowered = name.lower()
        self._headers.append((lowered, value))
        if lowered in (b"content-length", b"transfer-encoding"):
            self._sized = True

    def on_headers_complete(self) -> None:
        """Decide how the body ends (the parser's callback)."""
        if self.response is not None or self._parser.get_status_code() < _INFORMATIONAL:
            return
        self._to_the_end = not self._sized
        if self._bodyless:
            # The parser would wait for the body that the length promises to a GET.
            self.keep = False
            self._finish()

    def on_body(self, body: bytes) -> None:
        """Keep a part of the body (the parser's callback)."""
        if self.response is None:
            self._parts.append(body)

    def on_message_complete(self) -> None:
        """The answer is complete unless it was informational (the parser's callback)."""
        if self.response is not None:
            return
        if self._parser.get_status_code() < _INFORMATIONAL:
            self._headers.clear()
            self._sized = False
            return
        self.keep = self.keep and self._parser.should_keep_alive()
        self._finish()

    def _finish(self) -> None:
        status = self._parser.get_status_code()
        self.response = Response(status, self._headers, b"".join(self._parts))
