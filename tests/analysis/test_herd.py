import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chaos.analysis.case import work_up
from chaos.analysis.findings import Measured, Watched
from chaos.analysis.measures import measured
from chaos.run.world import Applied
from chaos.scenario.model import Fault
from tests.analysis.made import BACKUP, DOWN, HOME, Made, Tried, failed_over, judged, measure_of


def steady_then_down(every: float = 0.005) -> Made:
    made = Made(rate=1 / every)
    made.healthy(0.0, 20.0, every=every)
    failed_over(made, 0, 20.5)
    return made


def index(made: Made, text: str = "herd_index") -> Measured:
    return measured(work_up(made.run()), measure_of(text))


def test_clients_that_come_back_as_they_were_are_no_herd() -> None:
    made = steady_then_down()
    made.healthy(40.0, 60.0, every=0.005)

    # 20 arrivals in every 100 ms before and after.
    assert index(made).value == pytest.approx(1.0, abs=0.06)


def test_clients_that_come_back_at_once_are() -> None:
    made = steady_then_down()
    made.healthy(40.0, 60.0, every=0.005)
    for client in range(80):
        made.operation(client, 41.05, Tried(HOME, 41.05, 41.06))
    (found,) = work_up(made.run()).herds

    assert found.index == pytest.approx(5.0, abs=0.06)
    assert found.at == pytest.approx(41.0)
    assert found.width == pytest.approx(0.1)
    assert found.usual == pytest.approx(20.0, abs=0.5)


def test_bins_are_widened_until_ten_arrivals_are_expected_in_one() -> None:
    made = steady_then_down(every=0.1)
    made.healthy(40.0, 60.0, every=0.1)
    (found,) = work_up(made.run()).herds

    assert found.width == pytest.approx(1.0)
    assert found.index == pytest.approx(1.0, abs=0.15)


def test_what_comes_more_than_30_s_after_the_heal_is_no_herd() -> None:
    made = steady_then_down()
    made.lasts = 90.0
    made.healthy(40.0, 75.0, every=0.005)
    for client in range(80):
        made.operation(client, 71.0, Tried(HOME, 71.0, 71.01))

    assert index(made).value == pytest.approx(1.0, abs=0.06)


def test_the_worst_region_counts_and_each_can_be_asked_for() -> None:
    other = Fault("backup-down", "down", "wire", BACKUP, 30.0, 10.0)
    made = steady_then_down()
    made.faults = (DOWN, other)
    made.healthy(0.0, 20.0, region=BACKUP, every=0.005)
    made.operation(5, 31.0, Tried(BACKUP, 31.0, 31.001, "refused"))
    made.healthy(40.0, 60.0, every=0.005)
    for client in range(40):
        made.operation(client, 41.0, Tried(BACKUP, 41.0, 41.01))

    assert index(made).value == pytest.approx(2.0, abs=0.1)
    assert index(made, "herd_index(us-south)").value == pytest.approx(1.0, abs=0.06)


def test_a_region_without_a_past_has_no_herd_index() -> None:
    made = Made()
    made.operation(0, 21.0, Tried(HOME, 21.0, 21.001, "refused"))
    made.healthy(40.0, 60.0)

    assert index(made) == Measured(None, "ratio", 0)


def test_the_worst_heal_of_a_region_counts_and_not_the_last() -> None:
    first = Fault("first", "down", "wire", HOME, 20.0, 10.0)
    made = steady_then_down()
    made.lasts, made.faults = 120.0, (first, Fault("second", "down", "wire", HOME, 70.0, 10.0))
    made.healthy(31.0, 70.0, every=0.005)
    for client in range(200):
        made.operation(client, 30.05, Tried(HOME, 30.05, 30.06))
    failed_over(made, 0, 71.0)
    made.healthy(80.0, 120.0, every=0.005)

    assert len(work_up(made.run()).herds) == 2
    assert index(made).value == pytest.approx(10.0, abs=0.2)
    assert not index(made).censored


def test_a_region_that_was_not_watched_for_30_s_leaves_a_herd_open() -> None:
    made = steady_then_down()
    made.lasts = 43.0
    made.healthy(40.0, 43.0, every=0.005)
    finding = judged(made, "herd_index <= 3")

    assert finding.verdict == "inconclusive"
    assert finding.measured.censored
    assert isinstance(finding.measured, Watched)
    assert finding.measured.watched == 3.0
    assert finding.why.startswith(
        "After its heal us-south was watched for 3 s only, of the 30 s in which a herd may come, "
        "and most in what was seen: "
    )


def test_a_herd_that_was_seen_needs_no_longer_watch() -> None:
    made = steady_then_down()
    made.lasts = 43.0
    made.healthy(40.0, 43.0, every=0.005)
    for client in range(80):
        made.operation(client, 41.05, Tried(HOME, 41.05, 41.06))

    assert judged(made, "herd_index <= 3").verdict == "failed"


def test_a_heal_that_came_a_little_late_is_still_watched_long_enough() -> None:
    made = healed_at(40.02, 0.02)
    made.lasts = 70.0

    assert not index(made).censored


def healed_at(moment: float, every: float) -> Made:
    """A fleet that is steady until the fault, and again from a heal at any moment on."""
    made = steady_then_down(every)
    made.lasts = moment + 35.0
    made.faults = (Fault("home-down", "down", "wire", HOME, 20.0, moment - 20.0),)
    made.applied = (
        Applied(20.0, 20.0, "inject", "home-down", "down", HOME, {}),
        Applied(moment, moment, "heal", "home-down", "down", HOME, {}),
    )
    made.healthy(moment, moment + 30.0, every=every)
    return made


@settings(max_examples=30, deadline=None)
@example(34.4, 0.02)
@example(34.22898552948373, 0.02)
@given(st.floats(21.0, 300.0), st.sampled_from((0.07, 0.1, 0.33)))
def test_a_herd_is_looked_for_whenever_the_heal_came(moment: float, every: float) -> None:
    # numpy refuses bins whose edges do not ascend, which an overshoot at the last one made of them.
    assert index(healed_at(moment, every)).value == pytest.approx(1.0, abs=0.35)
