"""A stand of real listeners for the conformance kit: good, slow, resetting, silent; on loopback."""

import asyncio
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.run.kit import SLOW

GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"


class _Listener(asyncio.Protocol):
    """Answers, waits, resets or keeps silent, as its kind says."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if not data.endswith(b"\r\n\r\n") or self._transport is None:
            return
        if self._kind == "good":
            self._transport.write(GOOD)
        elif self._kind == "slow":
            asyncio.get_running_loop().call_later(SLOW, self._answer)
        elif self._kind == "resetting":
            sock = self._transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()

    def _answer(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(GOOD)


@contextmanager
def listeners() -> Iterator[dict[str, str]]:
    """The stand's endpoints by kind, served from a thread of their own while entered."""
    loop = asyncio.new_event_loop()
    kinds = ("good", "slow", "resetting", "silent")

    async def listen() -> tuple[dict[str, str], list[asyncio.Server]]:
        urls, servers = {}, []
        for kind in kinds:
            server = await loop.create_server(lambda kind=kind: _Listener(kind), "127.0.0.1", 0)  # type: ignore[misc]
            urls[kind] = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            servers.append(server)
        return urls, servers

    urls, servers = loop.run_until_complete(listen())
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        urls["refusing"] = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        try:
            yield urls
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            for server in servers:
                server.close()
            loop.run_until_complete(asyncio.sleep(0))
            loop.close()
