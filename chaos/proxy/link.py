"""One direction of one connection: events go in, pass its toxics in order, and leave in time.

The chain may change while bytes are inside. Whatever the changes, bytes leave in the order in which
they came, none is invented, and none is lost except those that a toxic is there to drop.
"""

from collections.abc import Iterable
from random import Random
from typing import ClassVar

from chaos.proxy.stage import Counts, Stage, Toxic, finality
from chaos.proxy.toxics import NEVER, Chunk, Effect, Event

__all__ = ["Counts", "Link", "Toxic"]


class Link:
    """The toxics of one direction of one connection, in their order.

    ``rng`` draws toxicity, jitter and losses. Without toxics what is fed leaves at the next drain,
    yet not before its own time.
    """

    # What a link may hold when all links together hold too much.
    little: ClassVar[int] = 64 << 10

    __slots__ = ("_ended", "_out", "_rng", "_stages", "room")

    def __init__(self, toxics: Iterable[Toxic], rng: Random, now: float = 0.0) -> None:
        self._rng = rng
        self._stages = [Stage(toxic, rng, now) for toxic in toxics]
        self._out: list[Event] = []
        self._ended = 0
        self._make_room()

    def _make_room(self) -> None:
        hit = (stage.toxic.effect.room for stage in self._stages if stage.hit)
        self.room = max(hit, default=Effect.room)

    @property
    def idle(self) -> bool:
        """Whether it has no toxics and holds nothing, so that bytes may go around it."""
        return not self._stages and not self._out

    @property
    def held(self) -> int:
        """The bytes inside. Beyond ``room`` the sender should be made to wait."""
        held = 0
        for stage in self._stages:
            held += stage.held
        for event in self._out:
            if type(event) is Chunk:
                held += len(event.data)
        return held

    def feed(self, event: Event) -> None:
        """Let one event in; times must not decrease from one event to the next."""
        self._enter(0, event)

    def _enter(self, position: int, event: Event) -> None:
        stages = self._stages
        while position < len(stages):
            stage = stages[position]
            if stage.hit:
                stage.take(event)
                return
            stage.see()
            position += 1
        if not self._ended or finality(event) > self._ended:
            self._ended = finality(event)
            self._out.append(event)

    def due(self) -> float | None:
        """When to drain next; None while nothing will leave by itself."""
        due = self.when()
        return None if due == NEVER else due

    def when(self) -> float:
        """When to drain next; never (infinity) while nothing will leave by itself."""
        if self._out:
            return self._out[0].at
        due = NEVER
        for stage in self._stages:
            if stage.outputs and stage.outputs[0].at < due:
                due = stage.outputs[0].at
            if stage.by_itself is not None and stage.by_itself.at < due:
                due = stage.by_itself.at
        return due

    def drain(self, now: float) -> list[Event]:
        """What leaves the link by ``now``, in order. Every event's ``at`` is when it was due."""
        for position, stage in enumerate(self._stages, start=1):
            if stage.hit:
                for event in stage.release(now):
                    self._enter(position, event)
        left, self._out = self._out, []
        if left and left[-1].at > now:
            # It was fed ahead of its time, and nothing overtakes it.
            early = next(place for place, event in enumerate(left) if event.at > now)
            left, self._out = left[:early], left[early:]
        return left

    def add(self, toxic: Toxic, now: float) -> None:
        """Put a toxic at the end of the chain; it does not see what has left the one before it."""
        self._stages.append(Stage(toxic, self._rng, now))
        self._make_room()

    def update(self, toxic: Toxic, now: float) -> None:
        """Change the toxic of that name; what it holds is timed anew where its kind can."""
        position, stage = self._place(toxic.name)
        was_hit = stage.hit
        if was_hit and stage.draw >= toxic.toxicity:
            self._flush(position, stage, now)
        stage.toxic = toxic
        stage.arm(now)
        if was_hit and stage.hit:
            stage.retime(now)
        self._make_room()

    def remove(self, name: str, now: float) -> None:
        """Take the toxic of that name out; what it holds goes on to the next at ``now``."""
        position, stage = self._place(name)
        self._flush(position, stage, now)
        del self._stages[position]
        self._make_room()

    def _flush(self, position: int, stage: Stage, now: float) -> None:
        for event in stage.flush(now):
            self._enter(position + 1, event)

    def names(self) -> list[str]:
        """The names of its toxics in their order."""
        return [stage.toxic.name for stage in self._stages]

    def find(self, name: str) -> Toxic | None:
        """The toxic of that name, None where it has none."""
        return next((one.toxic for one in self._stages if one.toxic.name == name), None)

    def _place(self, name: str) -> tuple[int, Stage]:
        position = self.names().index(name)
        return position, self._stages[position]
