"""An answer that is not due yet: what a region gives back instead of an answer at once.

Whoever carries requests, a server or a simulated wire, is told at once what came of one (an
:class:`~chaos.exchange.Answer`, or a :class:`~chaos.exchange.Failure`: the connection is dropped),
or gets a :class:`Held` and comes back at ``until``.
"""

from collections.abc import Callable
from math import inf

from chaos.exchange import Answer, Failure, Reply

RESET = Failure("reset", written=True)
CLOSED = Failure("closed", written=True)


class Held:
    """A request that the service keeps until ``until``, on the clock that it was received by.

    Whoever holds it calls `resume(now)` at ``until`` (never, where that is infinite); None means
    that ``until`` has moved on. A holder that sets ``moved`` is told when ``until`` has moved to
    an earlier instant, so that it can come sooner. The request is carried out when it resumes, not
    before: a caller who has gone by then has cost the service its work all the same.
    """

    __slots__ = ("_finish", "moved", "until")

    def __init__(self, until: float, finish: Callable[[float], Reply | None]) -> None:
        self.until = until
        self.moved: Callable[[], None] | None = None
        self._finish = finish

    def resume(self, now: float) -> Reply | None:
        """What came of the request; None while it is not due."""
        return None if now < self.until else self._finish(now)

    def move(self, until: float) -> None:
        """Make it due at another instant."""
        sooner = until < self.until
        self.until = until
        if sooner and self.moved is not None:
            self.moved()


Received = Answer | Failure | Held


def never(_: float) -> None:
    """Finish nothing: what is held for ever."""


def for_ever() -> Held:
    """A request that is never answered; its connection stays open."""
    return Held(inf, never)
