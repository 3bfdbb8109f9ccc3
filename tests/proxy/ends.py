"""The two ends of a proxied connection, as blocking sockets of the test."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.proxy.peers import PATIENCE, Peer


@dataclass
class Joined:
    """A client's socket and its upstream's, with a fault proxy between them."""

    client: socket.socket
    server: socket.socket


class Upstream:
    """A listening socket that the test accepts from; what it joined is closed with it."""

    def __init__(self, opened: contextlib.ExitStack) -> None:
        self._opened = opened
        listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.socket = opened.enter_context(listener)
        self.socket.settimeout(PATIENCE)
        self.address = "{}:{}".format(*self.socket.getsockname())

    def join(self, listen: str) -> Joined:
        """Connect through a proxy and accept what arrives here."""
        client = self._opened.enter_context(connect(listen))
        server = self._opened.enter_context(self.socket.accept()[0])
        server.settimeout(PATIENCE)
        return Joined(client, server)


@contextlib.contextmanager
def upstream() -> Iterator[Upstream]:
    """An upstream for the length of a test."""
    with contextlib.ExitStack() as opened:
        yield Upstream(opened)


@contextlib.contextmanager
def joined(peer: Peer, proxy: str = "it") -> Iterator[Joined]:
    """A connection through a new proxy without toxics."""
    with upstream() as up:
        yield up.join(peer.make(proxy, up.address))


@contextlib.contextmanager
def beside(
    call: Callable[..., object], *args: object, over: socket.socket | None = None
) -> Iterator[threading.Thread]:
    """A thread that makes a call meanwhile, and has ended when the test goes on.

    Where the test fails, the socket ``over`` which it talks is ended, so that it does not wait.
    """
    thread = threading.Thread(target=call, args=args)
    thread.start()
    try:
        yield thread
    except BaseException:
        if over is not None:
            _end(over)
        raise
    finally:
        thread.join()


@contextlib.contextmanager
def echo() -> Iterator[str]:
    """An upstream that sends back what it is sent, and ends when it is ended; its address."""
    with upstream() as up, beside(_serve, up.socket):
        try:
            yield up.address
        finally:
            up.socket.shutdown(socket.SHUT_RDWR)


def _serve(listener: socket.socket) -> None:
    listener.settimeout(None)
    with contextlib.ExitStack() as opened:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            opened.enter_context(beside(_echo, sock))
            # An echo that somebody still speaks to when the test is over is ended first.
            opened.callback(_end, sock)


def _end(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _echo(sock: socket.socket) -> None:
    with sock, contextlib.suppress(OSError):
        while data := sock.recv(1 << 16):
            sock.sendall(data)


@contextlib.contextmanager
def black_hole() -> Iterator[tuple[str, int]]:
    """An address whose SYNs are dropped, because its queue of connections is full."""
    with contextlib.ExitStack() as opened:
        full = opened.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            filler = opened.enter_context(socket.socket())
            filler.settimeout(0)
            with contextlib.suppress(BlockingIOError):
                filler.connect(full.getsockname())
        host, port = full.getsockname()
        yield host, port


def connect(listen: str) -> socket.socket:
    """A client's socket, connected to a proxy."""
    host, _, port = listen.rpartition(":")
    sock = socket.create_connection((host, int(port)), timeout=PATIENCE)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def ask(listen: str, data: bytes = b"ping") -> bytes:
    """Send something to an echo through a proxy; what came back of it."""
    with connect(listen) as sock:
        sock.sendall(data)
        return receive(sock, len(data))


def receive(sock: socket.socket, size: int) -> bytes:
    """So many bytes, fewer where the stream ends before, in good order or by a reset.

    A peer that closes with words of ours unread sends a reset for its end: which of the two comes
    is a race that no server decides. `how_it_ends` is for those who want to know.
    """
    data = bytearray()
    with contextlib.suppress(ConnectionResetError):
        while len(data) < size and (more := sock.recv(min(1 << 20, size - len(data)))):
            data += more
    return bytes(data)


def how_it_ends(sock: socket.socket, within: float = PATIENCE) -> str:
    """`end` for a FIN, `reset` for an RST, `open` where neither comes in time."""
    sock.settimeout(within)
    try:
        while sock.recv(1 << 16):
            pass
    except ConnectionResetError:
        return "reset"
    except TimeoutError:
        return "open"
    return "end"


def reset(sock: socket.socket) -> None:
    """Close a socket by an RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def timed(call: Callable[[], object]) -> float:
    """Seconds that a call takes."""
    started = time.monotonic()
    call()
    return time.monotonic() - started


def quickest(call: Callable[[], object], under: float, tries: int = 20) -> float:
    """Seconds that the quickest call takes, once one takes less than ``under``.

    A busy machine may make a call late, so it is tried again; what is wrong is late every time.
    """
    best = timed(call)
    while best >= under and tries > 1:
        best, tries = min(best, timed(call)), tries - 1
    return best
