"""The one seam: a program is a coroutine that awaits nothing but its world.

Three programs are written once (:mod:`chaos.run.operate`, :mod:`chaos.run.nemesis`,
:mod:`chaos.run.audit`) and played in virtual time, on asyncio or under Locust. Every world passes
one conformance kit (`tests/run/test_worlds.py`).
"""

from collections.abc import Awaitable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, TypeVar, cast

from chaos.client.call import Decision, Outcome, Try
from chaos.exchange import Reply
from chaos.quick import quick
from chaos.scenario.model import Change, OperationKind

Program = Coroutine[object, object, None]
Returned = TypeVar("Returned")


class Ticket(Protocol):
    """One attempt under way; any number of programs may await it."""

    @property
    def reply(self) -> Reply | None:
        """What came of it, None while it is under way."""

    @property
    def ended(self) -> float:
        """When its reply came, in seconds since time zero; 0.0 while it is under way."""


@quick
@dataclass(frozen=True, slots=True)
class Attempted:
    """One attempt that ended: the record that every measure of attempts is computed from.

    ``operation`` is the arrival's number, ``number`` the attempt's within it. ``waited`` is the
    backoff before it, ``why`` the reason it was made.
    """

    operation: int
    client: int
    number: int
    region: str
    sent: float
    ended: float
    reply: Reply
    waited: float
    why: str


@quick
@dataclass(frozen=True, slots=True)
class Operated:
    """One operation that ended. ``due`` is when the open-loop plan wanted it to start."""

    number: int
    client: int
    kind: OperationKind
    due: float
    started: float
    ended: float
    outcome: Outcome
    region: str
    attempts: int
    why: str


@dataclass(frozen=True, slots=True)
class Decided:
    """A client decided something: failed over, failed back, opened a breaker, gave up."""

    client: int
    decision: Decision


@dataclass(frozen=True, slots=True)
class Applied:
    """A fault was injected or healed: when it was asked for and when it took effect.

    ``counts`` is the proof of injection as the injector keeps it: `eligible`, `matched`,
    `injected`, `escaped`, and `first`, the instant of the first touch where there was one.
    """

    at: float
    took_effect: float
    verb: Literal["inject", "heal"]
    fault: str
    kind: str
    target: str
    counts: Mapping[str, float]


@quick
@dataclass(frozen=True, slots=True)
class Wrapped:
    """A data key was acknowledged to a client: the ledger's entry.

    ``digest`` is SHA-256 of the plaintext in hex; the plaintext itself is never kept.
    """

    number: int
    client: int
    at: float
    region: str
    digest: str
    ciphertext: str
    key_version: str


@dataclass(frozen=True, slots=True)
class Audited:
    """One ledger entry was unwrapped again in one region after the load.

    ``verdict``: right (the digest matches), wrong (another plaintext came) or lost (none came).
    """

    number: int
    region: str
    verdict: Literal["right", "wrong", "lost"]
    why: str


Event = Attempted | Operated | Decided | Applied | Wrapped | Audited


class World(Protocol):
    """Where a scenario is played: how time passes, what an attempt is, how a fault bites."""

    def play(self, starts: Iterable[tuple[float, Program]]) -> Awaitable[None]:
        """Play programs from their due times on, side by side, to the end of the last.

        ``starts`` is read lazily and must be in due order.
        """

    def now(self) -> float:
        """Seconds since time zero."""

    def utc(self, when: float) -> datetime:
        """The wall clock's reading at ``when``."""

    def sleep_until(self, when: float) -> Awaitable[None]:
        """Go on at ``when``, at once if that has passed."""

    def start(self, client: int, attempt: Try) -> Ticket:
        """Begin one attempt over that client's connections and do not wait for it."""

    def first(self, tickets: Sequence[Ticket], until: float) -> Awaitable[Ticket | None]:
        """The ticket that ended first, or None when ``until`` came first."""

    def cancel(self, ticket: Ticket) -> None:
        """Give an attempt up; its reply becomes a Failure("cancelled")."""

    async def apply(self, change: Change) -> Applied:
        """Inject or heal one fault, routed by the fault's site."""

    def note(self, event: Event) -> None:
        """Keep an event: for the journal, the live view and the triggers."""

    async def noted(self, kind: type[Event], until: float) -> bool:
        """Go on when an event of that kind is noted, or at ``until``; True when noted."""


async def send(world: World, client: int, attempt: Try) -> Reply:
    """Begin one attempt and wait for its reply, which the world's timeouts always bring."""
    ticket = world.start(client, attempt)
    await world.first([ticket], world.now() + attempt.total + 1.0)
    if ticket.reply is None:
        world.cancel(ticket)
    assert ticket.reply is not None
    return ticket.reply


def run_blocking(program: Coroutine[object, object, Returned]) -> Returned:
    """Drive a program whose world never suspends it to its end: no event loop, no second copy."""
    try:
        program.send(None)
    except StopIteration as stop:
        return cast("Returned", stop.value)
    program.close()
    raise AssertionError("the program suspended in a world whose verbs block")
