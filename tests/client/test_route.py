"""Where calls go, decided step by step without a call in sight."""

from dataclasses import replace
from itertools import pairwise
from math import inf
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from chaos.client.call import Work
from chaos.client.policy import Failover, Policy
from chaos.client.presets import RECOMMENDED
from chaos.client.reading import Reading
from chaos.client.route import NEVER, Choice, Hold, Route
from tests.client.playing import wiring

RULE = RECOMMENDED.failover or Failover()


def route(policy: Policy = RECOMMENDED, seed: int = 1) -> Route:
    return Route(policy, wiring(), Random(seed))


def fail(where: Route, index: int, times: int, now: float) -> None:
    for _ in range(times):
        where.failed(index, now, now, 1, "refused")


def test_a_call_goes_home_first_and_then_to_the_next_region() -> None:
    where = route()
    assert where.choose([0, 0], 0.0, 1) == Choice(0, "first")
    assert where.choose([1, 0], 0.0, 1) == Choice(0, "retry")
    assert where.choose([2, 0], 0.0, 1) == Choice(1, "failover")
    assert where.choose([2, 2], 0.0, 1) == Hold(0.0, "us-south is worth another round")
    assert where.choose([NEVER, 2], 0.0, 1) == Hold(0.0, "us-east is worth another round")


def test_home_moves_on_proof_and_not_before() -> None:
    where = route()
    fail(where, 0, 3, 1.0)
    assert where.home == 0
    assert where.choose([0, 0], 1.0, 1) == Choice(1, "failover")
    where.succeeded(1, 1.0, 1.1, 1)
    assert where.home == 1
    assert where.choose([0, 0], 1.2, 1) == Choice(1, "first")
    assert [decision.kind for decision in where.noted] == ["breaker_opened", "failover"]


def test_home_does_not_move_where_the_backup_fails_too() -> None:
    where = route()
    for index in (0, 1):
        fail(where, index, 3, 1.0)
    assert where.home == 0
    held = where.choose([0, 0], 1.5, 1)
    assert isinstance(held, Hold)
    assert 2.0 <= held.until <= 3.0
    assert held.why in ("us-south has its breaker open", "us-east has its breaker open")
    assert held.until == min(region.retry_at for region in where.regions)


def test_home_moves_no_faster_than_the_dwell_but_calls_do() -> None:
    where = route()
    fail(where, 0, 3, 1.0)
    where.succeeded(1, 1.0, 1.1, 1)
    fail(where, 1, 3, 2.0)
    where.regions[0].close()
    where.succeeded(0, 3.0, 3.1, 1)
    assert where.home == 1
    assert where.choose([0, 0], 3.2, 1) == Choice(0, "failover")


def test_one_probe_at_a_time_and_its_end_makes_room() -> None:
    where = route()
    fail(where, 0, 3, 1.0)
    where.succeeded(1, 1.0, 1.1, 1)
    assert where.choose([0, 0], 4.0, 1) == Choice(0, "probe", probe=True)
    assert where.choose([0, 0], 4.0, 2) == Choice(1, "first")
    assert where.choose([0, 0], 4.4, 3) == Choice(0, "probe", probe=True), "that one was lost"
    where.failed(0, 4.4, 4.5, 3, "refused")
    assert where.choose([0, 0], 4.6, 4) == Choice(1, "first")


def test_a_probe_waits_as_long_as_its_region_usually_takes() -> None:
    where = route()
    assert where.probe_patience(0) == 0.3
    where.succeeded(0, 0.0, 0.5, 1)
    assert where.probe_patience(0) == 1.5


def test_a_failure_from_before_the_breaker_opened_is_old_news() -> None:
    where = route()
    fail(where, 0, 3, 1.0)
    due = where.regions[0].retry_at
    where.failed(0, 0.5, 1.2, 1, "read timeout")
    assert where.regions[0].retry_at == due


def test_a_success_from_before_the_breaker_opened_is_old_news_too() -> None:
    where = route()
    fail(where, 0, 3, 1.0)
    where.succeeded(0, 0.5, 1.2, 1)
    assert where.regions[0].state == "open"


def test_a_backup_that_failed_is_healthy_again_after_one_probe() -> None:
    where = route()
    fail(where, 1, 3, 1.0)
    assert where.choose([2, 0], 1.5, 1) == Hold(1.5, "us-south is worth another round")
    assert where.choose([2, 0], 4.0, 1) == Choice(1, "probe", probe=True)
    where.succeeded(1, 4.0, 4.1, 1)
    assert where.regions[1].state == "closed"


def test_a_shorter_hold_does_not_lift_a_longer_one() -> None:
    where = route()
    where.hold(0, 10.0, 0.0, 1)
    where.hold(0, 5.0, 0.0, 1)
    assert where.regions[0].held_until == 10.0
    assert len(where.noted) == 1


def test_a_hedge_goes_where_it_may() -> None:
    where = route()
    assert where.beside(0, 0.0) == 1
    where.hold(1, 10.0, 0.0, 1)
    assert where.beside(0, 0.0) == 0
    where.hold(0, 10.0, 0.0, 1)
    assert where.beside(0, 0.0) is None


def test_the_way_back_has_its_steps_and_an_error_begins_it_anew() -> None:
    where = route()
    fail(where, 0, 3, 0.0)
    where.succeeded(1, 0.0, 0.1, 1)
    region, now, steps = where.regions[0], 20.0, []
    while where.home == 1:
        where.succeeded(0, now, now, 1)
        steps.append(region.step)
        now += 0.5
    assert 0.1 + RULE.dwell <= now <= 0.1 + RULE.dwell * 1.03 + 3 * 1.5 + 1.0
    assert [step for step in dict.fromkeys(steps) if step >= 0] == [0, 1, 2]
    fail(where, 0, 3, 100.0)
    where.succeeded(1, 100.0, 100.1, 1)
    where.succeeded(0, 110.0, 110.1, 1)
    where.failed(0, 111.0, 111.1, 1, "refused")
    assert where.calm == RULE.calm * RULE.relapse
    assert region.calm_since is None


@settings(max_examples=60)
@given(
    seed=st.integers(0, 1000),
    events=st.lists(st.tuples(st.floats(0.0, 5.0), st.integers(0, 1), st.booleans()), max_size=120),
)
def test_homes_keep_their_dwell_whatever_happens(
    seed: int, events: list[tuple[float, int, bool]]
) -> None:
    where, now, switches = route(seed=seed), 0.0, []
    for later, index, works in events:
        now += later
        if works:
            where.succeeded(index, now, now, 1)
        else:
            where.failed(index, now, now, 1, "refused")
        switches += [each.at for each in where.noted if each.kind in ("failover", "failback")]
        where.noted.clear()
    assert all(b - a >= RULE.dwell for a, b in pairwise(switches))


def test_wraps_give_way_while_the_last_region_left_throttles() -> None:
    where = route()
    work, throttled = Work(1, "unwrap"), Reading("throttled", why="429")
    assert where.blame(1, 1.0, throttled, 1.0, work) == 1
    assert not where.yields("wrap", 1, 1.5), "home is free and may take it"
    fail(where, 0, 3, 1.0)
    assert where.yields("wrap", 1, 0.9 + RULE.strain)
    assert not where.yields("unwrap", 1, 0.9 + RULE.strain)
    assert not where.yields("wrap", 1, 1.0 + RULE.strain)
    assert not route(replace(RECOMMENDED, failover=None)).yields("wrap", 0, 0.0)


def test_a_hold_says_what_was_asked_for_and_how_long_it_is() -> None:
    where = route()
    where.hold(0, 3.233, 0.0, 1, 2.0)
    where.hold(1, 2.0, 0.0, 1, 2.0)

    assert [decision.why for decision in where.noted] == [
        "it asked to be left alone for 2.000 s and is for 3.233 s, jitter on top",
        "it asked to be left alone for 2.000 s",
    ]


def test_a_hold_without_an_end_is_said_to_be_for_ever() -> None:
    where = route()
    where.hold(0, inf, 0.0, 1, inf)

    assert where.noted[0].why == "it asked to be left alone for ever"
