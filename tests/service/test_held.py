"""Answers that are not due yet."""

from math import inf

from hypothesis import given
from hypothesis import strategies as st

from chaos.exchange import Answer
from chaos.service.held import Held, for_ever

DONE = Answer(200)
TIMES = st.floats(min_value=0.0, max_value=1e9)


@given(TIMES, TIMES)
def test_a_held_request_ends_when_it_is_due_and_not_before(until: float, now: float) -> None:
    held = Held(until, lambda _: DONE)
    assert held.resume(now) is (DONE if now >= until else None)


@given(TIMES, TIMES)
def test_whoever_holds_it_is_told_when_it_is_due_sooner(until: float, moved: float) -> None:
    told: list[float] = []
    held = Held(until, lambda _: DONE)
    held.moved = lambda: told.append(held.until)
    held.move(moved)
    assert held.until == moved
    assert told == ([moved] if moved < until else [])


def test_nobody_need_be_told() -> None:
    held = Held(2.0, lambda _: DONE)
    held.move(1.0)
    assert held.resume(1.0) is DONE


def test_what_is_held_for_ever_never_ends() -> None:
    held = for_ever()
    assert held.until == inf
    assert held.resume(1e12) is None
    held.move(0.0)
    assert held.resume(1.0) is None
