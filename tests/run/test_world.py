"""The seam's own two programs: one attempt sent and waited for, and a program without a loop."""

import pytest

from chaos.client.call import Try
from chaos.exchange import Answer, Failure
from chaos.run.simulated import SimulatedWorld
from chaos.run.virtual import VirtualTicket, VirtualTime
from chaos.run.world import Ticket, run_blocking, send
from tests.run.made import one_try, world_of


def test_send_gives_the_reply() -> None:
    clock, world, _ = world_of(lambda _request, _now: Answer(201, {}, b"made"))
    came: list[object] = []

    async def program() -> None:
        came.append(await send(world, 0, one_try()))

    clock.play([(0.0, program())])

    assert came == [Answer(201, {}, b"made")]


class WithoutTimeouts(SimulatedWorld):
    """A world whose attempts are ended by nothing but being given up."""

    def start(self, client: int, attempt: Try) -> VirtualTicket:
        return VirtualTicket()

    def cancel(self, ticket: Ticket) -> None:
        assert isinstance(ticket, VirtualTicket)
        ticket.end(Failure("cancelled", written=True), self.now())


def test_send_never_waits_much_longer_than_the_attempts_own_timeouts() -> None:
    clock = VirtualTime()
    world = WithoutTimeouts(clock, {}, {}, 0.0, lambda _: None)
    ended: list[tuple[object, float]] = []

    async def program() -> None:
        ended.append((await send(world, 0, one_try(total=5.0)), clock.now))

    clock.play([(0.0, program())])

    assert ended == [(Failure("cancelled", written=True), 6.0)]


def test_a_program_that_never_suspends_is_driven_to_its_end() -> None:
    async def inner() -> int:
        return 20

    async def program() -> int:
        return await inner() + 1

    assert run_blocking(program()) == 21


def test_what_a_program_raises_comes_out() -> None:
    async def program() -> None:
        raise LookupError("as it is")

    with pytest.raises(LookupError, match="as it is"):
        run_blocking(program())


def test_a_program_that_suspends_without_a_loop_is_a_bug_of_ours() -> None:
    clock, _, _ = world_of()

    with pytest.raises(AssertionError, match="suspended"):
        run_blocking(clock.sleep_until(1.0))
