"""HTTP on one connection, without a socket: bytes in, bytes out, one send per batch."""

from itertools import pairwise
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.exchange import Answer, Request
from chaos.service.protocol import (
    BODY_AT_MOST,
    HEAD_AT_MOST,
    SENT_AT_MOST,
    HttpConnection,
    encode,
)


class Wire:
    """A transport that remembers what was done to it."""

    def __init__(self) -> None:
        self.sends: list[bytes] = []
        self.done: list[str] = []

    def write(self, sent: bytes) -> None:
        self.sends.append(sent)

    def get_extra_info(self, name: str) -> Any:
        """It has no socket."""

    def __getattr__(self, name: str) -> Any:
        return lambda: self.done.append(name)


def connect(answer: Answer | None = None) -> tuple[HttpConnection, Wire, list[Request]]:
    asked: list[Request] = []

    def respond(request: Request) -> Answer:
        asked.append(request)
        return answer or Answer(200, {"content-type": "text/plain"}, request.body)

    wire = Wire()
    connection = HttpConnection(respond, set())
    connection.connection_made(cast("Any", wire))
    return connection, wire, asked


GET = b"GET /a?b=c HTTP/1.1\r\nHost: h\r\nX-Name: value\r\n\r\n"
POST = b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody"
CHUNKED = b"POST /p HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n"


def test_a_request_is_answered_in_one_send() -> None:
    connection, wire, asked = connect()
    connection.data_received(POST)
    assert asked == [Request("POST", "/p", (("Host", "h"), ("Content-Length", "4")), b"body")]
    assert wire.sends == [
        b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 4\r\n\r\nbody"
    ]
    assert wire.done == []


def test_a_request_knows_where_it_came_from() -> None:
    class Distant(Wire):
        def get_extra_info(self, name: str) -> Any:
            return ("fe80::1%lo", 4711, 0, 1) if name == "peername" else None

    connection, _, asked = connect()
    connection.connection_made(cast("Any", Distant()))
    connection.data_received(GET)
    assert [request.address for request in asked] == ["fe80::1"]


@given(st.lists(st.integers(0, len(GET + POST + CHUNKED)), max_size=8))
def test_however_the_bytes_arrive_the_requests_are_the_same(cuts: list[int]) -> None:
    connection, wire, asked = connect()
    stream = GET + POST + CHUNKED
    places = [0, *sorted(cuts), len(stream)]
    for begin, end in pairwise(places):
        connection.data_received(stream[begin:end])
    assert [(each.method, each.path, each.body) for each in asked] == [
        ("GET", "/a?b=c", b""),
        ("POST", "/p", b"body"),
        ("POST", "/p", b"body"),
    ]
    assert b"".join(wire.sends).count(b"HTTP/1.1 200 OK") == 3


def test_pipelined_requests_are_answered_in_order_in_one_send() -> None:
    connection, wire, _ = connect()
    connection.data_received(POST.replace(b"body", b"one.") + POST.replace(b"body", b"two."))
    (sent,) = wire.sends
    assert sent.index(b"one.") < sent.index(b"two.")


def test_what_is_not_http_is_answered_400_and_left() -> None:
    connection, wire, asked = connect()
    connection.data_received(b"\x16\x03\x01 tls hello\r\n\r\n")
    assert asked == []
    assert wire.sends[0].startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"connection: close" in wire.sends[0]
    assert wire.done == ["close"]


@pytest.mark.parametrize(
    "request_bytes",
    [GET.replace(b"HTTP/1.1", b"HTTP/1.0"), GET.replace(b"X-Name: value", b"Connection: close")],
)
def test_a_client_that_asks_for_it_is_left_after_its_answer(request_bytes: bytes) -> None:
    connection, wire, asked = connect()
    connection.data_received(request_bytes + GET)
    assert len(asked) == 1
    assert b"connection: close" in wire.sends[0]
    assert wire.done == ["close"]


def test_a_body_that_is_too_long_is_refused_without_being_kept() -> None:
    connection, wire, asked = connect()
    head = f"POST /p HTTP/1.1\r\nContent-Length: {BODY_AT_MOST + 1}\r\n\r\n".encode()
    connection.data_received(head + bytes(BODY_AT_MOST + 1))
    assert asked == []
    assert wire.sends[0].startswith(b"HTTP/1.1 413 ")
    assert wire.done == ["close"]


def test_a_head_that_is_too_long_is_refused_without_being_kept() -> None:
    connection, wire, asked = connect()
    connection.data_received(GET.replace(b"value", b"v" * (HEAD_AT_MOST + 1)))
    assert asked == []
    assert wire.sends[0].startswith(b"HTTP/1.1 431 ")
    assert wire.done == ["close"]


def test_a_header_that_never_ends_is_refused_while_it_comes() -> None:
    """The parser keeps a value until it is complete, and would join 40 MB of it piece by piece."""
    connection, wire, asked = connect()
    connection.data_received(b"GET / HTTP/1.1\r\nX-Long: ")
    for _ in range(HEAD_AT_MOST // 1024):
        assert wire.sends == []
        connection.data_received(b"v" * 1024)
    assert asked == []
    assert wire.sends[0].startswith(b"HTTP/1.1 431 ")
    assert wire.done == ["close"]
    connection.data_received(b"v" * 1024)
    assert len(wire.sends) == 1


def test_a_long_batch_of_short_requests_is_not_a_long_request() -> None:
    connection, wire, asked = connect()
    stream = GET * (2 * HEAD_AT_MOST // len(GET))
    half = len(stream) // 2
    connection.data_received(stream[:half])
    connection.data_received(stream[half:])
    assert len(asked) == 2 * HEAD_AT_MOST // len(GET)
    assert wire.done == []


def test_a_body_that_never_ends_is_refused_while_it_comes() -> None:
    connection, wire, asked = connect()
    connection.data_received(CHUNKED[: CHUNKED.index(b"2\r\n")])
    for _ in range(SENT_AT_MOST // (1 << 16)):
        connection.data_received(b"fff8\r\n" + b"b" * 0xFFF8 + b"\r\n")
    assert asked == []
    assert wire.sends[0].startswith(b"HTTP/1.1 413 ")
    assert wire.done == ["close"]


def test_what_comes_as_a_header_after_the_body_is_no_header() -> None:
    """RFC 9110, section 6.5.1: who is in front of us would see another caller than we do."""
    connection, _, asked = connect()
    trailers = b"0\r\nAuthorization: Bearer another\r\nX-Late: 1\r\n\r\n"
    connection.data_received(CHUNKED.replace(b"0\r\n\r\n", trailers) + GET)
    assert [name for name, _ in asked[0].headers] == ["Transfer-Encoding"]
    assert [name for name, _ in asked[1].headers] == ["Host", "X-Name"]


def test_a_client_that_waits_for_leave_gets_it() -> None:
    connection, wire, _ = connect()
    head, body = POST.replace(b"Host: h", b"Expect: 100-continue").split(b"\r\n\r\n")
    connection.data_received(head + b"\r\n\r\n")
    assert wire.sends == [b"HTTP/1.1 100 Continue\r\n\r\n"]
    connection.data_received(body)
    assert wire.sends[1].startswith(b"HTTP/1.1 200 OK")


def test_an_upgrade_is_answered_as_the_request_it_is_and_left() -> None:
    connection, wire, asked = connect()
    connection.data_received(
        GET.replace(b"X-Name: value", b"Connection: Upgrade\r\nUpgrade: websocket")
    )
    assert len(asked) == 1
    assert b"connection: close" in wire.sends[0]
    assert wire.done == ["close"]


def test_an_absolute_target_is_read_as_its_path() -> None:
    connection, _, asked = connect()
    connection.data_received(GET.replace(b"/a?b=c", b"http://host:1/a?b=c"))
    assert asked[0].path == "/a?b=c"


def test_a_client_that_does_not_read_is_not_read_from() -> None:
    connection, wire, _ = connect()
    connection.pause_writing()
    connection.resume_writing()
    assert wire.done == ["pause_reading", "resume_reading"]


def test_a_head_answer_and_a_204_have_no_body() -> None:
    assert encode(Answer(200, {}, b"four"), keep_alive=True, head=True).endswith(
        b"content-length: 4\r\n\r\n"
    )
    assert encode(Answer(204), keep_alive=True) == b"HTTP/1.1 204 No Content\r\n\r\n"


@given(st.binary(max_size=200))
def test_no_bytes_at_all_break_a_connection(stream: bytes) -> None:
    connection, wire, _ = connect()
    connection.data_received(stream)
    connection.data_received(stream)
    connection.connection_lost(None)
    connection.data_received(stream)
    assert set(wire.done) <= {"close"}
