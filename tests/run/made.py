"""Small scripted clients and worlds for the tests of the programs."""

import base64
from collections.abc import Callable, Iterator
from random import Random

from chaos.client.call import (
    Call,
    Decision,
    Done,
    Result,
    Step,
    Try,
    Work,
)
from chaos.exchange import Answer, Reply, Request
from chaos.run.simulated import SimulatedWorld
from chaos.run.virtual import VirtualTime
from chaos.run.wires import Respond, Wire
from chaos.run.world import Event

PLAINTEXT = base64.b64encode(b"a data key of thirty-two bytes!!").decode()
OTHER = base64.b64encode(b"another key of thirty-two bytes!").decode()


def one_try(number: int = 1, total: float = 5.0, *, shared: bool = False) -> Try:
    """An attempt at the one endpoint of `world_of`."""
    request = Request("GET", "/")
    return Try(
        number, "us-south", "http://x", request, 1.0, 5.0, total, 0.0, "first", shared=shared
    )


def done(outcome: str = "ok", plaintext: str = PLAINTEXT) -> Done:
    """The end of an operation that went to us-south."""
    return Done(outcome, "us-south", Result(plaintext, "d3JhcHBlZA==", "v1"), "")  # type: ignore[arg-type]


class Script:
    """A client and a call at once: steps are yielded by a generator that is sent (reply, now)."""

    def __init__(self, steps: Callable[["Script"], Iterator[Step]]) -> None:
        self.replies: list[tuple[int, Reply, float]] = []
        self.works: list[Work] = []
        self.decided: list[Decision] = []
        self._make = steps
        self._steps = steps(self)

    def begin(self, work: Work, now: float) -> Call:
        """Begin the script over."""
        self.works.append(work)
        self._steps = self._make(self)
        return self

    def step(self, now: float) -> Step:
        """The script's next step."""
        return next(self._steps)

    def observe(self, number: int, reply: Reply, now: float) -> None:
        """Keep what came."""
        self.replies.append((number, reply, now))

    def decisions(self) -> tuple[Decision, ...]:
        """Hand over what was decided, once."""
        made, self.decided = tuple(self.decided), []
        return made


def world_of(respond: Respond | None = None) -> tuple[VirtualTime, SimulatedWorld, list[Event]]:
    """A simulated world with one endpoint, and the list that its notes go to."""
    clock = VirtualTime()
    answer = respond or (lambda _request, _now: Answer(200, {}, b"{}"))
    wire = Wire(clock, answer, Random(7))
    events: list[Event] = []
    world = SimulatedWorld(clock, {"http://x": wire}, {"us-south": wire}, 0.0, events.append)
    return clock, world, events
