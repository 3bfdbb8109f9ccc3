"""Overload comes out of the model: who retries naively keeps a region down, who has a budget not.

One thing happens, a stall of ten seconds. What follows is nobody's script: the queue is full when
the workers are back, whoever waits in it waits longer than callers do, and their retries fill it
again. The numbers are those of a metastable failure (Bronson et al., HotOS 2021).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from heapq import heappop, heappush
from itertools import count
from random import Random

import pytest

from chaos.exchange import Answer, Reply
from chaos.service.capacity import Capacity
from chaos.service.conditions import Terms
from chaos.service.held import Held
from tests.service.passage import Passage

LOAD, LASTS, STALL, STALLED = 30.0, 80.0, 15.0, 10.0
CAPACITY = Capacity(workers=4, service=0.1, queue=80)  # 1.33 times the load, 2 s of work may wait
TIMEOUT, DEADLINE, PAUSE = 1.0, 5.0, 0.1
BUDGET = 0.1  # retries per operation


@dataclass
class Play:
    """Operations of an open loop, each tried until it is answered in time or its deadline comes."""

    budgeted: bool
    seed: int
    tokens: float = 10.0
    sent: int = 0
    good: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.passage = Passage(Terms(CAPACITY, seed=self.seed))
        self.begun = self.passage.now
        self.heap: list[tuple[float, int, Callable[[], None]]] = []
        self.ties = count()

    def at(self, when: float, do: Callable[[], None]) -> None:
        heappush(self.heap, (when, next(self.ties), do))

    def run(self) -> "Play":
        rng, due = Random(self.seed), 0.0
        while due < LASTS:
            due += rng.expovariate(LOAD)
            self.at(due, partial(self.operate, due))
        stall = {"kind": "capacity", **CAPACITY.model_dump(), "workers": 0}
        faults = self.passage.faults
        self.at(STALL, lambda: _ignore(faults.inject("stall", stall, self.begun + STALL)))
        healed = STALL + STALLED
        self.at(healed, lambda: _ignore(faults.heal("stall", self.begun + healed)))
        while self.heap:
            self.now, _, do = heappop(self.heap)
            do()
        return self

    def operate(self, due: float) -> None:
        self.tokens = min(10.0, self.tokens + BUDGET)
        self.attempt(due, 1)

    def attempt(self, due: float, number: int) -> None:
        """Send once; after the timeout, or a refusal and a pause, perhaps again."""
        self.sent += 1
        sent = self.now
        self.passage.now = self.begun + sent
        state = {"open": True}

        def ended(reply: Reply) -> None:
            if not state["open"]:
                return
            state["open"] = False
            if isinstance(reply, Answer) and reply.status == 200:
                self.good.append(due)
            else:
                self.at(self.now + PAUSE, partial(self.again, due, number))

        def timed_out() -> None:
            if state["open"]:
                state["open"] = False
                self.again(due, number)

        received = self.passage.wrap()
        if isinstance(received, Held):
            self.at(sent + TIMEOUT, timed_out)
            self.hold(received, ended)
        else:
            ended(received)

    def hold(self, held: Held, ended: Callable[[Reply], None]) -> None:
        def come_back() -> None:
            reply = held.resume(self.begun + self.now)
            if reply is not None and held.moved is not None:
                held.moved = None
                ended(reply)

        def wait() -> None:
            if held.until < float("inf"):
                self.at(held.until - self.begun + 1e-6, come_back)

        held.moved = wait
        wait()

    def again(self, due: float, number: int) -> None:
        if self.now >= due + DEADLINE:
            return
        if self.budgeted:
            if self.tokens < 1.0:
                return
            self.tokens -= 1.0
        self.attempt(due, number + 1)

    def goodput(self, since: float, until: float) -> float:
        """Operations that were answered in time, as a share of those that were due then."""
        return sum(since <= due < until for due in self.good) / (LOAD * (until - since))


def _ignore(_: object) -> None:
    """A lambda that gives nothing."""


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_after_a_stall_naive_retries_keep_a_region_down_and_a_budget_lets_it_up(seed: int) -> None:
    naive, budgeted = Play(budgeted=False, seed=seed).run(), Play(budgeted=True, seed=seed).run()
    for play in (naive, budgeted):
        # The same capacity carries the same load without any trouble until the stall.
        assert play.goodput(5.0, STALL - TIMEOUT) > 0.9
    end = (STALL + STALLED + 30.0, LASTS - DEADLINE)
    assert naive.goodput(*end) < 0.2
    assert budgeted.goodput(*end) > 0.9
    assert naive.sent / LOAD / LASTS > 2.0
    assert budgeted.sent / LOAD / LASTS < 1.0 + BUDGET + 0.05


def test_without_the_stall_naive_retries_do_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.service.test_overload.STALLED", 0.0)
    assert Play(budgeted=False, seed=1).run().goodput(5.0, LASTS - DEADLINE) > 0.9
