"""The conformance kit: what every world must do, as programs that any of them can play.

Each check is a coroutine function over a :class:`Stand`; it raises AssertionError where the world
breaks the seam's promise. `test_worlds.py` plays all of them in virtual time and on asyncio, and in
a child process under Locust's gevent.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from chaos.client.call import Try
from chaos.exchange import Answer, Failure, Request
from chaos.run.world import World, send

SLOW = 0.2
# What a check allows for a busy machine; virtual time needs none of it.
SLACK = 0.15


@dataclass(frozen=True, slots=True)
class Stand:
    """One world and where its stand's endpoints are.

    ``good`` answers at once, ``slow`` after SLOW seconds, ``refusing`` has no listener,
    ``resetting`` answers the first bytes with an RST, ``silent`` accepts and never says a word.
    """

    world: World
    good: str
    slow: str
    refusing: str
    resetting: str
    silent: str


Check = Callable[[Stand], Awaitable[None]]


def attempt(endpoint: str, total: float = 5.0, **changes: object) -> Try:
    """One attempt to `GET /` with generous timeouts."""
    fields: dict[str, object] = {"connect": 2.0, "read": 5.0, "total": total, "fresh": False}
    fields.update(changes)
    return Try(
        number=1,
        region="",
        endpoint=endpoint,
        request=Request("GET", "/"),
        waited=0.0,
        why="first",
        **fields,  # type: ignore[arg-type]
    )


async def an_attempt_is_answered(stand: Stand) -> None:
    reply = await send(stand.world, 1, attempt(stand.good))
    assert isinstance(reply, Answer), reply
    assert (reply.status, reply.body) == (200, b"good"), reply


async def a_second_attempt_of_a_client_reuses_its_connection(stand: Stand) -> None:
    first = await send(stand.world, 2, attempt(stand.good))
    second = await send(stand.world, 2, attempt(stand.good))
    assert (first.reused, second.reused) == (False, True)


async def a_fresh_attempt_opens_a_connection_of_its_own(stand: Stand) -> None:
    await send(stand.world, 3, attempt(stand.good))
    assert not (await send(stand.world, 3, attempt(stand.good, fresh=True))).reused


async def clients_do_not_share_connections(stand: Stand) -> None:
    await send(stand.world, 4, attempt(stand.good))
    assert not (await send(stand.world, 5, attempt(stand.good))).reused


async def a_refused_attempt_is_a_value_and_was_not_written(stand: Stand) -> None:
    reply = await send(stand.world, 6, attempt(stand.refusing))
    assert isinstance(reply, Failure), reply
    assert (reply.kind, reply.written) == ("refused", False), reply


async def a_reset_attempt_may_have_been_written(stand: Stand) -> None:
    reply = await send(stand.world, 7, attempt(stand.resetting))
    assert isinstance(reply, Failure), reply
    assert (reply.kind, reply.written) == ("reset", True), reply


async def silence_ends_at_the_read_timeout(stand: Stand) -> None:
    sent = stand.world.now()
    reply = await send(stand.world, 8, attempt(stand.silent, read=0.2))
    assert isinstance(reply, Failure), reply
    assert (reply.kind, reply.written) == ("read_timeout", True), reply
    assert 0.19 <= stand.world.now() - sent <= 0.2 + SLACK


async def silence_ends_at_the_total_timeout(stand: Stand) -> None:
    sent = stand.world.now()
    reply = await send(stand.world, 9, attempt(stand.silent, total=0.2))
    assert isinstance(reply, Failure), reply
    assert (reply.kind, reply.written) == ("total_timeout", True), reply
    assert 0.19 <= stand.world.now() - sent <= 0.2 + SLACK


async def first_gives_none_when_the_time_comes_first(stand: Stand) -> None:
    world = stand.world
    begun = world.now()
    ticket = world.start(10, attempt(stand.slow))
    assert await world.first([ticket], begun + SLOW / 4) is None
    assert ticket.reply is None
    assert await world.first([ticket], begun + 5.0) is ticket
    assert isinstance(ticket.reply, Answer), ticket.reply
    assert SLOW <= ticket.ended - begun + 0.01 <= SLOW + SLACK


async def the_first_of_two_tickets_wins_and_the_other_goes_on(stand: Stand) -> None:
    world = stand.world
    until = world.now() + 5.0
    slow, good = world.start(11, attempt(stand.slow)), world.start(11, attempt(stand.good))
    assert await world.first([slow, good], until) is good
    assert await world.first([slow], until) is slow
    assert isinstance(slow.reply, Answer), slow.reply


async def a_ticket_that_ended_is_had_at_once_and_by_anyone(stand: Stand) -> None:
    world = stand.world
    ticket = world.start(12, attempt(stand.good, shared=True))
    assert await world.first([ticket], world.now() + 5.0) is ticket
    before = world.now()
    assert await world.first([ticket], world.now() + 5.0) is ticket
    assert world.now() - before < SLACK


async def a_cancelled_attempt_says_so_and_its_connection_is_not_used_again(stand: Stand) -> None:
    world = stand.world
    ticket = world.start(13, attempt(stand.slow))
    assert await world.first([ticket], world.now() + SLOW / 4) is None
    world.cancel(ticket)
    assert isinstance(ticket.reply, Failure)
    assert ticket.reply.kind == "cancelled"
    reply = await send(world, 13, attempt(stand.slow))
    assert isinstance(reply, Answer), reply
    assert not reply.reused, "the cancelled attempt's connection still owed an answer"


async def sleeping_until_the_past_goes_on_at_once(stand: Stand) -> None:
    before = stand.world.now()
    await stand.world.sleep_until(before - 1.0)
    assert stand.world.now() - before < SLACK


async def sleeping_wakes_at_its_time_and_not_before(stand: Stand) -> None:
    until = stand.world.now() + 0.1
    await stand.world.sleep_until(until)
    assert until - 0.002 <= stand.world.now() <= until + SLACK


async def the_wall_clock_moves_with_the_run(stand: Stand) -> None:
    utc = stand.world.utc
    assert (utc(61.5) - utc(0.0)).total_seconds() == 61.5


CHECKS: tuple[Check, ...] = (
    an_attempt_is_answered,
    a_second_attempt_of_a_client_reuses_its_connection,
    a_fresh_attempt_opens_a_connection_of_its_own,
    clients_do_not_share_connections,
    a_refused_attempt_is_a_value_and_was_not_written,
    a_reset_attempt_may_have_been_written,
    silence_ends_at_the_read_timeout,
    silence_ends_at_the_total_timeout,
    first_gives_none_when_the_time_comes_first,
    the_first_of_two_tickets_wins_and_the_other_goes_on,
    a_ticket_that_ended_is_had_at_once_and_by_anyone,
    a_cancelled_attempt_says_so_and_its_connection_is_not_used_again,
    sleeping_until_the_past_goes_on_at_once,
    sleeping_wakes_at_its_time_and_not_before,
    the_wall_clock_moves_with_the_run,
)
