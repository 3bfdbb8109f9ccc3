"""Plays a short scenario in virtual time and prints the hashes of its history.

As a program (`python -m tests.run.playing`) it does so in a process of its own, whose hash seed the
caller chooses. The client is scripted, so that the hashes depend on no policy.
"""

import hashlib
from random import Random

from chaos.client import wire
from chaos.client.call import (
    Call,
    Decision,
    Done,
    Factory,
    Step,
    Target,
    Try,
    Wait,
    Why,
    Wiring,
    Work,
)
from chaos.exchange import Reply
from chaos.run.encoding import Memory
from chaos.run.simulation import simulate
from chaos.scenario import Scenario
from tests.run.made import small

EPOCH = 1_800_000_000.0
# Poisson arrivals take a logarithm, which another C library may round otherwise.
OVERRIDES = ("load.arrivals=constant", "clients.count=5")


class PlainClient:
    """Tries the regions in order, each once, and waits a drawn time in between."""

    def __init__(self, wiring: Wiring, rng: Random) -> None:
        self.wiring = wiring
        self.rng = rng

    def begin(self, work: Work, now: float) -> Call:
        """Begin one operation."""
        return PlainCall(self, work)

    def decisions(self) -> tuple[Decision, ...]:
        """It decides nothing that is worth a note."""
        return ()


class PlainCall:
    """One operation of a PlainClient."""

    def __init__(self, client: PlainClient, work: Work) -> None:
        self._client = client
        self._work = work
        self._left: list[Target] = list(client.wiring.targets)
        self._target = self._left[0]
        self._under_way = False
        self._due = 0.0
        self._made = 0
        self._done: Done | None = None

    def step(self, now: float) -> Step:
        """The next attempt, or how it ended."""
        if self._done is not None:
            return self._done
        if self._under_way:
            return Wait(now + 60.0)
        if now < self._due:
            return Wait(self._due)
        self._target = self._left.pop(0)
        self._under_way = True
        self._made += 1
        token = self._client.wiring.credential.token
        name = wire.correlation_id("00000000", self._work.number, self._made)
        request = wire.request(self._target, self._work, token, name)
        why: Why = "first" if self._made == 1 else "failover"
        region, endpoint = self._target.region, self._target.endpoint
        return Try(self._made, region, endpoint, request, 0.5, 0.5, 1.0, 0.0, why)

    def observe(self, number: int, reply: Reply, now: float) -> None:
        """Done with a result, on to the next region without one."""
        self._under_way = False
        reading = wire.read(self._work, reply)
        if reading.meaning == "ok":
            self._done = Done("ok", self._target.region, reading.result)
        elif not self._left:
            self._done = Done("failed", self._target.region, None, reading.why)
        self._due = now + 0.1 * self._client.rng.random()


def journal(scenario: Scenario, factory: Factory = PlainClient) -> tuple[bytes, bytes]:
    """What the journal would hold: records of attempts and operations, and the other events."""
    memory = Memory(tuple(region.name for region in scenario.regions))
    simulate(scenario, factory, memory.note, EPOCH)
    return bytes(memory.attempts + memory.operations), bytes(memory.events)


def hashes() -> list[str]:
    """The hashes of one fixed scenario's records and events."""
    faults = """
  - {name: refuses, kind: down, target: us-south, at: 1s, lasts: 1s}
  - {name: slow, kind: latency, target: us-south, at: 2500ms, lasts: 1s, latency: 400ms}
  - {name: silent, kind: timeout, target: us-south, at: 4s, lasts: 1s}
  - {name: resets, kind: reset_peer, target: us-south, at: 6s, lasts: 1s}
"""
    kept = journal(small(*OVERRIDES, faults=faults))
    return [hashlib.sha256(part).hexdigest() for part in kept]


if __name__ == "__main__":
    print(*hashes())  # noqa: T201 - what the test reads
