"""Zones in turn, and how a dead one is noticed."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from chaos.service.zones import Zones

A, B, C = "r-1", "r-2", "r-3"


def taken(zones: Zones, now: float, requests: int = 30) -> Counter[str | None]:
    return Counter(zones.next(now) for _ in range(requests))


def test_a_dead_zone_gets_its_third_until_it_is_ejected_and_again_once_it_is_taken_back() -> None:
    zones = Zones("r", ejects_after=5.0, readmits_after=2.0)
    assert taken(zones, 0.0) == {A: 10, B: 10, C: 10}
    zones.lose(frozenset({B}), 10.0)
    assert zones.lost == {B}
    assert taken(zones, 14.9) == {A: 10, B: 10, C: 10}
    assert taken(zones, 15.0) == {A: 15, C: 15}
    zones.lose(frozenset(), 20.0)
    assert zones.lost == frozenset()
    assert taken(zones, 21.9) == {A: 15, C: 15}
    assert taken(zones, 22.0) == {A: 10, B: 10, C: 10}


def test_a_loss_that_nobody_noticed_costs_no_time_to_take_back() -> None:
    zones = Zones("r", ejects_after=5.0, readmits_after=100.0)
    zones.lose(frozenset({B}), 0.0)
    zones.lose(frozenset(), 1.0)
    assert taken(zones, 6.0) == {A: 10, B: 10, C: 10}


def test_a_zone_that_is_lost_again_before_it_is_taken_back_stays_out() -> None:
    zones = Zones("r", ejects_after=5.0, readmits_after=5.0)
    zones.lose(frozenset({B}), 0.0)
    zones.lose(frozenset(), 10.0)
    zones.lose(frozenset({B}), 12.0)
    assert taken(zones, 12.0) == {A: 15, C: 15}
    assert taken(zones, 100.0) == {A: 15, C: 15}


def test_without_any_zone_there_is_nobody() -> None:
    zones = Zones("r", ejects_after=0.0)
    zones.lose(frozenset({A, B, C}), 0.0)
    assert zones.working == 0.0
    assert zones.next(0.0) is None


@given(
    st.lists(
        st.tuples(st.floats(0.0, 10.0), st.sets(st.sampled_from([A, B, C])), st.integers(0, 9)),
        max_size=20,
    ),
    st.floats(0.0, 20.0),
    st.floats(0.0, 20.0),
)
def test_live_zones_that_were_never_lost_share_evenly_and_always_get_some(
    steps: list[tuple[float, set[str], int]], ejects: float, readmits: float
) -> None:
    zones = Zones("r", ejects_after=ejects, readmits_after=readmits)
    now = 0.0
    ever_lost: set[str] = set()
    for later, lost, requests in steps:
        now += later
        ever_lost |= lost
        zones.lose(frozenset(lost), now)
        for zone, given_to in taken(zones, now, requests).items():
            assert zone is None or given_to >= 0
            assert zone is None or not zones.ejected(zone, now)
    healthy = [zones.served[zone] for zone in (A, B, C) if zone not in ever_lost]
    assert not healthy or max(healthy) - min(healthy) <= 1
