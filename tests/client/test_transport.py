"""Both lean transports over real loopback sockets, against a server that plays one script."""

import asyncio
import contextlib
import gzip
import socket
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from chaos.client.blocking_transport import BlockingTransport
from chaos.client.transport import LeanTransport, failure_of

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}"


async def read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return head + (await reader.readexactly(length))


@contextlib.asynccontextmanager
async def served(script: Script) -> AsyncIterator[str]:
    """A server on loopback that plays the script on every connection."""
    playing: set[asyncio.Task[None]] = set()

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        playing.add(task)
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                await script(reader, writer)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
        finally:
            writer.transport.abort()
            playing.discard(task)

    server = await asyncio.start_server(play, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.close()
        for task in playing:
            task.cancel()
        await asyncio.gather(*playing, return_exceptions=True)
        await asyncio.sleep(0)


async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        await read_request(reader)
        writer.write(ANSWER)


def sends(*pieces: bytes) -> Script:
    """Read one request, send these bytes, close."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()

    return script


async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await read_request(reader)
    await asyncio.sleep(30)


async def resetting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    sock: socket.socket = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    for byte in ANSWER:
        writer.write(bytes([byte]))
        await asyncio.sleep(0.005)


async def ask(url: str, kind: str, *, timeout: float = 5.0, method: str = "POST") -> httpx.Response:
    """One request over a transport of that kind."""
    if kind == "asyncio":
        async with httpx.AsyncClient(transport=LeanTransport()) as client:
            return await client.request(method, url, content=b"{}", timeout=timeout)

    def blocking() -> httpx.Response:
        with httpx.Client(transport=BlockingTransport()) as client:
            return client.request(method, url, content=b"{}", timeout=timeout)

    return await asyncio.to_thread(blocking)


def play(
    script: Script, kind: str = "asyncio", *, timeout: float = 5.0, method: str = "POST"
) -> httpx.Response:
    """One request against the script."""

    async def once() -> httpx.Response:
        async with served(script) as url:
            return await ask(url, kind, timeout=timeout, method=method)

    return asyncio.run(once())


def failing(script: Script, kind: str, *, timeout: float = 5.0) -> httpx.TransportError:
    """The exception that one request against the script ends with."""
    with pytest.raises(httpx.TransportError) as caught:
        play(script, kind, timeout=timeout)
    return caught.value


BOTH = pytest.mark.parametrize("kind", ["asyncio", "threads"])


def test_the_second_request_goes_over_the_connection_of_the_first() -> None:
    async def twice() -> list[bool]:
        async with served(answering) as url, httpx.AsyncClient(transport=LeanTransport()) as client:
            answers = [await client.post(url, content=b"{}") for _ in range(2)]
            fresh = await client.post(url, content=b"{}", extensions={"fresh": True})
            assert all(answer.json() == {} for answer in (*answers, fresh))
            return [answer.extensions["reused"] for answer in (*answers, fresh)]

    assert asyncio.run(twice()) == [False, True, False]


def test_many_requests_at_once_each_get_their_answer_and_leave_no_more_than_the_pool_keeps() -> (
    None
):
    async def many() -> int:
        transport = LeanTransport(idle=4)
        async with served(answering) as url, httpx.AsyncClient(transport=transport) as client:
            answers = await asyncio.gather(*(client.post(url, content=b"{}") for _ in range(50)))
            assert {answer.status_code for answer in answers} == {200}
            await asyncio.sleep(0)
            return len(transport._open)

    assert asyncio.run(many()) == 4


@BOTH
def test_a_compressed_body_is_read_in_clear(kind: str) -> None:
    zipped = gzip.compress(b"plain")
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(zipped)
    assert play(sends(head + zipped), kind).content == b"plain"


@BOTH
def test_a_refused_connection_is_a_connect_error_that_was_not_written(kind: str) -> None:
    async def refused() -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            await ask(f"http://127.0.0.1:{taken.getsockname()[1]}", kind)

    with pytest.raises(httpx.ConnectError) as caught:
        asyncio.run(refused())
    failure = failure_of(caught.value)
    assert (failure.kind, failure.written) == ("refused", False)


@BOTH
def test_an_unanswered_connect_times_out(kind: str) -> None:
    async def blocked() -> None:
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen(0)
            address = listening.getsockname()
            with contextlib.ExitStack() as fillers:
                for _ in range(4):
                    filler = fillers.enter_context(socket.socket())
                    filler.settimeout(0.0)
                    filler.connect_ex(address)
                await ask(f"http://127.0.0.1:{address[1]}", kind, timeout=0.05)

    with pytest.raises(httpx.ConnectTimeout) as caught:
        asyncio.run(blocked())
    assert failure_of(caught.value).kind == "connect_timeout"


@BOTH
def test_a_name_that_does_not_resolve_is_told_as_such(kind: str) -> None:
    with pytest.raises(httpx.ConnectError) as caught:
        asyncio.run(ask("http://no-such-name.invalid", kind))
    assert failure_of(caught.value).kind == "dns"


@BOTH
@pytest.mark.parametrize(
    ("script", "exception", "what"),
    [
        (resetting, httpx.ReadError, "reset"),
        (sends(), httpx.RemoteProtocolError, "closed"),
        (sends(ANSWER[:-1]), httpx.RemoteProtocolError, "truncated"),
        (sends(ANSWER[:20]), httpx.RemoteProtocolError, "truncated"),
        (sends(b"GET / HTTP/1.1\r\n\r\n"), httpx.RemoteProtocolError, "truncated"),
        (
            sends(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{}"),
            httpx.RemoteProtocolError,
            "truncated",
        ),
    ],
)
def test_an_answer_that_is_not_whole_is_the_exception_httpx_users_know(
    script: Script, exception: type[httpx.TransportError], what: str, kind: str
) -> None:
    error = failing(script, kind)
    assert type(error) is exception
    failure = failure_of(error)
    assert (failure.kind, failure.written) == (what, True)


@BOTH
def test_silence_is_a_read_timeout_and_a_drip_is_none(kind: str) -> None:
    error = failing(silent, kind, timeout=0.05)
    assert type(error) is httpx.ReadTimeout
    assert failure_of(error).written
    assert play(dripping, kind, timeout=0.25).json() == {}


@BOTH
def test_an_answer_without_a_length_ends_with_the_connection(kind: str) -> None:
    answer = play(sends(b"HTTP/1.1 200 OK\r\n\r\n", b"to the ", b"end"), kind)
    assert answer.text == "to the end"


@BOTH
def test_an_informational_answer_is_not_the_answer(kind: str) -> None:
    assert play(sends(b"HTTP/1.1 100 Continue\r\n\r\n", ANSWER), kind).json() == {}


@BOTH
def test_a_head_answer_has_no_body_to_wait_for(kind: str) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nKey-Total: 3\r\n\r\n"
    answer = play(sends(head), kind, method="HEAD")
    assert answer.headers["key-total"] == "3"
    assert answer.content == b""


def test_a_chunked_request_body_is_sent_whole() -> None:
    got: list[bytes] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(await read_request(reader))
        writer.write(ANSWER)

    async def body() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    async def once() -> None:
        async with served(script) as url, httpx.AsyncClient(transport=LeanTransport()) as client:
            await client.post(url, content=body())

    asyncio.run(once())
    assert got[0].endswith(b"\r\n\r\nonetwo")
    assert b"chunked" not in got[0]


def test_cancelling_a_request_closes_its_connection() -> None:
    async def cancelled() -> int:
        transport = LeanTransport()
        async with served(silent) as url, httpx.AsyncClient(transport=transport) as client:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await client.post(url, content=b"{}")
            await asyncio.sleep(0.01)
            return len(transport._open)

    assert asyncio.run(cancelled()) == 0


def test_bytes_that_nobody_asked_for_end_an_idle_connection() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(ANSWER)
        await asyncio.sleep(0.02)
        writer.write(ANSWER)
        await asyncio.sleep(30)

    async def twice() -> bool:
        async with served(script) as url, httpx.AsyncClient(transport=LeanTransport()) as client:
            await client.post(url, content=b"{}")
            await asyncio.sleep(0.06)
            return bool((await client.post(url, content=b"{}")).extensions["reused"])

    assert asyncio.run(twice()) is False


@pytest.mark.parametrize(
    ("error", "kind", "written"),
    [
        (httpx.ConnectTimeout("x"), "connect_timeout", False),
        (httpx.ConnectError("x"), "refused", False),
        (httpx.ReadTimeout("x"), "read_timeout", True),
        (httpx.RemoteProtocolError("x"), "truncated", True),
        (httpx.ReadError("x"), "reset", True),
    ],
)
def test_any_other_transports_exception_is_told_by_its_type(
    error: httpx.TransportError,
    kind: str,
    written: bool,  # noqa: FBT001 - a table's column
) -> None:
    failure = failure_of(error)
    assert (failure.kind, failure.written) == (kind, written)


def threads(script: Script, act: Callable[[httpx.Client, str], None]) -> None:
    """Let a thread act on a blocking client against the script."""

    async def once() -> None:
        def blocking() -> None:
            with httpx.Client(transport=BlockingTransport()) as client:
                act(client, url)

        async with served(script) as url:
            await asyncio.to_thread(blocking)

    asyncio.run(once())


def test_threads_keep_their_connections_too() -> None:
    def act(client: httpx.Client, url: str) -> None:
        answers = [client.post(url, content=b"{}") for _ in range(2)]
        answers.append(client.post(url, content=b"{}", extensions={"fresh": True}))
        assert [each.extensions["reused"] for each in answers] == [False, True, False]

    threads(answering, act)


def test_a_drip_ends_at_the_total_timeout_of_the_whole_exchange() -> None:
    def act(client: httpx.Client, url: str) -> None:
        with pytest.raises(httpx.ReadTimeout) as caught:
            client.post(url, content=b"{}", extensions={"total": 0.05, "timeout": {"read": 5.0}})
        assert failure_of(caught.value).kind == "total_timeout"

    threads(dripping, act)


def test_a_total_that_is_over_before_it_began_sends_nothing() -> None:
    def act(client: httpx.Client, url: str) -> None:
        with pytest.raises(httpx.ReadTimeout):
            client.post(url, content=b"{}", extensions={"total": 0.0})

    threads(answering, act)


def test_a_connection_that_was_closed_while_idle_is_not_used_again() -> None:
    def act(client: httpx.Client, url: str) -> None:
        for _ in range(2):
            assert client.post(url, content=b"{}").extensions["reused"] is False
            time.sleep(0.02)

    threads(sends(ANSWER), act)


def test_an_idle_connection_is_given_up_after_its_time_and_above_the_pools_size() -> None:
    def act(_: httpx.Client, url: str) -> None:
        for transport in (BlockingTransport(idle_for=0.0), BlockingTransport(idle=0)):
            with httpx.Client(transport=transport) as client:
                answers = [client.post(url, content=b"{}") for _ in range(2)]
            assert not answers[1].extensions["reused"]

    threads(answering, act)


def test_an_idle_connection_of_the_loop_is_given_up_after_its_time() -> None:
    async def twice() -> bool:
        transport = LeanTransport(idle_for=0.0)
        async with served(answering) as url, httpx.AsyncClient(transport=transport) as client:
            await client.post(url, content=b"{}")
            await asyncio.sleep(0.01)
            return bool((await client.post(url, content=b"{}")).extensions["reused"])

    assert asyncio.run(twice()) is False


@BOTH
def test_a_certificate_that_nobody_vouches_for_is_refused(kind: str) -> None:
    """Speaking plainly to a TLS client is the shortest way to fail its handshake."""

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async def once() -> None:
        async with served(plain) as url:
            await ask(url.replace("http:", "https:"), kind)

    with pytest.raises(httpx.ConnectError) as caught:
        asyncio.run(once())
    assert failure_of(caught.value).kind == "tls"
