"""The load's plan: seeded, in due order, at the rate and the mix that were asked for."""

from collections import Counter
from dataclasses import replace
from itertools import islice, pairwise
from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaos.scenario import Scenario, read
from chaos.scenario.arrivals import _kind, arrivals
from chaos.scenario.model import ArrivalProcess, OperationKind
from tests.scenario.strategies import SHIPPED, scenarios

# Of the shipped scenario with its own seed: number, due, client, kind.
FIRST = (0, 0.038816, 42, "wrap")
LAST = (7362, 69.98991, 33, "unwrap")


def shipped(**load: object) -> Scenario:
    scenario = read(SHIPPED.read_text(), "f.yaml")
    return replace(scenario, load=replace(scenario.load, **load))  # type: ignore[arg-type]  # a test's own words


@settings(max_examples=40)
@given(scenarios())
def test_arrivals_are_in_due_order_and_within_the_scenario(scenario: Scenario) -> None:
    planned = list(islice(arrivals(scenario), 300))
    assert [arrival.number for arrival in planned] == list(range(len(planned)))
    assert all(early.due <= late.due for early, late in pairwise(planned))
    shares = dict(scenario.load.mix)
    for arrival in planned:
        assert 0.0 <= arrival.due < scenario.lasts
        assert 0 <= arrival.client < scenario.clients.count
        assert 0.0 <= arrival.draw < 1.0
        assert shares[arrival.kind] > 0


@settings(max_examples=30)
@given(st.integers(0, 2**63 - 1), st.sampled_from(["poisson", "constant"]))
def test_the_same_seed_plans_the_same_arrivals_and_another_seed_others(
    seed: int, process: ArrivalProcess
) -> None:
    scenario = replace(shipped(arrivals=process), seed=seed)
    first = list(islice(arrivals(scenario), 50))
    assert first == list(islice(arrivals(scenario), 50))
    other = list(islice(arrivals(replace(scenario, seed=seed ^ 1)), 50))
    assert [arrival.draw for arrival in first] != [arrival.draw for arrival in other]


def test_the_plan_of_a_seed_never_changes() -> None:
    # A stored run is replayed from its seed: a change here makes every old seed mean another run.
    planned = list(arrivals(shipped()))
    told = [(one.number, round(one.due, 6), one.client, one.kind) for one in planned]
    assert told[0] == FIRST
    assert told[-1] == LAST


def test_poisson_arrivals_keep_rate_spread_and_mix() -> None:
    scenario = replace(shipped(rate=500.0), lasts=80.0)
    planned = list(arrivals(scenario))
    expected = 500.0 * 80.0
    # Five standard deviations of a Poisson count: a right generator fails once in two million.
    assert abs(len(planned) - expected) < 5 * sqrt(expected)
    gaps = [late.due - early.due for early, late in pairwise(planned)]
    mean = sum(gaps) / len(gaps)
    variance = sum((gap - mean) ** 2 for gap in gaps) / len(gaps)
    assert sqrt(variance) / mean == pytest.approx(1.0, abs=0.03)
    wraps = sum(arrival.kind == "wrap" for arrival in planned) / len(planned)
    assert wraps == pytest.approx(0.1, abs=5 * sqrt(0.09 / expected))
    clients = Counter(arrival.client for arrival in planned)
    each = expected / scenario.clients.count
    assert all(abs(count - each) < 5 * sqrt(each) for count in clients.values())


def test_constant_arrivals_are_evenly_spaced_and_shared_out_in_turn() -> None:
    planned = list(arrivals(shipped(arrivals="constant")))
    assert len(planned) == 105 * 70
    assert [arrival.due for arrival in planned[:3]] == [0.0, 1 / 105, 2 / 105]
    first, second = planned[:60], planned[60:120]
    assert {arrival.client for arrival in first} == set(range(60))
    assert [arrival.client for arrival in first] == [arrival.client for arrival in second]
    assert [arrival.client for arrival in first] != list(range(60))


def test_the_mix_and_the_number_of_clients_do_not_move_the_due_times() -> None:
    scenario = shipped()
    wraps = shipped(mix=(("wrap", 1.0), ("unwrap", 0.0)))
    fewer = replace(scenario, clients=replace(scenario.clients, count=3))
    due = [arrival.due for arrival in arrivals(scenario)]
    assert due == [arrival.due for arrival in arrivals(wraps)]
    assert due == [arrival.due for arrival in arrivals(fewer)]


def test_shares_that_sum_to_a_hair_under_one_leave_no_gap() -> None:
    mix: tuple[tuple[OperationKind, float], ...] = (("unwrap", 0.9999999999), ("wrap", 0.0))
    assert _kind(mix, 0.99999999995) == "unwrap"


def test_arrivals_are_made_lazily() -> None:
    endless = replace(shipped(rate=1e5), lasts=1e9)
    assert next(arrivals(endless)).number == 0
