"""Virtual time: exact, ordered, lazy, and honest about deadlocks."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.exchange import Answer
from chaos.run.virtual import DeadlockError, VirtualTicket, VirtualTime
from chaos.run.world import Program

instants = st.floats(0.0, 1e6, allow_nan=False)


@given(st.lists(instants, max_size=30))
def test_programs_wake_in_the_order_of_their_times_and_ties_in_the_order_made(
    dues: list[float],
) -> None:
    clock = VirtualTime()
    woken: list[tuple[float, int]] = []

    async def sleeper(due: float, number: int) -> None:
        await clock.sleep_until(due)
        woken.append((clock.now, number))

    clock.play([(0.0, sleeper(due, number)) for number, due in enumerate(dues)])

    assert woken == sorted((due, number) for number, due in enumerate(dues))


@given(instants, instants)
def test_time_never_goes_back(first: float, second: float) -> None:
    clock = VirtualTime()
    seen: list[float] = []

    async def program() -> None:
        for until in (first, second):
            await clock.sleep_until(until)
            seen.append(clock.now)

    clock.play([(0.0, program())])

    assert seen == [first, max(first, second)]


def test_starts_are_read_lazily() -> None:
    clock = VirtualTime()
    read: list[tuple[float, float]] = []

    async def nothing() -> None:
        pass

    def starts() -> Iterator[tuple[float, Program]]:
        for due in (1.0, 2.0, 3.0):
            read.append((due, clock.now))
            yield due, nothing()

    clock.play(starts())

    assert read == [(1.0, 0.0), (2.0, 1.0), (3.0, 2.0)]


def test_a_program_that_waits_for_nothing_that_can_come_is_a_deadlock() -> None:
    clock = VirtualTime()

    async def program() -> None:
        await clock.first([VirtualTicket()], float("inf"))

    with pytest.raises(DeadlockError, match="1 programs wait"):
        clock.play([(0.0, program())])


def test_all_who_await_a_ticket_are_woken_in_the_order_they_came() -> None:
    clock = VirtualTime()
    ticket = VirtualTicket()
    woken: list[int] = []

    async def wait(number: int) -> None:
        assert await clock.first([ticket], 9.0) is ticket
        woken.append(number)

    clock.at(1.0, lambda: ticket.end(Answer(200), clock.now))
    clock.play([(0.0, wait(number)) for number in range(5)])

    assert woken == [0, 1, 2, 3, 4]
