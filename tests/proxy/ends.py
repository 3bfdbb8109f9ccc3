"""The two ends of a proxied connection, as blocking sockets of the test."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from tests.proxy.peers import Peer

PATIENCE = 5.0


@dataclass
class Joined:
    """A client's socket and its upstream's, with a fault proxy between them."""

    client: socket.socket
    server: socket.socket


class Upstream:
    """A listening socket that the test accepts from."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.socket.settimeout(PATIENCE)
        self.address = "{}:{}".format(*self.socket.getsockname())

    def join(self, listen: str) -> Joined:
        """Connect through a proxy and accept what arrives here."""
        client = connect(listen)
        server, _ = self.socket.accept()
        server.settimeout(PATIENCE)
        return Joined(client, server)


@contextlib.contextmanager
def upstream() -> Iterator[Upstream]:
    """An upstream for the length of a test."""
    one = Upstream()
    with one.socket:
        yield one


@contextlib.contextmanager
def joined(peer: Peer, proxy: str = "it") -> Iterator[Joined]:
    """A connection through a new proxy without toxics."""
    with upstream() as up:
        both = up.join(peer.make(proxy, up.address))
        with both.client, both.server:
            yield both


@contextlib.contextmanager
def echo() -> Iterator[str]:
    """An upstream that sends back what it is sent, and ends when it is ended; its address."""
    with upstream() as up:
        threading.Thread(target=_serve, args=(up.socket,), daemon=True).start()
        yield up.address
        up.socket.shutdown(socket.SHUT_RDWR)


def _serve(listener: socket.socket) -> None:
    listener.settimeout(None)
    while True:
        try:
            sock, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_echo, args=(sock,), daemon=True).start()


def _echo(sock: socket.socket) -> None:
    with sock, contextlib.suppress(OSError):
        while data := sock.recv(1 << 16):
            sock.sendall(data)


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


def timed(call: object) -> float:
    """Seconds that a call takes."""
    assert callable(call)
    started = time.monotonic()
    call()
    return time.monotonic() - started
