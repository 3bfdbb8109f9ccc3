"""A toxic as it stands in a chain, its proof of injection, and what it holds on one link."""

from collections import deque
from dataclasses import dataclass, field
from random import Random

from chaos.proxy.toxics import Chunk, Effect, End, Event, Suffered


@dataclass(slots=True)
class Counts:
    """Proof of injection of one toxic, over all links that carried it.

    ``eligible`` links stood under it, ``matched`` of those won the toxicity draw, ``injected``
    were really touched (an event was delayed, dropped, cut or replaced), ``escaped`` carried
    something past it and were not touched. ``events`` were touched. ``first`` is the instant of
    the first touch. Of ``delayed`` events ``asked`` is the sum of the delays that were due and
    ``measured`` of those that were kept, ``late`` the worst difference, all in seconds.
    """

    eligible: int = 0
    matched: int = 0
    injected: int = 0
    escaped: int = 0
    events: int = 0
    first: float | None = None
    delayed: int = 0
    asked: float = 0.0
    measured: float = 0.0
    late: float = 0.0


@dataclass(frozen=True, slots=True)
class Toxic:
    """An effect as it stands in a proxy's chain: its name, its share of links, its proof.

    ``toxicity`` is the probability that a link suffers it, drawn once for a link. ``counts`` is
    shared by every link; a changed toxic takes it along.
    """

    name: str
    effect: Effect
    toxicity: float = 1.0
    counts: Counts = field(default_factory=Counts, compare=False)


FINAL = 2


def finality(event: Event) -> int:
    """What may follow an event: anything (0), only a harder end (1), nothing (2)."""
    if isinstance(event, Chunk):
        return 0
    return 1 if isinstance(event, End) and not event.whole else FINAL


class Stage:
    """A toxic on one link, with what it holds.

    ``head`` is the event being released: ``outputs`` are the parts of it that have not left.
    ``inputs`` wait behind it untouched, so that a change of parameters can time them anew.
    """

    __slots__ = (
        "by_itself",
        "draw",
        "ended",
        "head",
        "held",
        "hit",
        "inputs",
        "matched",
        "outputs",
        "over",
        "rng",
        "seen",
        "so_far",
        "touched",
        "toxic",
    )

    def __init__(self, toxic: Toxic, rng: Random, now: float) -> None:
        self.toxic = toxic
        self.rng = rng
        self.draw = rng.random()
        self.inputs: deque[Event] = deque()
        self.outputs: deque[Event] = deque()
        self.head: Event | None = None
        self.held = 0
        self.ended = 0
        self.seen = self.touched = self.matched = self.over = self.hit = False
        self.by_itself: Event | None = None
        self.so_far = Suffered()
        toxic.counts.eligible += 1
        self.arm(now)

    def arm(self, now: float) -> None:
        """Let the toxicity decide, and start what happens by itself."""
        hit = self.draw < self.toxic.toxicity
        if hit and not self.hit:
            self.so_far = Suffered()
            self.toxic.counts.matched += not self.matched
            self.matched = True
        self.hit = hit
        self.by_itself = self.toxic.effect.begin(now) if hit and not self.over else None

    def take(self, event: Event) -> None:
        """Accept an event; what becomes of it leaves by `release`."""
        if not self.seen:
            self.see()
        if self.over:
            return
        if type(event) is Chunk:
            if self.ended:
                return
            self.held += len(event.data)
        else:
            rank = finality(event)
            if rank <= self.ended:
                return
            self.ended = rank
        if self.outputs:
            self.inputs.append(event)
        else:
            self._expand(event)

    def see(self) -> None:
        """Something comes by: until it is touched, the link counts as escaped."""
        if not self.seen:
            self.seen = True
            self.toxic.counts.escaped += not self.touched

    def _expand(self, event: Event, *, again: bool = False) -> None:
        parts = self.toxic.effect.feed(event, self.so_far, self.rng)
        self.head = event
        if len(parts) != 1 or parts[0] is not event:
            if not again and (len(parts) != 1 or parts[0] != event):
                self._touch(event.at)
            if type(event) is Chunk:
                left = 0
                for part in parts:
                    if type(part) is Chunk:
                        left += len(part.data)
                self.held -= len(event.data) - left
        self.outputs.extend(parts)

    def _touch(self, at: float) -> None:
        counts = self.toxic.counts
        counts.events += 1
        if not self.touched:
            self.touched = True
            counts.injected += 1
            counts.escaped -= self.seen
            counts.first = at if counts.first is None else min(at, counts.first)

    def release(self, now: float) -> list[Event]:
        """What leaves this stage by ``now``, in order."""
        by_itself = self.by_itself
        limit = now if by_itself is None else min(now, by_itself.at)
        outputs, left = self.outputs, []
        while outputs:
            while outputs and outputs[0].at <= limit:
                part = outputs.popleft()
                self._measure(part.at, now)
                left.append(part)
                if type(part) is Chunk:
                    self.held -= len(part.data)
                elif finality(part) == FINAL:
                    self._finish()
            if outputs:
                break
            while self.inputs and not outputs:
                self._expand(self.inputs.popleft())
        if self.by_itself is not None and self.by_itself.at <= now:
            self._touch(self.by_itself.at)
            left.append(self.by_itself)
            self._finish()
        return left

    def _measure(self, due: float, now: float) -> None:
        assert self.head is not None
        came = self.head.at
        if due > came:
            counts = self.toxic.counts
            counts.delayed += 1
            counts.asked += due - came
            counts.measured += now - came
            if now - due > counts.late:  # noqa: PLR1730 - a call costs more, on every event
                counts.late = now - due

    def _finish(self) -> None:
        # Nothing follows the end of a connection.
        self.over = True
        self.by_itself = None
        self.inputs.clear()
        self.outputs.clear()
        self.held = 0

    def retime(self, now: float) -> None:
        """Time what is held anew, under changed parameters, to leave from ``now`` on."""
        if not self.outputs or self.head is None or not self.toxic.effect.retimed:
            return
        head = self.head
        if isinstance(head, Chunk):
            rest = b"".join(part.data for part in self.outputs if isinstance(part, Chunk))
            head = Chunk(head.at, rest)
        self.outputs.clear()
        self.so_far.free = now
        self._expand(head, again=True)

    def flush(self, now: float) -> list[Event]:
        """Give up everything that is held, because this toxic no longer applies to the link."""
        if self.over or not self.hit:
            return []
        instead = self.toxic.effect.leave(now, self.so_far)
        if instead is not None:
            self._touch(now)
            held: list[Event] = [instead]
        else:
            held = [event._replace(at=now) for event in (*self.outputs, *self.inputs)]
        self.inputs.clear()
        self.outputs.clear()
        self.held = 0
        return held
