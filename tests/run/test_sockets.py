"""The asyncio world beyond what every world must do: many clients at once, triggers, changes."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator

import pytest

from chaos.errors import WorldError
from chaos.exchange import Answer, Failure
from chaos.run.sockets import SocketsWorld
from chaos.run.world import Applied, Decided, Event, Operated, Program, send
from chaos.scenario.model import Change, Fault
from tests.run.kit import SLOW, attempt
from tests.run.made import operated
from tests.run.stand import listeners

FAULT = Fault("it", "down", "wire", "us-south", 1.0, 1.0)


@pytest.fixture(scope="module")
def endpoints() -> Iterator[dict[str, str]]:
    with listeners() as urls:
        yield urls


def play(
    program: Callable[[SocketsWorld, list[Event]], Awaitable[None]],
    apply: Callable[[Change], Awaitable[Applied]] | None = None,
) -> None:
    """One program with a world of its own."""
    noted: list[Event] = []

    async def main() -> None:
        world = SocketsWorld(time.monotonic(), time.time(), noted.append, apply)
        try:
            await program(world, noted)
        finally:
            await world.close()

    asyncio.run(main())


def test_programs_begin_at_their_due_times_and_overlap(endpoints: dict[str, str]) -> None:
    ended: list[float] = []

    async def program(world: SocketsWorld, _: list[Event]) -> None:
        async def one(client: int) -> None:
            reply = await send(world, client, attempt(endpoints["slow"]))
            assert isinstance(reply, Answer)
            ended.append(world.now())

        starts: Iterator[tuple[float, Program]] = ((0.05 * n, one(n)) for n in range(4))
        await world.play(starts)

    play(program)

    assert len(ended) == 4
    assert ended[-1] >= 0.15 + SLOW
    assert ended[-1] < 4 * SLOW + 0.15, "one after the other would take longer"


def test_a_program_that_breaks_is_not_lost(endpoints: dict[str, str]) -> None:
    async def program(world: SocketsWorld, _: list[Event]) -> None:
        async def breaks() -> None:
            raise WorldError("the peer is gone")

        await world.play([(0.0, breaks())])

    with pytest.raises(ExceptionGroup) as told:
        play(program)
    assert told.group_contains(WorldError, match="the peer is gone")


def test_whoever_awaits_a_kind_of_event_goes_on_when_one_is_noted() -> None:
    async def program(world: SocketsWorld, noted: list[Event]) -> None:
        waiting = [asyncio.create_task(world.noted(Operated, 5.0)) for _ in range(2)]
        await asyncio.sleep(0)
        world.note(operated())
        assert await asyncio.gather(*waiting) == [True, True]
        assert noted == [operated()]
        assert world.now() < 1.0

    play(program)


def test_patience_ends_when_no_event_of_that_kind_comes() -> None:
    async def program(world: SocketsWorld, _: list[Event]) -> None:
        waiting = asyncio.create_task(world.noted(Decided, world.now() + 0.1))
        await asyncio.sleep(0)
        world.note(operated())
        assert await waiting is False

    play(program)


def test_a_change_that_takes_long_holds_nobody_else_up(endpoints: dict[str, str]) -> None:
    async def slowly(change: Change) -> Applied:
        await asyncio.sleep(0.3)
        return Applied(change.at, 1.3, change.verb, "it", "down", "us-south", {})

    async def program(world: SocketsWorld, _: list[Event]) -> None:
        applying = asyncio.create_task(world.apply(Change(1.0, "inject", FAULT)))
        await asyncio.sleep(0)
        reply = await send(world, 1, attempt(endpoints["good"]))
        assert isinstance(reply, Answer)
        assert not applying.done()
        assert (await applying).took_effect == 1.3

    play(program, slowly)


def test_closing_gives_up_what_is_under_way(endpoints: dict[str, str]) -> None:
    async def program(world: SocketsWorld, _: list[Event]) -> None:
        ticket = world.start(1, attempt(endpoints["silent"]))
        await asyncio.sleep(0.05)
        world.cancel(ticket)
        assert isinstance(ticket.reply, Failure)
        assert ticket.reply.kind == "cancelled"

    play(program)
