"""Simulated wires: every toxic kind bites as on sockets, live changes too, and timeouts are exact.

A wire answers ANSWER_LASTS after the request is there and connects in CONNECT_LASTS; instants are
compared exactly, since virtual time has no slack.
"""

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.client.call import Try
from chaos.exchange import Answer, Failure, Reply, Request
from chaos.proxy.link import Link, Toxic
from chaos.proxy.toxics import (
    Bandwidth,
    Effect,
    Latency,
    LimitData,
    Noop,
    PacketLoss,
    ResetPeer,
    Slicer,
    SlowClose,
    Timeout,
)
from chaos.run.faults import Stream
from chaos.run.flight import Flight
from chaos.run.virtual import VirtualTime
from chaos.run.wires import ANSWER_LASTS, CONNECT_LASTS, HEAD_SIZE, Wire
from chaos.service.held import Held

BODY = b"b" * 100
QUICK = CONNECT_LASTS + ANSWER_LASTS
Seen = tuple[Reply | None, float]


class Stand:
    """One wire, and attempts over it that are sent and changed at given instants."""

    def __init__(self, **toxics: Effect) -> None:
        self.clock = VirtualTime()
        self.served: list[float] = []
        self.flights: list[Flight] = []
        self.wire = Wire(self.clock, self._respond, Random(7))
        for stream, effect in toxics.items():
            self.poison(stream, effect)  # type: ignore[arg-type]

    def _respond(self, request: Request, now: float) -> Answer:
        self.served.append(now)
        return Answer(200, {}, BODY)

    def poison(self, stream: Stream, effect: Effect) -> None:
        """Add a toxic for connections to come."""
        self.wire.toxics[stream].append(Toxic("it", effect))

    def send(self, at: float = 0.0, /, **changes: object) -> Flight:
        """One attempt of client 1 at that instant, played to its end."""
        return self.send_all((at, 1), **changes)[0]

    def send_all(self, *plan: tuple[float, int], **changes: object) -> list[Flight]:
        """Attempts at (instant, client), played to the end of the last."""
        self.flights.clear()

        async def one(client: int) -> None:
            flight = self.wire.send(client, attempt(**changes))
            self.flights.append(flight)
            await self.clock.first([flight], float("inf"))

        self.clock.play([(at, one(client)) for at, client in plan])
        return list(self.flights)

    def cancel(self) -> None:
        """Give the last attempt up."""
        self.flights[-1].cancel()

    def later(self, at: float, action: Callable[[], None]) -> None:
        """Do something at an instant."""
        self.clock.at(at, action)

    def edit(self, stream: Stream, edit: Callable[[Link, float], None]) -> None:
        """Change one direction of every live connection."""
        for connection in list(self.wire.live):
            connection.change(stream, edit)


def attempt(**changes: object) -> Try:
    fields: dict[str, object] = {"connect": 1.0, "read": 5.0, "total": 9.0, "fresh": False}
    fields.update(changes)
    request = Request("POST", "/", (), b"r" * 50)
    return Try(1, "us-south", "http://x", request, waited=0.0, why="first", **fields)  # type: ignore[arg-type]


def seen(flight: Flight) -> Seen:
    return flight.reply, flight.ended


def test_an_answer_takes_a_connect_and_a_hop_and_a_second_one_no_connect() -> None:
    stand = Stand()

    first, second = stand.send_all((0.0, 1), (1.0, 1))

    assert seen(first) == (Answer(200, {}, BODY), QUICK)
    assert seen(second) == (Answer(200, {}, BODY, reused=True), 1.0 + ANSWER_LASTS)


def test_a_fresh_attempt_leaves_the_pool_alone() -> None:
    stand = Stand()
    stand.send(0.0)

    assert seen(stand.send(1.0, fresh=True)) == (Answer(200, {}, BODY), 1.0 + QUICK)
    assert len(stand.wire.live) == 2


def test_two_attempts_of_a_client_at_once_have_a_connection_each() -> None:
    one, other = Stand().send_all((0.0, 1), (0.0, 1))

    assert one.connection is not other.connection
    assert one.ended == other.ended == QUICK


def test_a_disabled_wire_refuses_and_was_not_written() -> None:
    stand = Stand()
    stand.wire.enabled = False

    assert seen(stand.send()) == (Failure("refused", written=False), CONNECT_LASTS)


@pytest.mark.parametrize("before", [True, False], ids=["shut", "opened"])
def test_a_listener_must_be_there_from_the_connect_to_its_end(*, before: bool) -> None:
    stand = Stand()
    stand.wire.enabled = before
    stand.later(CONNECT_LASTS / 2, lambda: setattr(stand.wire, "enabled", not before))

    assert stand.send().reply == Failure("refused", written=False)


def test_latency_holds_the_answer_back() -> None:
    assert seen(Stand(downstream=Latency(0.5)).send()) == (Answer(200, {}, BODY), QUICK + 0.5)


def test_latency_on_the_way_there_delays_the_service() -> None:
    stand = Stand(upstream=Latency(0.5))

    assert stand.send().ended == pytest.approx(QUICK + 0.5, abs=1e-12)
    assert stand.served == [pytest.approx(CONNECT_LASTS + 0.5, abs=1e-12)]


def test_a_timeout_swallows_the_request_and_the_read_timeout_ends_it() -> None:
    stand = Stand(upstream=Timeout())

    assert seen(stand.send(read=0.3)) == (
        Failure("read_timeout", written=True),
        CONNECT_LASTS + 0.3,
    )
    assert stand.served == []


def test_a_timeout_with_an_end_closes_the_connection() -> None:
    assert seen(Stand(upstream=Timeout(0.7)).send()) == (
        Failure("closed", written=True),
        CONNECT_LASTS + 0.7,
    )


def test_a_timeout_on_the_way_back_lets_the_service_act_and_loses_the_answer() -> None:
    stand = Stand(downstream=Timeout())

    assert stand.send(read=0.3).reply == Failure("read_timeout", written=True)
    assert len(stand.served) == 1, "its outcome is unknown, not failed"


@pytest.mark.parametrize("stream", ["upstream", "downstream"])
def test_a_reset_is_a_reset(stream: str) -> None:
    stand = Stand(**{stream: ResetPeer(0.2)})

    assert stand.send().reply == Failure("reset", written=True)
    assert len(stand.served) == (stream == "downstream")


def test_a_limit_cuts_an_answer_in_the_middle() -> None:
    stand = Stand(downstream=LimitData(HEAD_SIZE + 10))

    assert stand.send().reply == Failure("truncated", written=True)


def test_a_limit_at_the_first_byte_is_a_close_and_no_truncation() -> None:
    assert Stand(downstream=LimitData(0)).send().reply == Failure("closed", written=True)


def test_a_thin_line_takes_its_time_and_each_piece_restarts_the_read_timeout() -> None:
    # 500 bytes at 100 B/s come in ten pieces a second, 10 bytes each.
    stand = Stand(downstream=Bandwidth(100.0))

    reply, ended = seen(stand.send(read=0.2))

    assert isinstance(reply, Answer)
    assert ended == pytest.approx(QUICK + (HEAD_SIZE + len(BODY)) / 100.0, abs=1e-9)


def test_a_slow_drip_ends_at_the_total_timeout_though_bytes_come() -> None:
    stand = Stand(downstream=Bandwidth(100.0))

    assert seen(stand.send(read=0.2, total=1.0)) == (Failure("total_timeout", written=True), 1.0)


def test_a_sliced_answer_is_whole_when_its_last_piece_came() -> None:
    stand = Stand(downstream=Slicer(average_size=100, delay=0.01))

    reply, ended = seen(stand.send())

    assert isinstance(reply, Answer)
    assert ended == pytest.approx(QUICK + 0.01 * 7, abs=1e-9), "500 bytes halve into 8 pieces"


@pytest.mark.parametrize("effect", [Noop(), SlowClose(3.0), PacketLoss(0.0), LimitData(10**6)])
def test_what_does_not_bite_changes_nothing(effect: Effect) -> None:
    assert seen(Stand(downstream=effect, upstream=effect).send()) == (
        Answer(200, {}, BODY),
        QUICK,
    )


def test_a_lost_answer_never_comes() -> None:
    stand = Stand(downstream=PacketLoss(1.0))

    assert stand.send(read=0.3).reply == Failure("read_timeout", written=True)


def test_closing_all_ends_what_is_under_way_and_empties_the_pools() -> None:
    stand = Stand(downstream=Latency(0.5))
    stand.later(0.1, stand.wire.close_all)

    assert seen(stand.send()) == (Failure("closed", written=True), 0.1)
    assert not stand.send(1.0).reused, "the pool holds no connection that was closed"


def test_a_toxic_added_under_way_meets_the_answer_that_is_still_to_come() -> None:
    stand = Stand(upstream=Latency(0.2))
    slow = Toxic("slow", Latency(1.0))
    stand.later(0.1, lambda: stand.edit("downstream", lambda link, now: link.add(slow, now)))

    assert stand.send().ended == pytest.approx(QUICK + 0.2 + 1.0, abs=1e-12)


def test_a_toxic_removed_under_way_lets_go_of_what_it_holds() -> None:
    stand = Stand(downstream=Latency(3.0))
    stand.later(0.1, lambda: stand.edit("downstream", lambda link, now: link.remove("it", now)))

    assert seen(stand.send()) == (Answer(200, {}, BODY), 0.1)


def test_requests_go_straight_again_when_the_toxic_before_them_is_gone() -> None:
    stand = Stand(upstream=Latency(0.2))
    stand.later(1.0, lambda: stand.edit("upstream", lambda link, now: link.remove("it", now)))

    slow, quick = stand.send_all((0.0, 1), (2.0, 1))

    assert slow.ended == pytest.approx(QUICK + 0.2, abs=1e-12)
    assert quick.ended == 2.0 + ANSWER_LASTS


def test_removing_what_swallowed_the_request_closes_its_connection() -> None:
    stand = Stand(upstream=Timeout())
    stand.later(0.1, lambda: stand.edit("upstream", lambda link, now: link.remove("it", now)))

    assert seen(stand.send()) == (Failure("closed", written=True), 0.1)


def test_a_toxic_that_ends_a_connection_by_itself_ends_an_idle_one_too() -> None:
    stand = Stand()
    cut = Toxic("cut", Timeout(0.5))
    stand.later(1.0, lambda: stand.edit("upstream", lambda link, now: link.add(cut, now)))

    first, second = stand.send_all((0.0, 1), (2.0, 1))

    assert isinstance(first.reply, Answer)
    assert not second.reused, "the kept connection was closed at 1.5 s"


def test_a_cancelled_attempt_takes_its_connection_with_it() -> None:
    stand = Stand(downstream=Latency(0.5))
    stand.later(0.1, stand.cancel)

    flight = stand.send()

    assert seen(flight) == (Failure("cancelled", written=True), 0.1)
    assert not stand.wire.live
    flight.cancel()
    assert flight.ended == 0.1, "what is over cannot be cancelled"


def test_an_attempt_given_up_before_it_was_connected_was_not_written() -> None:
    stand = Stand()
    stand.later(CONNECT_LASTS / 2, stand.cancel)

    assert stand.send().reply == Failure("cancelled", written=False)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [({"connect": 0.0001}, "connect_timeout"), ({"total": 0.0001}, "total_timeout")],
)
def test_a_connect_that_takes_longer_than_it_may_is_not_waited_for(
    changes: dict[str, object], kind: str
) -> None:
    flight = Stand().send(**changes)

    assert flight.reply == Failure(kind, written=False)  # type: ignore[arg-type]
    assert flight.ended == 0.0001


@given(
    st.floats(0.001, 3.0),
    st.floats(0.001, 3.0),
    st.floats(0.0, 3.0),
    st.sampled_from(["upstream", "downstream"]),
)
def test_an_attempt_ends_at_its_answer_or_at_the_first_of_its_timeouts(
    read: float, total: float, latency: float, stream: str
) -> None:
    flight = Stand(**{stream: Latency(latency)}).send(read=read, total=total)

    connected = CONNECT_LASTS if total > CONNECT_LASTS else 0.0
    expected = min(connected + read, total, QUICK + latency)
    assert flight.ended == pytest.approx(expected, abs=1e-9)
    assert flight.reply is not None
    assert isinstance(flight.reply, Answer) == (flight.ended >= QUICK + latency - 1e-9)


def held_until(until: float) -> tuple[Stand, Held]:
    """A stand whose service keeps the first request until that instant."""
    stand = Stand()
    held = Held(until, lambda _now: Answer(200, {}, BODY))
    stand.wire.respond = lambda _request, _now: held
    return stand, held


def test_an_answer_that_the_service_holds_comes_when_it_is_due() -> None:
    stand, _ = held_until(2.0)

    assert seen(stand.send()) == (Answer(200, {}, BODY), 2.0 + ANSWER_LASTS)


def test_a_held_answer_that_becomes_due_earlier_comes_earlier() -> None:
    stand, held = held_until(float("inf"))
    stand.later(1.0, lambda: held.move(1.5))

    assert seen(stand.send()) == (Answer(200, {}, BODY), 1.5 + ANSWER_LASTS)


def test_what_the_service_holds_for_ever_ends_by_the_attempts_timeout() -> None:
    stand, _ = held_until(float("inf"))

    flight = stand.send(read=0.5)

    assert flight.reply == Failure("read_timeout", written=True)


def test_a_request_is_carried_out_although_its_caller_has_gone() -> None:
    stand, _ = held_until(2.0)
    done: list[float] = []

    def carry_out(now: float) -> Answer:
        done.append(now)
        return Answer(200)

    stand.wire.respond = lambda _request, _now: Held(2.0, carry_out)
    stand.later(3.0, lambda: None)

    assert seen(stand.send(read=0.5))[0] == Failure("read_timeout", written=True)
    stand.send(2.5)
    assert done[0] == 2.0


def test_a_connection_that_the_service_drops_fails_the_attempt_on_it() -> None:
    stand = Stand()
    stand.wire.respond = lambda _request, _now: Failure("reset", written=True)

    assert stand.send().reply == Failure("reset", written=True)
    assert not stand.wire.live
