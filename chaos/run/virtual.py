"""Virtual time: a heap of (when, tie, action) that plays programs exactly, as fast as it can.

The clock moves only by popping the heap, ties go in the order they were made, so the same programs
give the same history to the last bit.
"""

import heapq
from collections.abc import Callable, Generator, Iterable, Sequence
from math import inf

from chaos.exchange import Reply
from chaos.run.world import Program

Action = Callable[[], None]


class DeadlockError(AssertionError):
    """Programs wait for something that can no longer come: a bug of ours or of a client."""


class Waiter:
    """One program asleep: woken once, by the first of what it waits for."""

    __slots__ = ("asleep", "value", "wake")

    def __init__(self, wake: Action) -> None:
        self.wake = wake
        self.asleep = True
        self.value: object = None

    def rouse(self, value: object = None) -> None:
        """Let the program go on with ``value``, unless something else woke it before."""
        if self.asleep:
            self.asleep = False
            self.value = value
            self.wake()

    def __await__(self) -> Generator["Waiter", None, object]:
        if self.asleep:
            yield self
        return self.value


class VirtualTicket:
    """An attempt in virtual time; the programs that await it are woken in the order they came.

    ``ends_by`` is when its own timeouts end it at the latest.
    """

    __slots__ = ("cancel", "ended", "ends_by", "reply", "waiters")

    def __init__(self, ends_by: float = inf) -> None:
        self.ends_by = ends_by
        self.cancel: Action | None = None
        self.reply: Reply | None = None
        self.ended = 0.0
        self.waiters: list[Waiter] = []

    def end(self, reply: Reply, now: float) -> None:
        """Set the reply, once, and wake whoever waits."""
        assert self.reply is None
        self.reply = reply
        self.ended = now
        waiters, self.waiters = self.waiters, []
        for waiter in waiters:
            waiter.rouse(self)


class VirtualTime:
    """The clock, the heap and the programs of a simulated world."""

    def __init__(self, starts_at: float = 0.0) -> None:
        self.now = starts_at
        self._heap: list[tuple[float, int, Action]] = []
        self._tie = 0
        self._playing: Program | None = None
        self._alive = 0

    def at(self, when: float, action: Action) -> None:
        """Do ``action`` at ``when``, after everything that was put there before."""
        self._tie += 1
        heapq.heappush(self._heap, (max(when, self.now), self._tie, action))

    def waiter(self) -> Waiter:
        """A waiter for the program that is running now."""
        program = self._playing
        assert program is not None, "only a program that is being played can wait"
        return Waiter(lambda: self._resume(program))

    async def sleep_until(self, when: float) -> None:
        """Let other programs go on until ``when``."""
        if when > self.now:
            waiter = self.waiter()
            self.at(when, waiter.rouse)
            await waiter

    async def first(self, tickets: Sequence[VirtualTicket], until: float) -> VirtualTicket | None:
        """The ticket that ended first, in the order given where several have; None at ``until``."""
        for ticket in tickets:
            if ticket.reply is not None:
                return ticket
        waiter = self.waiter()
        for ticket in tickets:
            ticket.waiters.append(waiter)
        # Most attempts end before anyone loses patience: no timer that could not fire.
        if until < inf and all(until < ticket.ends_by for ticket in tickets):
            self.at(until, waiter.rouse)
        woken_by = await waiter
        return woken_by if isinstance(woken_by, VirtualTicket) else None

    def play(self, starts: Iterable[tuple[float, Program]]) -> None:
        """Play programs from their due times to the end of the last; reads ``starts`` lazily.

        Raises DeadlockError when programs are left that nothing can wake.
        """
        pending = iter(starts)
        self._next(pending)
        heap = self._heap
        while self._alive and heap:
            when, _, action = heapq.heappop(heap)
            self.now = when
            action()
        if self._alive:
            raise DeadlockError(
                f"{self._alive} programs wait at {self.now:.3f} s and nothing will come"
            )

    def _next(self, pending: Iterable[tuple[float, Program]]) -> None:
        """Put the next program on the heap; it puts the one behind it when it starts."""
        for when, program in pending:
            self._alive += 1

            def begin(program: Program = program) -> None:
                self._next(pending)
                self._resume(program)

            self.at(when, begin)
            return

    def _resume(self, program: Program) -> None:
        before, self._playing = self._playing, program
        try:
            program.send(None)
        except StopIteration:
            self._alive -= 1
        finally:
            self._playing = before
