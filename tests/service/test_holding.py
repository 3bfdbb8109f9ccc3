"""Answers that are not due yet, on one connection: in their turn, in their time."""

import asyncio
import time
from collections.abc import Callable
from math import inf
from typing import Any, cast

from chaos.exchange import Answer, Failure, Reply, Request
from chaos.service.held import CLOSED, RESET, Held, Received
from chaos.service.protocol import OWED_AT_MOST, HttpConnection
from tests.service.test_protocol import Wire

SOON = 0.02


def ask(path: str, more: str = "") -> bytes:
    return f"GET /{path} HTTP/1.1\r\nHost: h\r\n{more}\r\n".encode()


def said(wire: Wire) -> list[str]:
    """The bodies that were sent, in order."""
    answers = b"".join(wire.sends).split(b"HTTP/1.1 ")
    return [each.rpartition(b"\r\n\r\n")[2].decode() for each in answers[1:]]


class Played:
    """A connection on a loop of its own, whose requests are held as their paths say."""

    def __init__(self) -> None:
        self.wire = Wire()
        self.held: dict[str, Held] = {}
        self.carried_out: list[str] = []
        self.connection = HttpConnection(self._respond, set())
        self.connection.connection_made(cast("Any", self.wire))

    def _respond(self, request: Request) -> Received:
        name = request.path[1:]
        verb = name.split("-")[0]
        at_once: dict[str, Received] = {"reset": RESET, "closed": CLOSED}
        if verb in at_once:
            return at_once[verb]
        if verb == "now":
            return Answer(200, {}, name.encode())
        until = inf if verb == "never" else time.time() + SOON
        held = self.held[name] = Held(until, self._finish(name))
        return held

    def _finish(self, name: str) -> Callable[[float], Reply]:
        def finish(_: float) -> Reply:
            self.carried_out.append(name)
            return RESET if name.startswith("lost") else Answer(200, {}, name.encode())

        return finish

    def feed(self, *requests: bytes) -> "Played":
        self.connection.data_received(b"".join(requests))
        return self


def play(act: Callable[[Played], None], lasts: float = 5 * SOON) -> Played:
    """Let something happen to a connection, and then time pass."""

    async def both() -> Played:
        played = Played()
        act(played)
        await asyncio.sleep(lasts)
        return played

    return asyncio.run(both())


def test_a_held_request_is_answered_when_it_is_due() -> None:
    def act(played: Played) -> None:
        played.feed(ask("later"))
        assert played.wire.sends == []

    assert said(play(act).wire) == ["later"]


def test_pipelined_answers_keep_the_order_of_their_requests() -> None:
    played = play(lambda played: _ignore(played.feed(ask("now"), ask("later"), ask("now-2"))))
    assert said(played.wire) == ["now", "later", "now-2"]
    played = play(lambda played: _ignore(played.feed(ask("never"), ask("now"), ask("later"))))
    assert said(played.wire) == []
    assert played.carried_out == ["later"]


def _ignore(_: object) -> None:
    """A lambda that gives nothing."""


def test_what_is_due_sooner_after_all_comes_sooner() -> None:
    def act(played: Played) -> None:
        played.feed(ask("never"))
        played.held["never"].move(time.time())

    assert said(play(act).wire) == ["never"]


def test_what_is_due_later_after_all_comes_later() -> None:
    def act(played: Played) -> None:
        played.feed(ask("later"))
        played.held["later"].move(inf)

    assert play(act).carried_out == []


def test_a_dropped_connection_gives_nothing_more() -> None:
    for failure, expected in (("reset", "abort"), ("closed", "close"), ("lost", "abort")):
        played = play(lambda played, asked=failure: _ignore(played.feed(ask(asked), ask("now"))))  # type: ignore[misc]  # a default binds early
        assert said(played.wire) == []
        assert expected in played.wire.done


def test_what_was_answered_before_the_drop_is_written_before_it() -> None:
    played = play(lambda played: _ignore(played.feed(ask("now"), ask("reset"))))
    assert said(played.wire) == ["now"]
    assert played.wire.done[-1] == "abort"


def test_a_caller_who_leaves_does_not_stop_the_work() -> None:
    def act(played: Played) -> None:
        played.feed(ask("later"))
        played.connection.connection_lost(None)

    played = play(act)
    assert played.carried_out == ["later"]
    assert played.wire.sends == []


def test_a_connection_that_is_to_be_closed_waits_for_what_it_owes() -> None:
    def act(played: Played) -> None:
        played.feed(ask("later", "Connection: close\r\n"))
        assert "close" not in played.wire.done

    played = play(act)
    assert said(played.wire) == ["later"]
    assert played.wire.done[-1] == "close"


def test_broken_bytes_behind_a_held_request_are_refused_in_their_turn() -> None:
    played = play(lambda played: _ignore(played.feed(ask("later"), b"\x00\x00\r\n\r\n")))
    assert b"".join(played.wire.sends).index(b"200 OK") == len("HTTP/1.1 ")
    assert b"400 Bad Request" in b"".join(played.wire.sends)
    assert "close" in played.wire.done


def test_whoever_asks_for_too_much_at_once_is_not_read_from() -> None:
    def act(played: Played) -> None:
        played.feed(*[ask(f"later-{number}") for number in range(OWED_AT_MOST)])
        assert played.wire.done == ["pause_reading"]

    played = play(act)
    assert len(said(played.wire)) == OWED_AT_MOST


def test_failures_are_what_the_exchange_calls_them() -> None:
    assert Failure("reset", written=True) == RESET
    assert Failure("closed", written=True) == CLOSED
