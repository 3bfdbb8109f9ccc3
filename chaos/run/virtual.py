"""Virtual time: a heap of (when, tie, action) that plays programs exactly, as fast as it can.

The clock moves only by popping the heap, ties go in the order they were made, so the same programs
give the same history to the last bit.
"""

from collections.abc import Awaitable, Callable, Generator, Iterable, Iterator, Sequence
from functools import partial
from heapq import heappop, heappush
from math import inf
from typing import Generic, TypeVar

from chaos.exchange import Reply
from chaos.run.world import Program

Action = Callable[[], None]
Value = TypeVar("Value")


class DeadlockError(AssertionError):
    """Programs wait for something that can no longer come: a bug of ours or of a client."""


class Waiter(Generic[Value]):
    """One program asleep: woken once, by the first of what it waits for.

    Awaited it gives the value it was roused with. ``time`` learns at the first suspension which
    program it is that sleeps.
    """

    __slots__ = ("asleep", "program", "time", "value")

    def __init__(self, time: "VirtualTime") -> None:
        self.time = time
        self.program: Program | None = None
        self.asleep = True
        self.value: Value | None = None

    def rouse(self, value: Value | None = None) -> None:
        """Let the program go on with ``value``, unless something else woke it before."""
        if self.asleep:
            self.asleep = False
            self.value = value
            if self.program is not None:
                self.time.resume(self.program)

    def __await__(self) -> Generator["Waiter[Value]", None, Value | None]:
        if self.asleep:
            yield self
        return self.value


class VirtualTicket:
    """An attempt in virtual time; the programs that await it are woken in the order they came.

    ``ends_by`` is when its own timeouts end it at the latest.
    """

    __slots__ = ("ended", "ends_by", "reply", "waiters")

    def __init__(self, ends_by: float = inf) -> None:
        self.ends_by = ends_by
        self.reply: Reply | None = None
        self.ended = 0.0
        self.waiters: tuple[Waiter[VirtualTicket], ...] = ()

    def end(self, reply: Reply, now: float) -> None:
        """Set the reply, once, and wake whoever waits."""
        assert self.reply is None
        self.reply = reply
        self.ended = now
        waiters, self.waiters = self.waiters, ()
        for waiter in waiters:
            waiter.rouse(self)


class VirtualTime:
    """The clock, the heap and the programs of a simulated world."""

    def __init__(self, starts_at: float = 0.0) -> None:
        self.now = starts_at
        self._heap: list[tuple[float, int, Action]] = []
        self._tie = 0
        self._alive = 0
        self._coming: Program | None = None

    def at(self, when: float, action: Action) -> None:
        """Do ``action`` at ``when``, after everything that was put there before."""
        self._tie = tie = self._tie + 1
        now = self.now
        heappush(self._heap, (max(now, when), tie, action))

    async def sleep_until(self, when: float) -> None:
        """Let other programs go on until ``when``."""
        if when > self.now:
            waiter: Waiter[None] = Waiter(self)
            self.at(when, waiter.rouse)
            await waiter

    def first(
        self, tickets: Sequence[VirtualTicket], until: float
    ) -> Awaitable[VirtualTicket | None]:
        """The ticket that ended first, in the order given where several have; None at ``until``."""
        waiter: Waiter[VirtualTicket] = Waiter(self)
        ends_by = inf
        for ticket in tickets:
            if ticket.reply is not None:
                waiter.rouse(ticket)
                return waiter
            ends_by = min(ends_by, ticket.ends_by)
        for ticket in tickets:
            ticket.waiters += (waiter,)
        # Most attempts end before anyone loses patience: no timer that could not fire.
        if until < ends_by:
            self.at(until, waiter.rouse)
        return waiter

    def play(self, starts: Iterable[tuple[float, Program]]) -> None:
        """Play programs from their due times to the end of the last; reads ``starts`` lazily.

        Raises DeadlockError when programs are left that nothing can wake.
        """
        self._next(iter(starts))
        heap = self._heap
        try:
            while self._alive and heap:
                self.now, _, action = heappop(heap)
                action()
        except BaseException:
            if self._coming is not None:
                self._coming.close()
            raise
        if self._alive:
            raise DeadlockError(
                f"{self._alive} programs wait at {self.now:.3f} s and nothing will come"
            )

    def _next(self, pending: Iterator[tuple[float, Program]]) -> None:
        """Put the next program on the heap; when it begins it puts the one behind it there."""
        start = next(pending, None)
        if start is not None:
            self._alive += 1
            when, program = start
            self._coming = program
            self.at(when, partial(self._begin, program, pending))

    def _begin(self, program: Program, pending: Iterator[tuple[float, Program]]) -> None:
        self._next(pending)
        self.resume(program)

    def resume(self, program: Program) -> None:
        """Let a program go on until it waits again or ends."""
        try:
            waiter = program.send(None)
        except StopIteration:
            self._alive -= 1
        else:
            assert isinstance(waiter, Waiter), "a program awaits nothing but its world"
            waiter.program = program
