"""The Locust child's world beyond what every world must do: its pool, its parser, its open loop.

gevent's own sockets are used directly, so nothing here patches this process; the listeners are
greenlets beside the world.
"""

import contextlib
import socket
import struct
import time
from collections.abc import Callable, Iterator

import gevent
import pytest
from gevent import socket as gsocket
from gevent.pool import Pool
from gevent.server import StreamServer

from chaos.client.call import Try
from chaos.exchange import Answer, Failure, Reply, Request
from chaos.run import blocking
from chaos.run.blocking import BlockingWorld
from chaos.run.world import Event, Program, run_blocking, send
from tests.run.made import operated

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"
Script = Callable[[gsocket.socket], object]


class Listener:
    """A listener that counts connections and plays a script on each."""

    def __init__(self, script: Script) -> None:
        self.accepted = 0
        self.requests: list[bytes] = []
        self._script = script
        self._pool = Pool()
        self._server = StreamServer(("127.0.0.1", 0), self._serve, spawn=self._pool)
        self._server.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def _serve(self, sock: gsocket.socket, _: object) -> None:
        self.accepted += 1
        with contextlib.suppress(OSError), sock:
            self._script(sock)

    def heard(self, sock: gsocket.socket) -> bool:
        """One whole request was read; False at the end of the connection."""
        got = b""
        while not got.endswith(b"\r\n\r\n"):
            more = sock.recv(65536)
            if not more:
                return False
            got += more
        self.requests.append(got)
        return True

    def close(self) -> None:
        """End everything."""
        self._server.stop(timeout=0.0)
        self._pool.kill()


@pytest.fixture
def listen() -> Iterator[Callable[[Script], Listener]]:
    made: list[Listener] = []

    def start(script: Script) -> Listener:
        made.append(Listener(script))
        return made[-1]

    yield start
    for listener in made:
        listener.close()


@pytest.fixture
def world() -> Iterator[BlockingWorld]:
    noted: list[Event] = []
    made = BlockingWorld(time.monotonic(), time.time(), noted.append)
    yield made
    made.close()


def attempt(url: str, **changes: object) -> Try:
    fields: dict[str, object] = {"connect": 1.0, "read": 1.0, "total": 2.0, "fresh": False}
    fields.update(changes)
    request = Request("GET", "/path", (("X-Mark", "m"),))
    return Try(1, "us-south", url, request, waited=0.0, why="first", **fields)  # type: ignore[arg-type]


def ask(world: BlockingWorld, url: str, client: int = 1, **changes: object) -> Reply:
    return run_blocking(send(world, client, attempt(url, **changes)))


def answering(raw: bytes, *, times: int = 1) -> Script:
    """Reads requests and answers each with these bytes, then closes."""

    def script(sock: gsocket.socket) -> None:
        for _ in range(times):
            if not sock.recv(65536):
                return
            sock.sendall(raw)

    return script


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "truncated"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nha", "truncated"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "truncated"),
        (b"", "closed"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "truncated"),
    ],
    ids=["cut body", "cut chunk", "cut head", "nothing", "no http"],
)
def test_an_answer_that_is_not_whole_is_a_failure_that_may_have_been_written(
    world: BlockingWorld, listen: Callable[[Script], Listener], raw: bytes, kind: str
) -> None:
    reply = ask(world, listen(answering(raw)).url)

    assert isinstance(reply, Failure), reply
    assert (reply.kind, reply.written, reply.reused) == (kind, True, False)


@pytest.mark.parametrize(
    "raw",
    [
        OK,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\ngo\r\n2\r\nod\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\ngood",
    ],
    ids=["length", "chunked", "to the end"],
)
def test_a_whole_answer_is_one_however_its_length_is_told(
    world: BlockingWorld, listen: Callable[[Script], Listener], raw: bytes
) -> None:
    reply = ask(world, listen(answering(raw)).url)

    assert isinstance(reply, Answer), reply
    assert (reply.status, reply.body) == (200, b"good")


def test_a_request_is_written_as_it_stands(
    world: BlockingWorld, listen: Callable[[Script], Listener]
) -> None:
    listener = listen(lambda sock: listener.heard(sock) and sock.sendall(OK))

    ask(world, listener.url)

    (said,) = listener.requests
    host = listener.url.removeprefix("http://").encode()
    assert said == (
        b"GET /path HTTP/1.1\r\nHost: " + host + b"\r\nX-Mark: m\r\nContent-Length: 0\r\n\r\n"
    )


def test_a_kept_connection_that_the_peer_closed_is_noticed_before_it_is_used(
    world: BlockingWorld, listen: Callable[[Script], Listener]
) -> None:
    listener = listen(answering(OK))
    first = ask(world, listener.url)
    gevent.sleep(0.05)

    second = ask(world, listener.url)

    assert isinstance(first, Answer)
    assert isinstance(second, Answer)
    assert not second.reused
    assert listener.accepted == 2


def test_a_kept_connection_that_said_something_unasked_is_not_used(
    world: BlockingWorld, listen: Callable[[Script], Listener]
) -> None:
    def script(sock: gsocket.socket) -> None:
        sock.recv(65536)
        sock.sendall(OK)
        gevent.sleep(0.02)
        sock.sendall(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
        gevent.sleep(1.0)

    listener = listen(script)
    ask(world, listener.url)
    gevent.sleep(0.1)

    second = ask(world, listener.url)

    assert isinstance(second, Answer)
    assert (second.status, second.reused) == (200, False)


def test_a_connection_that_dies_under_a_request_fails_it_and_nothing_is_sent_again(
    world: BlockingWorld, listen: Callable[[Script], Listener]
) -> None:
    def script(sock: gsocket.socket) -> None:
        assert listener.heard(sock)
        sock.sendall(OK)
        # It closes only when the second request is there: nobody could have noticed before.
        listener.heard(sock)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    listener = listen(script)
    ask(world, listener.url)

    second = ask(world, listener.url)

    assert isinstance(second, Failure), "a hidden retry would have been answered"
    assert (second.kind, second.written, second.reused) == ("reset", True, True)
    assert (listener.accepted, len(listener.requests)) == (1, 2)


def test_a_connection_that_is_to_be_closed_is_not_kept(
    world: BlockingWorld, listen: Callable[[Script], Listener]
) -> None:
    closing = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\ngood"
    listener = listen(answering(closing, times=2))

    replies = [ask(world, listener.url) for _ in range(2)]

    assert [reply.reused for reply in replies] == [False, False]
    assert listener.accepted == 2


def test_a_slow_drip_restarts_the_read_timeout_and_ends_at_the_total(
    world: BlockingWorld, listen: Callable[[Script], Listener]
) -> None:
    def script(sock: gsocket.socket) -> None:
        sock.recv(65536)
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
        for _ in range(100):
            sock.sendall(b"d")
            gevent.sleep(0.05)

    begun = time.monotonic()
    reply = ask(world, listen(script).url, read=0.2, total=0.4)

    assert isinstance(reply, Failure)
    assert reply.kind == "total_timeout"
    assert 0.39 <= time.monotonic() - begun <= 0.6


def test_a_name_that_nobody_knows_is_a_failure_of_dns(world: BlockingWorld) -> None:
    reply = ask(world, "http://no-such-host.invalid:80")

    assert isinstance(reply, Failure)
    assert (reply.kind, reply.written) == ("dns", False)


def test_a_connect_that_nobody_answers_times_out_unwritten(world: BlockingWorld) -> None:
    with gsocket.socket() as deaf, contextlib.ExitStack() as held:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        # The kernel accepts as many as its queue holds; the next SYN gets no answer.
        for _ in range(4):
            crowd = held.enter_context(gsocket.socket())
            crowd.setblocking(0)
            crowd.connect_ex(deaf.getsockname())
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        reply = ask(world, url, connect=0.2)

    assert isinstance(reply, Failure)
    assert (reply.kind, reply.written) == ("connect_timeout", False)


async def sleeping(lasts: float, done: list[float]) -> None:
    gevent.sleep(lasts)
    done.append(lasts)


def test_arrivals_do_not_wait_for_those_before_them(world: BlockingWorld) -> None:
    done: list[float] = []
    begun = time.monotonic()

    run_blocking(world.play((0.0, sleeping(0.2, done)) for _ in range(20)))

    assert len(done) == 20
    assert time.monotonic() - begun < 1.0, "one after the other would be 4 s"


def test_arrivals_beyond_what_may_be_under_way_are_dropped_and_counted(
    world: BlockingWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocking, "IN_FLIGHT_LIMIT", 3)
    done: list[float] = []

    run_blocking(world.play((0.0, sleeping(0.1, done)) for _ in range(5)))

    assert (len(done), world.dropped) == (3, 2)


def test_stopping_begins_nothing_more_and_does_not_wait_for_the_next_arrival(
    world: BlockingWorld,
) -> None:
    done: list[float] = []

    def starts() -> Iterator[tuple[float, Program]]:
        yield 0.0, sleeping(30.0, done)
        yield 60.0, sleeping(0.0, done)

    begun = time.monotonic()
    gevent.spawn_later(0.1, world.stop)
    run_blocking(world.play(starts()))

    assert (done, world.dropped) == ([], 0)
    assert time.monotonic() - begun < 1.0


def test_what_was_given_up_by_a_stop_is_cancelled_and_its_connection_closed(
    world: BlockingWorld, listen: Callable[[Script], Listener]
) -> None:
    listener = listen(lambda sock: sock.recv(65536) and gevent.sleep(30.0))
    ticket = world.start(1, attempt(listener.url, total=30.0, read=30.0))
    gevent.spawn_later(0.1, world.stop)

    async def waiting() -> None:
        await world.first([ticket], 60.0)

    run_blocking(world.play([(0.0, waiting())]))

    assert isinstance(ticket.reply, Failure)
    assert (ticket.reply.kind, ticket.reply.written) == ("cancelled", True)


def test_a_program_that_breaks_ends_the_playing_and_is_not_lost(world: BlockingWorld) -> None:
    done: list[float] = []

    async def breaking() -> None:
        raise LookupError("a client's own bug")

    with pytest.raises(LookupError, match="a client's own bug"):
        run_blocking(world.play([(0.0, breaking()), (0.1, sleeping(30.0, done))]))
    assert done == []


def test_a_failure_beside_the_programs_ends_the_playing_too(world: BlockingWorld) -> None:
    gevent.spawn_later(0.05, world.fail, OSError("the disk is full"))

    with pytest.raises(OSError, match="the disk is full"):
        run_blocking(world.play([(0.0, sleeping(30.0, []))]))


def test_what_is_noted_is_handed_on() -> None:
    noted: list[Event] = []
    world = BlockingWorld(time.monotonic(), 1000.0, noted.append)

    world.note(operated())

    assert noted == [operated()]
    assert world.utc(2.5).timestamp() == 1002.5
