"""Virtual time: an unmodified httpx.AsyncClient meets the service, its faults and its deadlines."""

import asyncio
import socket
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import httpx
import pytest
import tenacity

from chaos.run.wires import ANSWER_LASTS, CONNECT_LASTS
from chaos.testing.chaos_clock import ChaosClock
from chaos.testing.clock import DeadlockError
from chaos.testing.faults import Faults, Injected
from tests.testing.calling import PLAIN, headers

HOUR = 3600.0


async def wrap(clock: ChaosClock, client: httpx.AsyncClient) -> httpx.Response:
    service = clock.key_service
    sent = headers(service, service.primary)
    return await client.post(service.primary.path("wrap"), json={}, headers=sent)


async def test_a_coroutine_test_runs_on_the_clock(chaos_clock: ChaosClock) -> None:
    async with httpx.AsyncClient(verify=PLAIN) as client:
        assert (await wrap(chaos_clock, client)).status_code == 200
        begun = chaos_clock.now()
        assert (await wrap(chaos_clock, client)).status_code == 200

    assert chaos_clock.now() - begun == pytest.approx(ANSWER_LASTS, abs=1e-9)


def test_a_first_call_takes_as_long_as_in_the_simulated_world(chaos_clock: ChaosClock) -> None:
    async def once() -> float:
        async with httpx.AsyncClient(verify=PLAIN) as client:
            await wrap(chaos_clock, client)
        return chaos_clock.now()

    assert chaos_clock.run(once()) == pytest.approx(CONNECT_LASTS + ANSWER_LASTS, abs=1e-9)


@pytest.mark.parametrize(
    ("fault", "expected", "after"),
    [
        (lambda faults: faults.region_outage(how="blackhole"), httpx.ReadTimeout, 5.0),
        (lambda faults: faults.service_fault(kind="hang"), httpx.ReadTimeout, 5.0),
        (lambda faults: faults.region_outage(how="reset"), httpx.ReadError, 0.0),
        (lambda faults: faults.region_outage(), httpx.ConnectError, 0.0),
        (lambda faults: faults.service_fault(kind="answers_lost"), httpx.ReadError, ANSWER_LASTS),
    ],
    ids=["blackhole", "hang", "reset", "refused", "answers-lost"],
)
async def test_a_client_fails_as_its_timeouts_say_to_the_nanosecond(
    chaos_clock: ChaosClock,
    fault: Callable[[Faults], AbstractContextManager[Injected]],
    expected: type[httpx.TransportError],
    after: float,
) -> None:
    async with httpx.AsyncClient(timeout=5.0, verify=PLAIN) as client:
        with fault(chaos_clock.faults), pytest.raises(expected):
            await wrap(chaos_clock, client)
        assert chaos_clock.now() == pytest.approx(CONNECT_LASTS + after, abs=1e-9)

        assert (await wrap(chaos_clock, client)).status_code == 200


async def test_a_fault_bites_a_connection_that_lives_already(chaos_clock: ChaosClock) -> None:
    async with httpx.AsyncClient(timeout=30.0, verify=PLAIN) as client:
        await wrap(chaos_clock, client)
        begun = chaos_clock.now()
        with chaos_clock.faults.latency(latency=2.0) as slow:
            await wrap(chaos_clock, client)

        assert chaos_clock.now() - begun == pytest.approx(2.0 + ANSWER_LASTS, abs=1e-9)
        assert slow.touched == 1
        assert len({one.connection for one in chaos_clock.wire.attempts()}) == 1


async def test_a_connection_that_was_closed_meanwhile_is_not_used_again(
    chaos_clock: ChaosClock,
) -> None:
    async with httpx.AsyncClient(verify=PLAIN) as client:
        await wrap(chaos_clock, client)
        with chaos_clock.faults.region_outage():
            await asyncio.sleep(1.0)

        assert (await wrap(chaos_clock, client)).status_code == 200


async def test_a_library_that_retries_is_met_unmodified(chaos_clock: ChaosClock) -> None:
    @tenacity.retry(
        wait=tenacity.wait_exponential(multiplier=1, max=8),
        stop=tenacity.stop_after_delay(20),
        retry=tenacity.retry_if_result(lambda answer: answer.status_code == 503),
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
    )
    async def tries() -> httpx.Response:
        return await wrap(chaos_clock, client)

    async with httpx.AsyncClient(verify=PLAIN) as client:
        with chaos_clock.faults.region_outage(how="error"):
            answer = await tries()

    assert answer.status_code == 503
    # httpx keeps an idle connection for five seconds; after that it connects anew.
    late = 8.0 + CONNECT_LASTS
    assert chaos_clock.wire.waits() == pytest.approx([1.0, 2.0, 4.0, late, late], abs=1e-9)


async def test_a_token_expires_after_its_hour(chaos_clock: ChaosClock) -> None:
    async with httpx.AsyncClient(verify=PLAIN) as client:
        await asyncio.sleep(HOUR - 1.0)
        assert (await wrap(chaos_clock, client)).status_code == 200
        await asyncio.sleep(1.0)
        assert (await wrap(chaos_clock, client)).status_code == 401


async def test_the_wall_clock_and_a_blocking_sleep_are_virtual_too(
    chaos_clock: ChaosClock,
) -> None:
    utc, monotonic = time.time(), time.monotonic()

    time.sleep(HOUR)  # noqa: ASYNC251 - what a careless program does
    await asyncio.sleep(HOUR)

    assert time.time() - utc == pytest.approx(2 * HOUR)
    assert time.monotonic() - monotonic == pytest.approx(2 * HOUR)
    assert chaos_clock.now() == pytest.approx(2 * HOUR)


def test_real_time_is_back_after_a_run_and_elsewhere_during_one(chaos_clock: ChaosClock) -> None:
    real = time.time, time.monotonic, time.sleep

    chaos_clock.run(asyncio.sleep(100 * HOUR))

    assert (time.time, time.monotonic, time.sleep) == real


def test_a_deadlock_raises_instead_of_hanging(chaos_clock: ChaosClock) -> None:
    async def for_ever() -> None:
        await asyncio.Event().wait()

    with pytest.raises(DeadlockError, match="everything waits and nothing will come"):
        chaos_clock.run(for_ever())


def test_a_program_that_never_ends_is_stopped(chaos_clock: ChaosClock) -> None:
    async def restless() -> None:
        while True:  # a client that never gives up
            await wrap(chaos_clock, client)
            await asyncio.sleep(HOUR)

    client = httpx.AsyncClient(verify=PLAIN)

    with pytest.raises(DeadlockError, match="still runs after 7 virtual days"):
        chaos_clock.run(restless())
    chaos_clock.run(client.aclose())


def test_threads_and_real_sockets_are_refused(chaos_clock: ChaosClock) -> None:
    async def a_thread() -> None:
        await asyncio.to_thread(print)

    async def a_server() -> None:
        await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)

    async def a_socket() -> None:
        with socket.socket() as one:
            await asyncio.open_connection(sock=one)

    for program in (a_thread, a_server, a_socket):
        with pytest.raises(RuntimeError, match="chaos_clock refuses it"):
            chaos_clock.run(program())


async def test_a_host_of_the_real_world_is_not_there(chaos_clock: ChaosClock) -> None:
    async with httpx.AsyncClient(verify=PLAIN) as client:
        with pytest.raises(httpx.ConnectError, match="not in the virtual network"):
            await client.get("http://keys.example")
        with pytest.raises(httpx.ConnectError):
            await client.get(f"{chaos_clock.key_service.primary.url}:8080/")


async def test_an_answer_that_is_longer_than_a_read_arrives_whole(chaos_clock: ChaosClock) -> None:
    url = f"{chaos_clock.key_service.primary.url}/openapi.json"
    async with httpx.AsyncClient(verify=PLAIN) as client:
        answer = await client.get(url)

    assert answer.json()["openapi"].startswith("3.")
    assert len(answer.content) > 10_000
