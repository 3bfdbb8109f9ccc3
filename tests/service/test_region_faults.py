"""Faults of a real region process, over its control API."""

import http.client
import json
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from random import Random
from statistics import fmean
from typing import Any
from urllib.parse import urlsplit

import pytest

from chaos.service.capacity import Capacity, Job, Station
from tests.service.caller import envelope
from tests.service.test_server import INSTANCE, process, token

pytestmark = pytest.mark.slow
CONTROL = {"Authorization": "Bearer control"}
# Seconds that a busy machine may be late; every bound on time below comes from the model.
PATIENCE = 5.0
LATE = 0.5


class Region:
    """A region process as a tenant and as its controller sees it."""

    def __init__(self, child: subprocess.Popen[bytes], said: dict[str, Any]) -> None:
        self.child, self.said = child, said
        self.address = urlsplit(said["url"]).netloc
        mine = {"Authorization": "Bearer " + token(said["url"]), "Bluemix-Instance": INSTANCE}
        self.mine = mine
        made = self.ask("POST", "/api/v2/keys", envelope({"name": "key", "extractable": False}))
        self.key = made[1]["resources"][0]["id"]

    @classmethod
    def beside(
        cls, other: "Region", child: subprocess.Popen[bytes], said: dict[str, Any]
    ) -> "Region":
        """Another region's address, with the same tenant, token and key."""
        made = cls.__new__(cls)
        made.child, made.said = child, said
        made.address = urlsplit(said["url"]).netloc
        made.mine, made.key = other.mine, other.key
        return made

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: dict[str, str] | None = None,
        timeout: float = 30.0,
    ) -> tuple[int, Any]:
        """Status and document of one call over a connection of its own."""
        with closing(http.client.HTTPConnection(self.address, timeout=timeout)) as connection:
            sent = None if body is None else json.dumps(body)
            connection.request(method, path, sent, headers or self.mine)
            answer = connection.getresponse()
            text = answer.read()
            told = "json" in (answer.getheader("content-type") or "")
            return answer.status, json.loads(text) if told else None

    def wrap(self, timeout: float = 30.0) -> int:
        """The status of one wrap."""
        return self.ask("POST", f"/api/v2/keys/{self.key}/actions/wrap", timeout=timeout)[0]

    def inject(self, kind: str, **fields: object) -> None:
        """Inject the fault `one`."""
        wish = {"kind": kind, **fields}
        status, told = self.ask("PUT", "/_keychaos/faults/one", wish, CONTROL)
        assert status == 200, told

    def heal(self) -> dict[str, int]:
        """Heal it; its counts."""
        told = self.ask("DELETE", "/_keychaos/faults/one", None, CONTROL)[1]
        counts: dict[str, int] = told["counts"]
        return counts


@contextmanager
def region(**more: object) -> Iterator[Region]:
    with process(control_token="control", **more) as (child, said):  # noqa: S106 (of a test)
        yield Region(child, said)


def test_faults_bite_on_the_wire_and_heal() -> None:
    with region() as one:
        one.inject("throttle", retry_after=3.0)
        assert one.wrap() == 429
        assert one.heal()["injected"] == 1
        one.inject("slow", latency=0.3)
        begun = time.monotonic()
        assert one.wrap() == 200
        assert time.monotonic() - begun >= 0.3
        one.heal()
        one.inject("hang")
        with pytest.raises(TimeoutError):
            one.wrap(timeout=0.5)
        one.heal()
        one.inject("answers_lost")
        with pytest.raises(ConnectionResetError):
            one.wrap()
        one.heal()
        assert one.wrap() == 200


def test_a_fault_whose_controller_is_gone_heals_by_itself() -> None:
    with region() as one:
        one.inject("capacity", workers=0, service=0.0, lease=1.0)
        begun = time.monotonic()
        # Nobody renews the lease and nobody asks for anything else while this one waits.
        assert one.wrap() == 200
        assert 0.5 < time.monotonic() - begun < 1.0 + PATIENCE
        assert one.ask("GET", "/_keychaos/faults", None, CONTROL)[1] == {"faults": {}}


def test_a_crash_tells_the_parent_and_leaves_at_once() -> None:
    with region() as one:
        one.inject("crash", restart_after=2.5)
        assert one.child.stdout is not None
        assert json.loads(one.child.stdout.readline()) == {"crashed": True, "restart_after": 2.5}
        assert one.child.wait(PATIENCE) == 75


def test_a_fault_of_the_first_line_is_in_force_from_the_beginning() -> None:
    told = {"kind": "throttle", "operations": ["wrap"]}
    with region(faults={"one": told}) as one:
        assert one.wrap() == 429
        assert one.heal()["injected"] == 1
        assert one.wrap() == 200


@pytest.mark.parametrize(("ejects_after", "expected"), [(3600.0, 10), (0.0, 0)])
def test_a_real_zone_loss_costs_a_third_until_it_is_ejected(
    ejects_after: float, expected: int
) -> None:
    with region(ejects_after=ejects_after) as one:
        one.inject("zone_loss", zone=3)
        lost = 0
        for _ in range(30):
            try:
                assert one.wrap() == 200
            except ConnectionResetError:
                lost += 1
        assert lost == expected
        assert one.heal()["injected"] == expected


def test_a_real_region_lets_a_burst_wait_its_turn() -> None:
    # Ten at once before one worker of 50 ms: the n-th is answered after n times 50 ms.
    capacity = {"workers": 1, "service": 0.05, "distribution": "constant"}
    with region(capacity=capacity) as one:
        connections = [http.client.HTTPConnection(one.address, timeout=30.0) for _ in range(10)]
        path = f"/api/v2/keys/{one.key}/actions/wrap"
        try:
            begun = time.monotonic()
            for connection in connections:
                connection.request("POST", path, None, one.mine)
            lasted = []
            for connection in connections:
                assert connection.getresponse().read()
                lasted.append(time.monotonic() - begun)
        finally:
            for connection in connections:
                connection.close()
        for number, each in enumerate(lasted):
            assert each >= 0.05 * (number + 1) - 0.005
        assert fmean(lasted) < 0.05 * 5.5 + PATIENCE


def test_a_real_region_is_the_m_m_1_queue_that_the_simulated_one_is() -> None:
    # 40 ms at half the load: an open loop of Poisson arrivals for some 25 s. What the pure station
    # makes of the very same arrivals, with the same seed, is what the process must make of them;
    # the pure station is held against the closed forms where it is tested.
    capacity = Capacity(workers=1, service=0.04)
    with region(capacity=capacity.model_dump(), seed=5) as one, ThreadPoolExecutor(64) as callers:
        rng, due, dues = Random(5), 0.5, []
        for _ in range(300):
            due += rng.expovariate(0.5 / capacity.service)
            dues.append(due)
        # The region has drawn once already, for the key that was made.
        begun = time.monotonic()

        def call(due: float) -> tuple[float, float]:
            time.sleep(max(0.0, begun + due - time.monotonic()))
            sent = time.monotonic() - begun
            assert one.wrap() == 200
            return sent, time.monotonic() - begun

        timed = sorted(callers.map(call, dues))
    station, chance = Station(capacity), Random("5/us-south/capacity")
    station.arrive(-1e9, chance)
    predicted = []
    for sent, _ in timed:
        job = station.arrive(sent, chance)
        assert isinstance(job, Job)
        predicted.append(job.until - sent)
    measured = fmean(ended - sent for sent, ended in timed)
    # Connecting takes its time and a busy machine is late, but nobody is served too early.
    assert measured >= fmean(predicted) - 0.002
    assert measured <= 1.25 * fmean(predicted) + LATE
