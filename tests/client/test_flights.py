"""One asks for all: threads and tasks, in fair weather, in failure, and when the first gives up."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from chaos.client.flights import AsyncFlights, Flights

MANY = 8
PATIENCE = 30.0


class Asked:
    """What every flight does: counts itself and, once all wait, ends as it is told to."""

    def __init__(self, raises: BaseException | None = None) -> None:
        self.times = 0
        self.begun = Event()
        self.ends = Event()
        self.raises = raises

    def __call__(self) -> int:
        """In a thread."""
        self.times += 1
        self.begun.set()
        assert self.ends.wait(PATIENCE)
        return self._end()

    async def later(self) -> int:
        """In a task."""
        self.times += 1
        await asyncio.sleep(0.01)
        return self._end()

    def _end(self) -> int:
        if self.raises is not None and self.times == 1:
            raise self.raises
        return self.times


def test_threads_share_one_flight_and_only_one_is_told_that_it_was_its_own() -> None:
    flights: Flights[int] = Flights()
    asked = Asked()
    with ThreadPoolExecutor(MANY) as threads:
        waiting = [threads.submit(flights.join, "k", asked) for _ in range(MANY)]
        assert asked.begun.wait(PATIENCE)
        asked.ends.set()
        came = [each.result(PATIENCE) for each in waiting]
    # A thread that came after the end flies by itself; nobody flies beside another.
    assert sum(ours for _, ours in came) == asked.times
    assert flights.join("k", asked) == (asked.times, True)


def test_different_things_are_asked_for_side_by_side() -> None:
    flights: Flights[int] = Flights()
    asked = Asked()
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(flights.join, "one", asked)
        assert asked.begun.wait(PATIENCE)
        other = threads.submit(flights.join, "other", lambda: 7)
        assert other.result(PATIENCE) == (7, True)
        asked.ends.set()
        assert first.result(PATIENCE) == (1, True)


def test_what_one_thread_was_refused_all_are_told() -> None:
    flights: Flights[int] = Flights()
    asked = Asked(raises=ValueError("no"))
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(flights.join, "k", asked)
        assert asked.begun.wait(PATIENCE)
        flight = flights._under_way["k"]
        second = threads.submit(flights.join, "k", asked)
        asked.ends.set()
        with pytest.raises(ValueError, match="no"):
            first.result(PATIENCE)
        landed = flight.result(PATIENCE)
        assert landed is not None
        with pytest.raises(ValueError, match="no"):
            landed.told()
        second.exception(PATIENCE)


def test_a_thread_that_is_interrupted_leaves_the_flight_to_those_who_wait() -> None:
    flights: Flights[int] = Flights()
    asked = Asked(raises=KeyboardInterrupt())
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(flights.join, "k", asked)
        assert asked.begun.wait(PATIENCE)
        second = threads.submit(flights.join, "k", asked)
        asked.ends.set()
        assert isinstance(first.exception(PATIENCE), KeyboardInterrupt)
        assert second.result(PATIENCE) == (2, True)


def test_tasks_share_one_flight() -> None:
    async def all_at_once() -> list[tuple[int, bool]]:
        flights: AsyncFlights[int] = AsyncFlights()
        asked = Asked()
        return await asyncio.gather(*(flights.join("k", asked.later) for _ in range(MANY)))

    assert asyncio.run(all_at_once()) == [(1, True)] + [(1, False)] * (MANY - 1)


def test_what_one_task_was_refused_all_are_told() -> None:
    async def all_at_once() -> list[BaseException | tuple[int, bool]]:
        flights: AsyncFlights[int] = AsyncFlights()
        asked = Asked(raises=ValueError("no"))
        joined = (flights.join("k", asked.later) for _ in range(3))
        return await asyncio.gather(*joined, return_exceptions=True)

    assert [type(each) for each in asyncio.run(all_at_once())] == [ValueError] * 3


def test_a_task_that_is_cancelled_leaves_the_flight_to_those_who_wait() -> None:
    async def first_cancelled() -> tuple[list[object], int]:
        flights: AsyncFlights[int] = AsyncFlights()
        asked = Asked()
        tasks = [asyncio.create_task(flights.join("k", asked.later)) for _ in range(4)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        tasks[1].cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        return list(ended), asked.times

    ended, times = asyncio.run(first_cancelled())
    assert [isinstance(each, asyncio.CancelledError) for each in ended] == [
        True,
        True,
        False,
        False,
    ]
    assert ended[2:] == [(2, True), (2, False)]
    assert times == 2
