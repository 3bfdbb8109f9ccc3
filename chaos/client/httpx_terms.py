"""Between httpx's words and ours: its requests as bytes, its exceptions as failures.

What fails is told by the exceptions that users of httpx know, and each of ours carries the exact
failure, so that :func:`failure_of` loses nothing.
"""

import socket
import ssl
from collections.abc import Mapping

import httpx

from chaos.client.parsing import Response
from chaos.exchange import Failure, FailureKind


class Broken(Exception):  # noqa: N818 - a failure under test that becomes an httpx exception
    """No whole answer came; ``failure`` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.kind}: {failure.detail}" if failure.detail else failure.kind)
        self.failure = failure


Origin = tuple[str, str, int]
_PORTS = {"http": 80, "https": 443}
_EXCEPTIONS: Mapping[str, type[httpx.TransportError]] = {
    "refused": httpx.ConnectError,
    "dns": httpx.ConnectError,
    "tls": httpx.ConnectError,
    "connect_timeout": httpx.ConnectTimeout,
    "read_timeout": httpx.ReadTimeout,
    "total_timeout": httpx.ReadTimeout,
    "reset": httpx.ReadError,
    "closed": httpx.RemoteProtocolError,
    "truncated": httpx.RemoteProtocolError,
}


def as_httpx(broken: Broken, request: httpx.Request) -> httpx.TransportError:
    """What a user of httpx expects for this failure, with the failure as its cause."""
    failure = broken.failure
    kind = _EXCEPTIONS[failure.kind]
    if failure.kind == "reset" and not failure.written:
        kind = httpx.ConnectError
    error = kind(str(broken), request=request)
    error.__cause__ = broken
    return error


def failure_to_connect(error: OSError) -> Failure:
    """What kept a connection from being made."""
    if isinstance(error, TimeoutError):
        return Failure("connect_timeout", written=False)
    kind: FailureKind = "refused"
    if isinstance(error, socket.gaierror):
        kind = "dns"
    elif isinstance(error, ssl.SSLError):
        kind = "tls"
    elif isinstance(error, ConnectionResetError):
        kind = "reset"
    return Failure(kind, written=False, detail=str(error))


def origin_of(request: httpx.Request) -> Origin:
    """Scheme, host and port that a request goes to."""
    url = request.url
    return url.scheme, url.host, url.port or _PORTS[url.scheme]


def failure_of(error: httpx.RequestError) -> Failure:
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
    if isinstance(error, httpx.ProtocolError | httpx.DecodingError):
        return Failure("truncated", written=True, detail=str(error))
    return Failure("reset", written=True, detail=str(error))


def message_of(request: httpx.Request, body: bytes) -> bytes:
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


def response_of(answer: Response, request: httpx.Request, *, reused: bool) -> httpx.Response:
    """The answer as httpx has it, its body as it came: reading it undoes its Content-Encoding."""
    return httpx.Response(
        answer.status,
        headers=answer.headers,
        stream=httpx.ByteStream(answer.body),
        request=request,
        extensions={"http_version": b"HTTP/1.1", "reused": reused},
    )
