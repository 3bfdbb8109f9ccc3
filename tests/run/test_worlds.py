"""Every world keeps the seam's promises: one kit, three worlds."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from random import Random

import pytest

from chaos.exchange import Answer
from chaos.proxy.link import Toxic
from chaos.proxy.toxics import Latency, ResetPeer, Timeout
from chaos.run.simulated import SimulatedWorld
from chaos.run.sockets import SocketsWorld
from chaos.run.virtual import VirtualTime
from chaos.run.wires import Wire
from tests.run.kit import CHECKS, SLOW, Check, Stand
from tests.run.stand import listeners


@pytest.fixture(scope="module")
def endpoints() -> Iterator[dict[str, str]]:
    with listeners() as urls:
        yield urls


def name_of(check: Check) -> str:
    return getattr(check, "__name__", "").replace("_", " ")


@pytest.mark.parametrize("check", CHECKS, ids=name_of)
def test_the_simulated_world_keeps_the_promise_that(check: Check) -> None:
    clock = VirtualTime()

    def wire(**toxics: Toxic) -> Wire:
        made = Wire(clock, lambda _request, _now: Answer(200, {}, b"good"), Random(7))
        for stream, toxic in toxics.items():
            made.toxics[stream].append(toxic)  # type: ignore[index]
        return made

    wires = {
        "good": wire(),
        "slow": wire(downstream=Toxic("slow", Latency(SLOW))),
        "refusing": wire(),
        "resetting": wire(upstream=Toxic("resets", ResetPeer())),
        "silent": wire(upstream=Toxic("silent", Timeout())),
    }
    wires["refusing"].enabled = False
    world = SimulatedWorld(clock, wires, {}, 0.0, lambda _: None)
    clock.play([(0.0, check(Stand(world, *("good", "slow", "refusing", "resetting", "silent"))))])  # type: ignore[list-item]


@pytest.mark.parametrize("check", CHECKS, ids=name_of)
def test_the_asyncio_world_keeps_the_promise_that(check: Check, endpoints: dict[str, str]) -> None:
    async def play() -> None:
        world = SocketsWorld(time.monotonic(), time.time(), lambda _: None)
        try:
            await check(Stand(world, **endpoints))
        finally:
            await world.close()

    asyncio.run(play())


@pytest.fixture(scope="module")
def under_gevent(endpoints: dict[str, str]) -> dict[str, str]:
    """Each check's complaint from one child process that plays them all."""
    played = subprocess.run(
        [sys.executable, "-m", "tests.run.kit_under_gevent"],
        input=json.dumps(endpoints) + "\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    said = [json.loads(line) for line in played.stdout.splitlines()]
    return {line["check"]: line["complaint"] for line in said}


@pytest.mark.parametrize("check", CHECKS, ids=name_of)
def test_the_locust_world_keeps_the_promise_that(
    check: Check, under_gevent: dict[str, str]
) -> None:
    assert under_gevent[getattr(check, "__name__", "")] == ""
