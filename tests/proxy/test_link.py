import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.proxy.link import Link, Toxic
from chaos.proxy.toxics import (
    Bandwidth,
    Chunk,
    Effect,
    End,
    Event,
    Latency,
    LimitData,
    Noop,
    PacketLoss,
    Reset,
    ResetPeer,
    Slicer,
    SlowClose,
    Timeout,
)

_SECONDS = st.floats(0, 2)
# Effects that neither drop nor close: whatever happens, every byte comes out.
_HARMLESS: st.SearchStrategy[Effect] = st.one_of(
    st.builds(Latency, _SECONDS, _SECONDS),
    st.builds(Bandwidth, st.floats(0, 1e5)),
    st.builds(SlowClose, _SECONDS),
    st.builds(Slicer, st.integers(0, 30), st.integers(0, 40), st.floats(0, 0.1)),
    st.just(Noop()),
)
_ANY: st.SearchStrategy[Effect] = st.one_of(
    _HARMLESS,
    st.builds(Timeout, _SECONDS),
    st.builds(ResetPeer, _SECONDS),
    st.builds(LimitData, st.integers(0, 60)),
    st.builds(PacketLoss, st.floats(0, 1), st.floats(0, 1)),
)
_TOXICITY = st.sampled_from([0.0, 0.5, 1.0])
_WHEN = st.sampled_from(["drained at once", "drained late"])
_NAMES = st.sampled_from("abcd")

Action = Callable[[Link, float], bool]


def _feed(data: bytes) -> Action:
    def act(link: Link, now: float) -> bool:
        link.feed(Chunk(now, data))
        return True

    return act


def _put(name: str, effect: Effect, toxicity: float) -> Action:
    """Add the toxic or, where one of its name stands, change it (its kind stays)."""

    def act(link: Link, now: float) -> bool:
        present = link.find(name)
        if present is None:
            link.add(Toxic(name, effect, toxicity), now)
        elif type(present.effect) is type(effect):
            link.update(Toxic(name, effect, toxicity, present.counts), now)
        return False

    return act


def _lift(name: str) -> Action:
    def act(link: Link, now: float) -> bool:
        if link.find(name) is not None:
            link.remove(name, now)
        return False

    return act


def _actions(effects: st.SearchStrategy[Effect]) -> st.SearchStrategy[list[tuple[float, Action]]]:
    action = st.one_of(
        st.binary(min_size=1, max_size=50).map(_feed),
        st.binary(min_size=1, max_size=50).map(_feed),
        st.builds(_put, _NAMES, effects, _TOXICITY),
        st.builds(_lift, _NAMES),
    )
    return st.lists(st.tuples(st.floats(0, 0.5), action), max_size=25)


def _play(
    actions: list[tuple[float, Action]], numbered: bytes, *, drained: bool
) -> tuple[bytes, list[Event], Link, float]:
    """Feed slices of ``numbered`` between changes; everything that left, and the link after."""
    link, now, at = Link((), random.Random(1)), 0.0, 0
    left: list[Event] = []
    for wait, action in actions:
        now += wait
        if drained:
            left += link.drain(now)
        if action.__qualname__.startswith("_feed"):
            size = 1 + at % 50
            link.feed(Chunk(now, numbered[at : at + size]))
            at += size
        else:
            action(link, now)
    return numbered[:at], left, link, now


_NUMBERED = bytes(random.Random(4).randbytes(4000))


@given(_actions(_HARMLESS), _WHEN)
def test_no_byte_is_lost_reordered_or_invented_whatever_changes(
    actions: list[tuple[float, Action]], when: str
) -> None:
    fed, left, link, now = _play(actions, _NUMBERED, drained=when == "drained at once")
    link.feed(End(now))
    for name in link.names():
        link.remove(name, now)
    left += link.drain(now)

    assert b"".join(event.data for event in left if isinstance(event, Chunk)) == fed
    assert left[-1] == End(now)
    assert link.held == 0
    assert link.idle


@given(_actions(_ANY), _WHEN)
def test_what_leaves_is_a_subsequence_of_what_came_and_nothing_follows_the_end(
    actions: list[tuple[float, Action]], when: str
) -> None:
    fed, left, link, now = _play(actions, _NUMBERED, drained=when == "drained at once")
    for _ in range(200):
        due = link.due()
        if due is None:
            break
        left += link.drain(max(now, due))
        now = max(now, due)

    data = b"".join(event.data for event in left if isinstance(event, Chunk))
    wanted = iter(fed)
    assert all(byte in wanted for byte in data)
    ends = [event for event in left if not isinstance(event, Chunk)]
    assert len(ends) <= 1
    assert not ends or left[-1] is ends[0]
    assert link.held >= 0


@given(_actions(_ANY))
def test_after_draining_nothing_is_due_in_the_past(actions: list[tuple[float, Action]]) -> None:
    _, _, link, now = _play(actions, _NUMBERED, drained=True)
    link.drain(now)

    due = link.due()

    assert due is None or due > now


@given(_actions(_ANY))
def test_counts_add_up(actions: list[tuple[float, Action]]) -> None:
    _, _, link, now = _play(actions, _NUMBERED, drained=True)
    link.drain(now + 100)

    for name in link.names():
        toxic = link.find(name)
        assert toxic is not None
        counts = toxic.counts
        assert counts.eligible == 1
        assert counts.injected <= counts.matched <= 1
        assert counts.escaped >= 0
        assert counts.injected + counts.escaped <= counts.eligible
        assert (counts.first is None) == (counts.injected == 0)
        assert counts.measured >= counts.asked - 1e-9


def test_latencies_add_up_along_the_chain() -> None:
    link = Link([Toxic("a", Latency(0.1)), Toxic("b", Latency(0.2))], random.Random(0))
    link.feed(Chunk(1.0, b"x"))

    assert link.drain(1.29) == []
    (left,) = link.drain(1.31)
    assert left.at == pytest.approx(1.3)


def test_a_toxic_added_later_does_not_see_what_has_left_the_one_before() -> None:
    link = Link([Toxic("a", Latency(0.1))], random.Random(0))
    link.feed(Chunk(0.0, b"x"))
    link.add(Toxic("b", Latency(0.5)), now=0.05)
    link.feed(Chunk(0.05, b"y"))

    # It stands behind the first one, which still holds x: both pass it.
    assert link.drain(0.2) == []
    assert [event.at for event in link.drain(1.0)] == pytest.approx([0.6, 0.65])


def test_a_delay_is_measured_by_when_it_was_drained() -> None:
    slow = Toxic("slow", Latency(0.1))
    link = Link([slow], random.Random(0))
    link.feed(Chunk(1.0, b"x"))
    link.drain(1.102)

    assert slow.counts.delayed == 1
    assert slow.counts.asked == pytest.approx(0.1)
    assert slow.counts.measured == pytest.approx(0.102)
    assert slow.counts.late == pytest.approx(0.002)
    assert slow.counts.first == 1.0


def test_a_link_that_loses_the_draw_is_eligible_and_escapes() -> None:
    toxic = Toxic("slow", Latency(0.1), toxicity=0.5)
    hits = 0
    for seed in range(400):
        link = Link([toxic], random.Random(seed))
        link.feed(Chunk(0.0, b"x"))
        hits += not link.drain(0.0)

    assert toxic.counts.eligible == 400
    assert toxic.counts.matched == toxic.counts.injected == hits
    assert toxic.counts.escaped == 400 - hits
    assert 160 < hits < 240


def test_raising_toxicity_keeps_those_who_were_hit() -> None:
    for seed in range(50):
        link = Link([Toxic("t", Latency(1.0), toxicity=0.5)], random.Random(seed))
        link.feed(Chunk(0.0, b"x"))
        hit_before = not link.drain(0.0)
        link.update(Toxic("t", Latency(1.0), toxicity=0.8), now=0.1)
        link.feed(Chunk(0.1, b"y"))
        hit_after = not link.drain(0.1)

        assert hit_after >= hit_before


def test_a_reset_of_a_peer_travels_behind_its_bytes() -> None:
    link = Link([Toxic("slow", Latency(0.1))], random.Random(0))
    link.feed(Chunk(0.0, b"x"))
    link.feed(Reset(0.01))

    assert link.drain(0.2) == [Chunk(0.1, b"x"), Reset(0.1)]


def test_the_sender_is_held_back_by_what_the_link_holds() -> None:
    link = Link([Toxic("stuck", Bandwidth(0.0))], random.Random(0))
    for _ in range(3):
        link.feed(Chunk(0.0, bytes(32 << 10)))

    assert link.held == 96 << 10
    assert link.held > link.room
    link.remove("stuck", 1.0)
    assert sum(len(event.data) for event in link.drain(1.0) if isinstance(event, Chunk)) == 96 << 10
    assert link.held == 0
