"""Toxic vectors on the wire: play one against a fault proxy and record what the client receives."""

import asyncio
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from chaos.proxy.client import ApiClient
from tests.proxy.peers import Peer
from tests.proxy.vectors import Step, Vector

# What leaves no trace for so long after the last expected output is taken not to come.
SILENCE = 0.25


@dataclass
class Received:
    """What arrived, when, in seconds since the client began to connect.

    ``joined`` is when its connection had reached the upstream: a toxic met it before. ``done`` is,
    for each input of the vector, the span of time within which it really went in.
    """

    joined: float = 0.0
    done: list[tuple[float, float]] = field(default_factory=list)
    pieces: list[tuple[float, bytes]] = field(default_factory=list)
    ended: tuple[float, str] | None = None

    @property
    def data(self) -> bytes:
        """Every byte in order."""
        return b"".join(piece for _, piece in self.pieces)

    def when(self, size: int) -> float:
        """When the first ``size`` bytes were there."""
        so_far = 0
        for at, piece in self.pieces:
            so_far += len(piece)
            if so_far >= size:
                return at
        return float("inf")


def play_all(peer: Peer, vectors: list[Vector]) -> dict[str, Received]:
    """Every vector at the same time, each on a proxy of its own; what was received by name."""

    async def play() -> list[Received]:
        # Calls to the API block; one must not wait for another's thread.
        executor = ThreadPoolExecutor(max_workers=len(vectors))
        asyncio.get_running_loop().set_default_executor(executor)
        return await asyncio.gather(
            *(_play(peer, number, vector) for number, vector in enumerate(vectors))
        )

    received = asyncio.run(play())
    return {vector.name: one for vector, one in zip(vectors, received, strict=True)}


async def _play(peer: Peer, number: int, vector: Vector) -> Received:
    loop = asyncio.get_running_loop()
    proxy = f"vector-{number}"
    peer = replace(peer, api=ApiClient(peer.api.url, timeout=30))
    with socket.create_server(("127.0.0.1", 0)) as upstream:
        upstream.settimeout(0)
        address = "{}:{}".format(*upstream.getsockname())

        def prepare() -> str:
            listen = peer.make(proxy, address)
            peer.add(proxy, vector.type, vector.attributes, name="it", toxicity=vector.toxicity)
            return listen

        host, _, port = (await asyncio.to_thread(prepare)).rpartition(":")
        with socket.socket() as client:
            client.settimeout(0)
            started = time.monotonic()
            await loop.sock_connect(client, (host, int(port)))
            sender, _ = await loop.sock_accept(upstream)
            with sender:
                sender.settimeout(0)
                sender.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                received = await _converse(peer, proxy, vector, Ends(sender, client, started))
                peer.api.close()
                return received


@dataclass(frozen=True)
class Ends:
    """The two ends of a connection, and when the client began to connect."""

    sender: socket.socket
    client: socket.socket
    started: float


async def _converse(peer: Peer, proxy: str, vector: Vector, ends: Ends) -> Received:
    loop = asyncio.get_running_loop()
    started = ends.started
    received = Received(time.monotonic() - started)
    lasts = max((step.at for step in (*vector.inputs, *vector.outputs)), default=0.0) + SILENCE

    async def receive() -> None:
        while received.ended is None:
            try:
                piece = await loop.sock_recv(ends.client, 1 << 16)
            except ConnectionResetError:
                received.ended = (time.monotonic() - started, "reset")
                return
            if piece:
                received.pieces.append((time.monotonic() - started, piece))
            else:
                received.ended = (time.monotonic() - started, "end")

    receiving = asyncio.create_task(receive())
    for step in vector.inputs:
        await asyncio.sleep(started + received.joined + step.at - time.monotonic())
        before = time.monotonic() - started
        await _do(peer, proxy, step, ends.sender)
        received.done.append((before, time.monotonic() - started))
    await asyncio.sleep(started + received.joined + lasts - time.monotonic())
    receiving.cancel()
    return received


async def _do(peer: Peer, proxy: str, step: Step, sender: socket.socket) -> None:
    toxic = f"/proxies/{proxy}/toxics/it"
    if step.word == "end":
        sender.shutdown(socket.SHUT_WR)
    elif step.word == "remove":
        await asyncio.to_thread(peer.fine, "DELETE", toxic)
    elif step.update is not None:
        await asyncio.to_thread(peer.fine, "POST", toxic, {"attributes": dict(step.update)})
    elif step.toxicity is not None:
        await asyncio.to_thread(peer.fine, "POST", toxic, {"toxicity": step.toxicity})
    else:
        try:
            await asyncio.get_running_loop().sock_sendall(sender, step.data)
        except (ConnectionResetError, BrokenPipeError):
            # The toxic has closed the connection, as the vector expects.
            return
