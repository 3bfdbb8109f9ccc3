import asyncio

import pytest

from chaos.exchange import Answer, Request
from chaos.proxy.http import Conversation


class Wire(asyncio.Transport):
    """A transport that keeps what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self.closed:
            self.written += data

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        """Nothing more is sent anyway."""


async def _echo(request: Request) -> Answer:
    status = 204 if request.path == "/nothing" else 200
    return Answer(status, {"x-method": request.method}, request.body)


def _said(*pieces: bytes, ends: bool = True) -> tuple[bytes, bool]:
    async def play() -> tuple[bytes, bool]:
        wire = Wire()
        conversation = Conversation(_echo, idle=60)
        conversation.connection_made(wire)
        for piece in pieces:
            conversation.data_received(piece)
            await asyncio.sleep(0)
        if ends:
            conversation.eof_received()
        for _ in range(100):
            await asyncio.sleep(0)
        answer = bytes(wire.written), wire.closed
        conversation.connection_lost(None)
        await asyncio.sleep(0)
        return answer

    return asyncio.run(play())


def test_a_request_is_answered_and_the_connection_kept() -> None:
    said, closed = _said(b"POST /x HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi", ends=False)

    head, _, body = said.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\nX-Method: POST\r\nDate: ")
    assert head.endswith(b"Content-Length: 2")
    assert body == b"hi"
    assert not closed


def test_pipelined_requests_are_answered_in_their_order() -> None:
    requests = b"".join(
        b"POST /%d HTTP/1.1\r\nContent-Length: 1\r\n\r\n%d" % (number, number)
        for number in range(5)
    )
    said, closed = _said(requests)

    assert [part[-1:] for part in said.split(b"HTTP/1.1 200 OK")[1:]] == [
        b"0",
        b"1",
        b"2",
        b"3",
        b"4",
    ]
    assert closed


def test_a_request_in_single_bytes_is_one_request() -> None:
    request = (
        b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n1\r\n!\r\n0\r\n\r\n"
    )
    said, _ = _said(*[request[at : at + 1] for at in range(len(request))])

    assert said.endswith(b"\r\n\r\nhi!")


def test_an_answer_without_a_body_has_no_length() -> None:
    said, _ = _said(b"DELETE /nothing HTTP/1.1\r\n\r\n")

    assert said.startswith(b"HTTP/1.1 204 No Content\r\n")
    assert b"Content-Length" not in said


@pytest.mark.parametrize(
    "request_line", [b"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"]
)
def test_a_client_that_asks_for_it_is_closed(request_line: bytes) -> None:
    said, closed = _said(request_line, ends=False)

    assert b"Connection: close\r\n" in said
    assert closed


@pytest.mark.parametrize(
    "garbage", [b"\0\1\2", b"GET\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"]
)
def test_garbage_is_a_bad_request(garbage: bytes) -> None:
    said, closed = _said(garbage, ends=False)

    assert said.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert closed


def test_a_body_without_end_is_too_large() -> None:
    head = b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n"
    said, closed = _said(head, *[bytes(1 << 20)] * 17, ends=False)

    assert said.startswith(b"HTTP/1.1 413 ")
    assert closed


def test_who_waits_for_leave_to_send_its_body_gets_it() -> None:
    head = b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    said, _ = _said(head, b"hi")

    assert said.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")


def test_an_idle_connection_is_closed() -> None:
    async def play() -> bool:
        wire = Wire()
        conversation = Conversation(_echo, idle=0.01)
        conversation.connection_made(wire)
        await asyncio.sleep(0.05)
        return wire.closed

    assert asyncio.run(play())
