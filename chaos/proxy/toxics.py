"""Toxics: what the bytes of one direction of one connection suffer, as functions of timed events.

An effect never sleeps and never looks at a clock: it is given one event and answers with the events
that leave in its place, each with the instant at which it may leave. So one code serves the proxy
on real sockets and the simulator in virtual time, and its tests are exact.

Parameters (the frozen effect, shared by all connections) and what one connection has suffered so
far (:class:`Suffered`) are apart. The chain of one direction is a :class:`chaos.proxy.link.Link`::

    slow = Toxic("slow", Latency(latency=0.1, jitter=0.02))
    link = Link([slow], random.Random(7), now=0.0)
    link.feed(Chunk(at=0.0, data=b"hello"))
    link.due()          # when to drain next, here about 0.1; None while nothing is due
    link.drain(0.13)    # what has left by then: [Chunk(at=0.1…, data=b"hello")]
    link.update(Toxic("slow", Latency(0.5), counts=slow.counts), now=0.2)
    link.remove("slow", now=0.3)    # what it still held leaves at 0.3
    slow.counts         # proof of injection, over all links that carry this toxic

Feed events in the order of their times. Sizes are bytes, times seconds. Semantics are Toxiproxy
2.12's and, for :class:`PacketLoss`, those of its pull request #739, except where a docstring says
otherwise.
"""

from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import ClassVar, NamedTuple, Protocol

MIB = 1 << 20
NEVER = float("inf")
# A slower line passes a large chunk in slices worth this many seconds, as Toxiproxy does.
SLICE_LASTS = 0.1


class Chunk(NamedTuple):
    """Bytes that were read together at ``at``."""

    at: float
    data: bytes


class End(NamedTuple):
    """The stream ends in good order.

    A peer's own end (``whole`` false) is half a close: the other direction goes on. A toxic that
    closes a connection closes both directions (``whole`` true).
    """

    at: float
    whole: bool = False


class Reset(NamedTuple):
    """The connection is torn down: both peers see ECONNRESET."""

    at: float


Event = Chunk | End | Reset


class Suffered:
    """What one direction of one connection has suffered from one toxic so far.

    ``free`` is the earliest instant at which the next event may leave, ``passed`` the bytes let
    through, ``lost`` whether the last chunk was dropped, ``triggered`` whether the end is certain.
    """

    __slots__ = ("free", "lost", "passed", "triggered")

    def __init__(self) -> None:
        self.free = -NEVER
        self.passed = 0
        self.lost = False
        self.triggered = False


class Effect(Protocol):
    """A kind of toxic with its parameters.

    ``room`` is how many bytes it may hold before its sender feels back-pressure. ``retimed`` says
    that what it holds is timed anew when its parameters change.
    """

    room: ClassVar[int] = 64 << 10
    retimed: ClassVar[bool] = False

    def begin(self, now: float) -> Event | None:
        """What will leave by itself, however silent the peers are; None for nothing."""
        return None

    def feed(self, event: Event, so_far: Suffered, rng: Random) -> list[Event]:
        """The events that leave in place of ``event``, in order, none before ``event.at``."""
        ...

    def leave(self, now: float, so_far: Suffered) -> Event | None:
        """What a removal sets off, instead of letting out what is held; None for nothing."""
        return None


@dataclass(frozen=True)
class Noop(Effect):
    """Nothing happens."""

    def feed(self, event: Event, so_far: Suffered, rng: Random) -> list[Event]:
        return [event]


@dataclass(frozen=True)
class Latency(Effect):
    """Each chunk leaves ``latency`` ± ``jitter`` after it came, never before the one ahead of it.

    A bare end is not delayed; an end behind data waits for the data.
    """

    latency: float = 0.0
    jitter: float = 0.0

    # Toxiproxy's 1024 queued chunks of at most 32 KiB.
    room: ClassVar[int] = 32 * MIB
    retimed: ClassVar[bool] = True

    def draw(self, rng: Random) -> float:
        """How much later one chunk leaves, in seconds; a draw only where there is a jitter."""
        if self.jitter > 0:
            return max(0.0, self.latency + self.jitter * (2.0 * rng.random() - 1.0))
        return max(0.0, self.latency)

    def feed(self, event: Event, so_far: Suffered, rng: Random) -> list[Event]:
        if not isinstance(event, Chunk):
            return [event._replace(at=max(event.at, so_far.free))]
        so_far.free = max(event.at + self.draw(rng), so_far.free)
        return [Chunk(so_far.free, event.data)]


@dataclass(frozen=True)
class Bandwidth(Effect):
    """Store and forward at ``rate`` bytes a second; at zero or less nothing passes till removal.

    A negative rate crashes Toxiproxy; here it is zero.
    """

    rate: float = 0.0

    retimed: ClassVar[bool] = True

    def feed(self, event: Event, so_far: Suffered, rng: Random) -> list[Event]:
        starts = max(event.at, so_far.free)
        if not isinstance(event, Chunk):
            return [event._replace(at=starts)]
        if self.rate <= 0:
            so_far.free = NEVER
            return [Chunk(NEVER, event.data)]
        slice_size = max(1, int(self.rate * SLICE_LASTS))
        so_far.free = starts + len(event.data) / self.rate
        pieces = range(slice_size, len(event.data) + slice_size, slice_size)
        return [
            Chunk(min(starts + end / self.rate, so_far.free), event.data[end - slice_size : end])
            for end in pieces
        ]


@dataclass(frozen=True)
class SlowClose(Effect):
    """Data is untouched; the end of the stream is held for ``delay``."""

    delay: float = 0.0

    retimed: ClassVar[bool] = True

    def feed(self, event: Event, so_far: Suffered, rng: Random) -> list[Event]:
        if isinstance(event, Chunk):
            return [event]
        return [event._replace(at=event.at + max(0.0, self.delay))]


@dataclass(frozen=True)
class Timeout(Effect):
    """All data is dropped; the connection is closed after ``timeout``, never for zero.

    The clock starts with the toxic or the connection, whichever is later, and again when the toxic
    changes. Data does not restart it: in Toxiproxy a peer that writes often enough is never cut.
    Removal closes the connection, whose stream has a hole by then.
    """

    timeout: float = 0.0

    def begin(self, now: float) -> Event | None:
        return End(now + self.timeout, whole=True) if self.timeout > 0 else None

    def feed(self, event: Event, so_far: Suffered, rng: Random) -> list[Event]:
        return [] if isinstance(event, Chunk) else [event]

    def leave(self, now: float, so_far: Suffered) -> Event | None:
        return End(now, whole=True)


@dataclass(frozen=True)
class ResetPeer(Effect):
    """The first chunk or end is dropped, and the connection is reset ``timeout`` later.

    A silent connection is never reset. Removal resets at once what it has begun to reset: its
    stream has a hole by then.
    """

    timeout: float = 0.0

    def feed(self, event: Event, so_far: Suffered, rng: Random) -> list[Event]:
        if isinstance(event, Reset):
            return [event]
        if so_far.triggered:
            return []
        so_far.triggered = True
        return [Reset(event.at + max(0.0, self.timeout))]

    def leave(self, now: float, so_far: Suffered) -> Event | None:
        return Reset(now) if so_far.triggered else None


@dataclass(frozen=True)
class Slicer(Effect):
    """Chunks are cut into pieces of ``average_size`` ± ``size_variation``, ``delay`` after each.

    The sizes come from halving until a piece exceeds the average by no more than the variation. An
    average of zero or less, which crashes Toxiproxy, cuts nothing.
    """

    average_size: int = 0
    size_variation: int = 0
    delay: float = 0.0

    retimed: ClassVar[bool] = True

    def feed(self, event: Event, so_far: Suffered, rng: Random) -> list[Event]:
        starts = max(event.at, so_far.free)
        if not isinstance(event, Chunk):
            return [event._replace(at=starts)]
        delay = max(0.0, self.delay)
        cuts = [0, *self.cuts(0, len(event.data), rng)]
        so_far.free = starts + delay * (len(cuts) - 1)
        return [
            Chunk(starts + delay * number, event.data[first:last])
            for number, (first, last) in enumerate(pairwise(cuts))
        ]

    def cuts(self, first: int, last: int, rng: Random) -> list[int]:
        """Where pieces of ``[first, last)`` end, ascending, ``last`` included."""
        variation = max(0, self.size_variation)
        if self.average_size <= 0 or last - first <= max(1, self.average_size + variation):
            return [last]
        middle = first + (last - first) // 2
        if variation:
            # A variation beyond the average would cut outside the piece; Toxiproxy panics there.
            middle += rng.randrange(-variation, variation)
            middle = min(max(middle, first + 1), last - 1)
        return [*self.cuts(first, middle, rng), *self.cuts(middle, last, rng)]


@dataclass(frozen=True)
class LimitData(Effect):
    """Exactly ``size`` bytes pass; the connection is closed right behind the last of them.

    What has passed counts on when the limit changes; with zero the first byte closes.
    """

    size: int = 0

    def feed(self, event: Event, so_far: Suffered, rng: Random) -> list[Event]:
        if not isinstance(event, Chunk):
            return [event]
        data = event.data[: max(0, self.size - so_far.passed)]
        so_far.passed += len(data)
        passed: list[Event] = [event if data == event.data else Chunk(event.at, data)] * bool(data)
        if so_far.passed >= self.size:
            so_far.triggered = True
            passed.append(End(event.at, whole=True))
        return passed


@dataclass(frozen=True)
class PacketLoss(Effect):
    """A chunk is dropped with probability ``loss_rate``, plus ``correlation`` right behind a loss.

    TCP never loses a part of a stream: this is a stream with holes. The end always passes.
    """

    loss_rate: float = 0.0
    correlation: float = 0.0

    def feed(self, event: Event, so_far: Suffered, rng: Random) -> list[Event]:
        if not isinstance(event, Chunk):
            return [event]
        more = max(0.0, self.correlation) if so_far.lost else 0.0
        so_far.lost = rng.random() < max(0.0, self.loss_rate) + more
        return [] if so_far.lost else [event]
