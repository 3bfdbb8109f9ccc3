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
from chaos.run.world import Attempted, Event, Operated
from chaos.scenario import Scenario, read

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


def attempted(operation: int = 0, *, status: int = 200, **changes: object) -> Attempted:
    """One attempt at us-south that was answered."""
    fields: dict[str, object] = {
        "client": 0,
        "number": 1,
        "region": "us-south",
        "sent": 1.0,
        "ended": 1.5,
        "reply": Answer(status),
        "waited": 0.0,
        "why": "first",
    }
    return Attempted(operation, **{**fields, **changes})  # type: ignore[arg-type]


def operated(number: int = 0, **changes: object) -> Operated:
    """One wrap of client 0 that went well at us-south."""
    fields: dict[str, object] = {
        "client": 0,
        "kind": "wrap",
        "due": 1.0,
        "started": 1.0,
        "ended": 1.5,
        "outcome": "ok",
        "region": "us-south",
        "attempts": 1,
        "why": "",
    }
    return Operated(number, **{**fields, **changes})  # type: ignore[arg-type]


SMALL = """
scenario: small
teaches: What a test of the run needs and no more.
seed: 7
lasts: 9s
window: 1s
regions:
  us-south: {latency: 3ms, jitter: 1ms}
  us-east: {latency: 28ms, jitter: 4ms}
keys: {orders: [us-south, us-east]}
clients: {count: 6, policy: recommended, regions: [us-south, us-east], wrapped: 2}
load: {rate: 40/s, arrivals: poisson, operations: {wrap: 20%, unwrap: 80%}}
faults: FAULTS
objectives:
  rules: [integrity == 100%]
"""
DOWN = "[{name: south-down, kind: down, target: us-south, at: 3s, lasts: 3s}]"


def small(*overrides: str, seed: int | None = None, faults: str = DOWN) -> Scenario:
    """Nine seconds, six clients, two regions; us-south is down from 3 s to 6 s."""
    return read(SMALL.replace("FAULTS", faults), "small.yaml", overrides, seed)


def world_of(respond: Respond | None = None) -> tuple[VirtualTime, SimulatedWorld, list[Event]]:
    """A simulated world with one endpoint, and the list that its notes go to."""
    clock = VirtualTime()
    answer = respond or (lambda _request, _now: Answer(200, {}, b"{}"))
    wire = Wire(clock, answer, Random(7))
    events: list[Event] = []
    world = SimulatedWorld(clock, {"http://x": wire}, {"us-south": wire}, 0.0, events.append)
    return clock, world, events
