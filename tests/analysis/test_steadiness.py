import pytest

from chaos.analysis import analyse
from chaos.analysis.case import work_up
from chaos.analysis.evidence import gather
from chaos.analysis.findings import Measured
from chaos.analysis.steadiness import Steadiness, portrait
from tests.analysis.made import BACKUP, HOME, Made, Tried, failed_over


def of(made: Made) -> Steadiness:
    found = work_up(made.run()).steadiness
    assert found is not None
    return found


def fallen(lasts: float = 100.0) -> Made:
    """All well at 100/s, then a fault of 20 s in which nothing succeeds; the rest is to be told."""
    made = Made(lasts=lasts)
    made.healthy(0.0, 20.0)
    made.failing(20.0, 40.0)
    return made


def test_a_run_that_is_as_before_from_the_heal_on_is_steady_at_once() -> None:
    made = fallen()
    made.healthy(40.0, 100.0)

    assert of(made).time_to_steady() == Measured(0.0, "seconds", 6000)
    assert of(made).metastable is False


def test_goodput_that_stays_away_although_the_load_is_the_same_is_metastable() -> None:
    made = fallen()
    made.failing(40.0, 100.0, came="read_timeout")
    found = of(made)

    assert found.metastable is True
    assert found.measured() == Measured(1.0, "count", 6000)
    assert found.time_to_steady() == Measured(55.0, "seconds", 6000, censored=True)
    assert "availability" in found.broken


def test_goodput_that_returns_within_30_s_is_not_metastable() -> None:
    made = fallen()
    made.failing(40.0, 69.0)
    made.healthy(69.0, 100.0)

    assert of(made).metastable is False
    assert of(made).time_to_steady().value == pytest.approx(29.0, abs=0.2)


def test_goodput_that_returns_later_was_metastable() -> None:
    made = fallen()
    made.failing(40.0, 75.0)
    made.healthy(75.0, 100.0)

    assert of(made).metastable is True


def test_a_run_watched_too_shortly_cannot_be_called_metastable() -> None:
    made = fallen(lasts=60.0)
    made.failing(40.0, 60.0)

    assert of(made).metastable is None
    assert of(made).measured() == Measured(None, "count", 0)


def test_another_load_after_the_fault_is_an_overload_not_metastability() -> None:
    made = fallen()
    made.failing(40.0, 100.0, every=0.005)

    assert of(made).metastable is None


def test_slow_answers_keep_a_run_from_being_steady() -> None:
    made = fallen()
    made.healthy(50.0, 100.0)
    for step in range(1000):
        due = 40.0 + step / 100
        made.operation(0, due, Tried(HOME, due, due + (0.02 if step % 20 == 0 else 0.01)))
    found = of(made)

    # One in twenty is slower than 1.2 times the p99 of before: the p99 of each window.
    assert found.time_to_steady().value == pytest.approx(8.0, abs=2.0)
    assert found.metastable is False


def test_slow_answers_that_each_window_alone_would_be_forgiven_are_not_for_ever() -> None:
    made = fallen()
    for step in range(6000):
        due = 40.0 + step / 100
        made.operation(0, due, Tried(HOME, due, due + (0.2 if step % 50 == 0 else 0.01)))
    found = of(made)

    # Two in a hundred are slow: no window's p99 is below 200 ms, which 10 ms were usual before.
    assert found.time_to_steady() == Measured(55.0, "seconds", 6000, censored=True)
    assert found.broken == ("response",)


def test_failures_that_each_window_alone_would_be_forgiven_are_not_for_ever() -> None:
    made = Made(lasts=100.0)
    for step in range(10_000):
        due = step / 100
        # One in twenty failed before the fault and one in twelve after it, of 500 in a window.
        often = 20 if step < 2000 else 1 if step < 4000 else 12
        made.operation(0, due, Tried(HOME, due, due + 0.01, 503 if step % often == 0 else 200))
    made.operation(1, 21.0, Tried(HOME, 21.0, 21.001, "refused"))
    found = of(made)

    assert found.time_to_steady().censored
    assert found.broken == ("availability",)
    assert not found.metastable


def test_goodput_that_comes_back_and_leaves_for_good_is_metastable() -> None:
    made = fallen(lasts=120.0)
    made.healthy(40.0, 65.0)
    made.failing(65.0, 120.0)
    late = fallen(lasts=120.0)
    late.failing(40.0, 69.9)
    late.healthy(69.9, 76.0)
    late.failing(76.0, 120.0)

    assert of(made).metastable is True
    assert of(late).metastable is True


def test_a_dip_at_the_thirtieth_second_is_not() -> None:
    made = fallen(lasts=120.0)
    made.healthy(40.0, 66.0)
    made.failing(66.0, 76.0)
    made.healthy(76.0, 120.0)

    assert of(made).metastable is False


def test_goodput_that_has_just_left_at_the_end_is_not_known_to_stay_away() -> None:
    made = fallen(lasts=120.0)
    made.healthy(40.0, 100.0)
    made.failing(100.0, 120.0)

    assert of(made).metastable is None


def test_retries_that_go_on_keep_a_run_from_being_steady() -> None:
    made = fallen()
    for step in range(6000):
        due = 40.0 + step / 100
        tries = [Tried(HOME, due, due + 0.003, 503)] * (step % 10 == 0)
        made.operation(0, due, *tries, Tried(HOME, due + 0.003 * len(tries), due + 0.01))
    found = of(made)

    assert found.time_to_steady().censored
    assert found.broken == ("amplification",)


def test_without_a_heal_there_is_nothing_to_come_to_rest_from() -> None:
    made = Made(aborted="stopped", ended=30.0)
    made.applied = made.changes()[:1]
    made.healthy(0.0, 20.0)
    failed_over(made, 0, 21.0)

    assert work_up(made.run()).steadiness is None


def test_the_portrait_has_load_attempts_and_goodput_of_every_second() -> None:
    made = Made(lasts=40.0)
    made.healthy(0.0, 20.0)
    for step in range(1000):
        failed_over(made, 0, 20.0 + step / 50, tries=2, wait=0.001)
    points = portrait(gather(made.run()))

    assert points[0].offered == pytest.approx(100)
    assert points[0].sent == pytest.approx(100)
    assert points[25].offered == pytest.approx(50)
    assert points[25].sent == pytest.approx(150)
    assert points[25].good == pytest.approx(50)
    assert points[-1].ends == 40.0


def test_a_run_that_had_no_steady_state_to_fall_from_is_aborted() -> None:
    made = Made(objectives=("availability(fault) >= 1%",))
    made.healthy(0.0, 10.0)
    made.failing(10.0, 20.0)
    made.healthy(20.0, 60.0, region=BACKUP)
    failed_over(made, 1, 21.0)
    analysis = analyse(made.run())

    assert analysis.verdict == "aborted"
    assert analysis.headline.startswith(
        "Steady state was not reached before the first fault at 20 s: only 50 % of 2,000 "
    )


def test_a_run_without_a_fault_has_no_steady_state_to_reach() -> None:
    made = Made(faults=(), objectives=("availability >= 1%",))
    made.healthy(0.0, 10.0)
    made.failing(10.0, 60.0)

    assert analyse(made.run()).verdict == "passed"
