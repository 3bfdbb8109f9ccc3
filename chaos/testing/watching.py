"""A proxy of the fault proxy's with an ear on the clients' side of its connections."""

import asyncio
import time
from typing import Any, cast

from chaos.proxy.alarm import Alarm
from chaos.proxy.connection import Connection
from chaos.proxy.gate import Gate
from chaos.proxy.traffic import Budget
from chaos.testing.attempt import Attempt, Conversation


class Ear(asyncio.Protocol):
    """Stands between a client's socket and whoever serves it; changes nothing."""

    def __init__(self, served: asyncio.Protocol, conversation: Conversation) -> None:
        self._served = served
        self._conversation = conversation
        self._spoken: Spoken | None = None
        self._left = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Give the served a transport that is listened to."""
        self._spoken = Spoken(transport, self._conversation)
        self._served.connection_made(cast("asyncio.Transport", self._spoken))

    def data_received(self, data: bytes) -> None:
        """Bytes from the client."""
        self._conversation.asked(data, time.monotonic())
        self._served.data_received(data)

    def eof_received(self) -> bool | None:
        """The client sends no more: whatever it still waits for, it has given up."""
        self._left = self._spoken is None or not self._spoken.closed
        return self._served.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone, closed from here or by the client."""
        closed = self._spoken is not None and self._spoken.closed
        self._conversation.over(time.monotonic(), abandoned=self._left or not closed)
        self._served.connection_lost(exc)

    def pause_writing(self) -> None:
        """The client reads slowly."""
        self._served.pause_writing()

    def resume_writing(self) -> None:
        """It reads again."""
        self._served.resume_writing()


class Spoken:
    """A client's transport whose writes and closings are listened to."""

    def __init__(self, transport: asyncio.BaseTransport, conversation: Conversation) -> None:
        self._transport: Any = transport
        self._conversation = conversation
        self.closed = False

    def write(self, data: bytes) -> None:
        """Bytes to the client: heard before they can be read there."""
        self._conversation.answered(bytes(data), time.monotonic())
        self._transport.write(data)

    def write_eof(self) -> None:
        """Say that nothing more will come."""
        self.closed = True
        self._transport.write_eof()

    def close(self) -> None:
        """Close behind what was written."""
        self.closed = True
        self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        self.closed = True
        self._transport.abort()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class WatchedGate(Gate):
    """A proxy that appends every attempt that it sees to ``attempts``."""

    def __init__(
        self, attempts: list[Attempt], name: str, alarm: Alarm, budget: Budget, seed: str
    ) -> None:
        super().__init__(name, alarm, budget, seed)
        self._attempts = attempts

    def protocol(self, connection: Connection) -> Ear:
        """The client's side, with an ear before it."""
        conversation = Conversation(self.name, connection.number, self._attempts)
        return Ear(connection.client, conversation)
