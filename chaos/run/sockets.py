"""The asyncio world: real sockets through a real proxy, one task for every attempt.

The nemesis, provisioning and the audit play here, in the parent; the load plays here too where a
test wants no second process.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta

import httpx

from chaos.client.call import Try
from chaos.client.transport import LeanTransport, failure_of
from chaos.exchange import Answer, Failure, Reply
from chaos.run.world import Applied, Event, Program, Ticket
from chaos.scenario.model import Change

Apply = Callable[[Change], Awaitable[Applied]]


class AsyncTicket:
    """An attempt carried by a task of its own."""

    __slots__ = ("ended", "over", "reply", "task")

    def __init__(self) -> None:
        self.reply: Reply | None = None
        self.ended = 0.0
        self.over = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    def end(self, reply: Reply, now: float) -> None:
        """Set the reply once; whoever comes second is late."""
        if self.reply is None:
            self.reply, self.ended = reply, now
            self.over.set()


class SocketsWorld:
    """Real time on asyncio. ``zero`` is time zero on the monotonic clock."""

    def __init__(
        self, zero: float, epoch: float, note: Callable[[Event], None], apply: Apply | None = None
    ) -> None:
        self.zero = zero
        self.epoch = epoch
        self._note = note
        self._apply = apply
        self._clients: dict[int, httpx.AsyncClient] = {}
        self._noted: dict[type[Event], asyncio.Event] = {}

    def now(self) -> float:
        return time.monotonic() - self.zero

    def utc(self, when: float) -> datetime:
        return datetime.fromtimestamp(self.epoch, UTC) + timedelta(seconds=when)

    async def sleep_until(self, when: float) -> None:
        wait = when - self.now()
        if wait > 0:
            await asyncio.sleep(wait)

    def start(self, client: int, attempt: Try) -> AsyncTicket:
        ticket = AsyncTicket()
        ticket.task = asyncio.create_task(self._carry(client, attempt, ticket))
        return ticket

    async def first(self, tickets: Sequence[Ticket], until: float) -> Ticket | None:
        own = [ticket for ticket in tickets if isinstance(ticket, AsyncTicket)]
        if not any(ticket.reply for ticket in own):
            waits = [asyncio.ensure_future(ticket.over.wait()) for ticket in own]
            try:
                left = max(0.0, until - self.now())
                await asyncio.wait(waits, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()
        return next((ticket for ticket in own if ticket.reply is not None), None)

    def cancel(self, ticket: Ticket) -> None:
        assert isinstance(ticket, AsyncTicket)
        if ticket.task is not None:
            ticket.task.cancel()
        ticket.end(Failure("cancelled", written=True), self.now())

    async def apply(self, change: Change) -> Applied:
        assert self._apply is not None, "this world was given no proxy"
        return await self._apply(change)

    def note(self, event: Event) -> None:
        self._note(event)
        waiting = self._noted.pop(type(event), None)
        if waiting is not None:
            waiting.set()

    async def noted(self, kind: type[Event], until: float) -> bool:
        waiting = self._noted.setdefault(kind, asyncio.Event())
        try:
            async with asyncio.timeout(max(0.0, until - self.now())):
                await waiting.wait()
        except TimeoutError:
            return False
        return True

    async def play(self, starts: Iterable[tuple[float, Program]]) -> None:
        async with asyncio.TaskGroup() as programs:
            for due, program in starts:
                await self.sleep_until(due)
                programs.create_task(program)

    async def close(self) -> None:
        """Close every connection."""
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    async def _carry(self, client: int, attempt: Try, ticket: AsyncTicket) -> None:
        try:
            async with asyncio.timeout(attempt.total):
                reply = await self._exchange(client, attempt)
        except TimeoutError:
            reply = Failure("total_timeout", written=True)
        ticket.end(reply, self.now())

    async def _exchange(self, client: int, attempt: Try) -> Reply:
        own = self._clients.get(client)
        if own is None:
            own = self._clients[client] = httpx.AsyncClient(transport=LeanTransport())
        request = attempt.request
        try:
            response = await own.request(
                request.method,
                attempt.endpoint + request.path,
                content=request.body,
                headers=list(request.headers),
                timeout=httpx.Timeout(attempt.read, connect=attempt.connect),
                extensions={"fresh": attempt.fresh},
            )
        except httpx.TransportError as error:
            return failure_of(error)
        return Answer(
            response.status_code,
            {name.lower(): value for name, value in response.headers.items()},
            response.content,
            bool(response.extensions.get("reused", False)),
        )
