"""Faults in force: their chance, their leases, their proof."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.errors import ScenarioError
from chaos.service.aim import Aim
from chaos.service.injected import Faults, Injected

WRAP = Aim("wrap", "tenant", "key")


def faults(seed: object = 0) -> Faults:
    return Faults(seed, lambda *_: None)


def drawn(region: object, name: str, share: float = 0.3, **more: object) -> list[bool]:
    some = faults(region)
    some.inject(name, {"kind": "hang", "share": share, **more}, 0.0)
    return [some.meet(WRAP).instead is not None for _ in range(50)]


def test_the_seed_and_the_name_decide_whom_a_share_meets() -> None:
    assert drawn(1, "a") == drawn(1, "a")
    assert drawn(1, "a") != drawn(2, "a")
    assert drawn(1, "a") != drawn(1, "b")
    assert drawn(1, "a", seed=5) == drawn(2, "b", seed=5)


@given(st.floats(0.05, 1.0), st.integers(0, 5))
def test_about_the_share_is_met_and_every_request_is_counted(share: float, seed: int) -> None:
    some = faults(seed)
    made = some.inject("one", {"kind": "hang", "share": share}, 0.0)
    met = sum(some.meet(WRAP).instead is not None for _ in range(1000))
    assert abs(met / 1000 - share) < 5 * (share * (1 - share) / 1000) ** 0.5 + 1e-9
    assert (made.counts.eligible, made.counts.matched) == (1000, met)
    some.meet(Aim("token"))
    assert made.counts.eligible == 1000


def test_the_first_fault_answers_and_the_others_know_that_they_did_not() -> None:
    some = faults()
    first = some.inject("first", {"kind": "throttle"}, 0.0)
    second = some.inject("second", {"kind": "error"}, 0.0)
    slow = some.inject("slow", {"kind": "slow", "latency": 1.0}, 0.0)
    lost = some.inject("lost", {"kind": "answers_lost"}, 0.0)
    met = some.meet(WRAP)
    assert met.instead is first
    assert (met.slower, met.after) == ((slow,), (lost,))
    assert second.counts.matched == 1
    assert second.counts.injected == 0


@given(st.floats(0.0, 5.0), st.floats(0.0, 9.0), st.integers(0, 20))
def test_slowness_adds_up_within_its_jitter_and_is_never_negative(
    latency: float, jitter: float, seed: int
) -> None:
    some = faults(seed)
    for name in ("a", "b"):
        some.inject(name, {"kind": "slow", "latency": latency, "jitter": jitter}, 0.0)
    delay = some.meet(WRAP).delay(3.0)
    least = 2 * max(0.0, latency - jitter)
    assert least - 1e-9 <= delay <= 2 * (latency + jitter) + 1e-9
    counts = some.by_name["a"].counts
    assert (counts.injected, counts.first, counts.last) == (1, 3.0, 3.0)


def test_a_fault_of_the_same_name_takes_the_place_of_the_other_with_counts_of_its_own() -> None:
    seen: list[tuple[str, str]] = []
    some = Faults(0, lambda verb, which, _: seen.append((verb, which.fault.kind)))
    some.inject("one", {"kind": "hang"}, 0.0)
    some.meet(WRAP)
    some.inject("one", {"kind": "error"}, 1.0)
    assert seen == [("inject", "hang"), ("heal", "hang"), ("inject", "error")]
    assert some.by_name["one"].counts.eligible == 0


def test_what_the_region_refuses_is_not_in_force() -> None:
    def refuse(verb: str, which: Injected, now: float) -> None:
        raise ScenarioError("no")

    some = Faults(0, refuse)
    with pytest.raises(ScenarioError):
        some.inject("one", {"kind": "hang"}, 0.0)
    assert not some.by_name
    assert not some.meeting


Steps = st.lists(
    st.tuples(
        st.sampled_from(["inject", "renew", "wait", "heal"]),
        st.sampled_from("abc"),
        st.floats(0.1, 5.0),
    ),
    max_size=30,
)


@given(Steps)
def test_leases_are_kept_as_a_simple_book_keeps_them(steps: list[tuple[str, str, float]]) -> None:
    some, now = faults(), 0.0
    book: dict[str, tuple[float, float]] = {}
    for verb, name, seconds in steps:
        if verb == "wait":
            now += seconds
        some.lapse(now)
        book = {each: kept for each, kept in book.items() if kept[1] > now}
        if verb == "inject":
            some.inject(name, {"kind": "hang", "lease": seconds}, now)
            book[name] = (seconds, now + seconds)
        elif verb == "renew":
            assert sorted(some.renew(now)) == sorted(book)
            book = {each: (lasts, now + lasts) for each, (lasts, _) in book.items()}
        elif verb == "heal" and name in book:
            del book[name]
            some.heal(name, now)
        assert set(some.by_name) == set(book)
        assert some.lapses == min((until for _, until in book.values()), default=float("inf"))
