"""A world of one page for the client's own tests: virtual time, one heap, replies by a function.

It keeps the rules of the seam: a Try is begun at once, a Wait ends with the first attempt that ends
or at its time, Done cancels what is under way but a shared attempt, which is seen to its end.
Timeouts are enforced here as every world must.
"""

import heapq
import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from chaos.client.call import Call, Client, Credential, Decision, Done, Target, Try, Wiring, Work
from chaos.exchange import Answer, Failure, FailureKind, Reply

PRIMARY = Target("us-south", "http://127.0.0.1:1", "instance-a", "key-a")
BACKUP = Target("us-east", "http://127.0.0.1:2", "instance-b", "key-b")
WRAPPED = b'{"plaintext":"cGxhaW4=","ciphertext":"Y2lwaGVy","keyVersion":{"id":"v1"}}'
UNWRAPPED = b'{"plaintext":"cGxhaW4=","keyVersion":{"id":"v1"}}'

Service = Callable[[Try, float], tuple[float, Reply]]
"""What an attempt begun at a time meets: after how long (seconds) which reply comes."""


def wiring(*targets: Target, expires: float = 1e9) -> Wiring:
    """One client's wiring to those targets, by default to primary and backup."""
    credential = Credential("api-key", "http://127.0.0.1:3", "token", 0.0, expires)
    return Wiring("client-1", targets or (PRIMARY, BACKUP), credential, epoch=1_700_000_000.0)


def ok(attempt: Try) -> Answer:
    """The answer of a service that does what it is asked."""
    return Answer(200, body=WRAPPED if attempt.request.path.endswith("wrap") else UNWRAPPED)


@dataclass
class Attempt:
    """One attempt as played."""

    operation: int
    sent: float
    ended: float
    attempt: Try
    reply: Reply


@dataclass
class Played:
    """What came of a play: attempts in the order of their ends, and how each operation ended."""

    attempts: list[Attempt] = field(default_factory=list)
    done: dict[int, tuple[float, Done]] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)

    def at(self, region: str) -> list[Attempt]:
        """The attempts that were made in that region."""
        return [each for each in self.attempts if each.attempt.region == region]

    def kinds(self, kind: str) -> list[Decision]:
        """The decisions of that kind."""
        return [each for each in self.decisions if each.kind == kind]


def bounded(attempt: Try, latency: float, reply: Reply) -> tuple[float, Reply]:
    """The reply as the attempt's own timeouts let it through."""
    if latency <= min(attempt.total, attempt.read):
        return latency, reply
    kind: FailureKind = "read_timeout" if attempt.read < attempt.total else "total_timeout"
    return min(attempt.read, attempt.total), Failure(kind, written=True)


class Player:
    """Plays operations of one client against a service, in virtual time."""

    def __init__(self, client: Client, service: Service) -> None:
        self.client = client
        self.service = service
        self.played = Played()
        self._order = itertools.count()
        self._heap: list[tuple[float, int, Callable[[float], None]]] = []
        self._under_way: dict[int, set[int]] = {}
        self._sharing: set[int] = set()
        self._calls: dict[int, Call] = {}

    def play(self, works: Iterable[tuple[float, Work]]) -> Played:
        """Play operations from their due times to the end of the last."""
        for due, work in works:
            self._at(due, lambda now, work=work: self._begin(work, now))  # type: ignore[misc]
        while self._heap:
            now, _, action = heapq.heappop(self._heap)
            action(now)
        return self.played

    def _at(self, when: float, action: Callable[[float], None]) -> None:
        heapq.heappush(self._heap, (when, next(self._order), action))

    def _begin(self, work: Work, now: float) -> None:
        self._calls[work.number] = self.client.begin(work, now)
        self._under_way[work.number] = set()
        self._drive(work.number, now)

    def _drive(self, operation: int, now: float) -> None:
        call = self._calls.get(operation)
        if call is None:
            return
        self._sharing.discard(operation)
        while isinstance(step := call.step(now), Try):
            self._send(operation, call, step, now)
        self.played.decisions += self.client.decisions()
        if isinstance(step, Done):
            self.played.done[operation] = (now, step)
            del self._calls[operation]
            return
        if step.shared:
            self._sharing.add(operation)
        assert step.until > now or self._under_way[operation], "a call that spins in place"
        self._at(max(now, step.until), lambda at: self._drive(operation, at))

    def _send(self, operation: int, call: Call, attempt: Try, now: float) -> None:
        latency, reply = bounded(attempt, *self.service(attempt, now))
        self._under_way[operation].add(attempt.number)

        def end(at: float) -> None:
            cancelled = operation not in self._calls and not attempt.shared
            self._under_way[operation].discard(attempt.number)
            kept = Failure("cancelled", written=True) if cancelled else reply
            self.played.attempts.append(Attempt(operation, now, at, attempt, kept))
            if not cancelled:
                call.observe(attempt.number, reply, at)
                self.played.decisions += self.client.decisions()
                self._drive(operation, at)
            if attempt.shared:
                for waiting in tuple(self._sharing):
                    self._drive(waiting, at)

        self._at(now + latency, end)


def steady(
    count: int, every: float, starts: float = 0.0, kind: str = "unwrap"
) -> list[tuple[float, Work]]:
    """Operations at even spacing."""
    work = Work(0, "unwrap", ciphertext="Y2lwaGVy") if kind == "unwrap" else Work(0, "wrap")
    return [(starts + number * every, replace(work, number=number)) for number in range(count)]


def refusing(region: str, starts: float, ends: float, latency: float = 0.02) -> Service:
    """A service that answers, but for one region that refuses connections for a while."""

    def serve(attempt: Try, now: float) -> tuple[float, Reply]:
        if attempt.region == region and starts <= now < ends:
            return 0.001, Failure("refused", written=False)
        return latency, ok(attempt)

    return serve
