from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaos.analysis.case import work_up
from chaos.analysis.evidence import gather
from chaos.analysis.failback import Failback
from chaos.analysis.findings import Measured
from chaos.analysis.measures import measured
from chaos.analysis.recovery import Recovery, Stretch, stretches
from chaos.run.record import NOWHERE, OPERATION, OUTCOMES
from chaos.scenario.objective import Measure
from tests.analysis.made import BACKUP, HOME, Made, Tried, failed_over


def of(made: Made) -> Recovery:
    found = work_up(made.run()).recovery
    assert found is not None
    return found


def stretches_of(made: Made, starts: float, ends: float) -> tuple[Stretch, ...]:
    evidence = gather(made.run())
    return stretches(evidence, evidence.ok, starts, ends)


def back_of(made: Made) -> Failback:
    found = work_up(made.run()).failback
    assert found is not None
    return found


def outage(lasts: float) -> Made:
    """All well, then the fleet fails for a while from the inject on, then the backup serves it."""
    made = Made()
    made.healthy(0.0, 20.0)
    made.failing(20.0, 20.0 + lasts)
    made.healthy(20.0 + lasts, 40.0, region=BACKUP)
    made.healthy(40.0, 60.0)
    return made


@pytest.mark.parametrize("lasts", [1.0, 3.0, 14.0])
def test_a_step_is_found_where_it_is(lasts: float) -> None:
    found = of(outage(lasts))

    assert found.recovered == pytest.approx(20.0 + lasts)
    assert found.lost == pytest.approx(100 * lasts)


def test_recovery_in_the_middle_of_a_bin_is_counted_to_the_end_of_the_bin() -> None:
    assert of(outage(2.5)).recovered == pytest.approx(23.0)


def test_a_fleet_that_fails_to_the_end_of_the_fault_is_not_recovered() -> None:
    found = of(outage(20.0))

    assert found.recovered is None
    assert found.measured(None) == Measured(20.0, "seconds", 2000, censored=True)
    assert found.lost == pytest.approx(2000)


def test_a_recovery_too_near_to_the_end_of_the_fault_is_only_a_lower_bound() -> None:
    found = of(outage(17.0))

    assert found.measured(None) == Measured(17.0, "seconds", 2000, censored=True)
    assert found.lost == pytest.approx(1700)


def test_a_relapse_that_one_window_shows_is_no_recovery() -> None:
    made = Made()
    made.healthy(0.0, 20.0)
    made.failing(20.0, 22.0)
    made.healthy(22.0, 30.0, region=BACKUP)
    # 6 of the 500 operations of a window are more than the 1 % that 0.99 B leaves.
    made.failing(30.0, 30.06)
    made.healthy(30.06, 40.0, region=BACKUP)
    found = of(made)

    assert found.recovered is None
    assert found.worst is not None
    assert found.worst.starts < 30.06 < found.worst.ends + 0.06
    assert found.worst.due - found.worst.ok == 6


def test_single_failures_that_0_99_b_leaves_room_for_are_no_relapse() -> None:
    made = Made()
    made.healthy(0.0, 20.0)
    made.failing(20.0, 22.0)
    made.healthy(22.0, 30.0, region=BACKUP)
    made.failing(30.0, 30.05)
    made.healthy(30.05, 40.0, region=BACKUP)

    assert of(made).recovered == pytest.approx(22.0)


def test_a_baseline_that_itself_fails_now_and_then_is_not_asked_for_more_than_it_gave() -> None:
    made = Made()
    rng = np.random.default_rng(4)
    for begins, ends, region in ((0.0, 20.0, HOME), (24.0, 40.0, BACKUP)):
        for due in np.arange(begins, ends, 0.01):
            came = 503 if rng.random() < 0.03 else 200
            made.operation(0, due, Tried(region, due, due + 0.01, came))
    made.failing(20.0, 24.0)
    found = of(made)

    assert found.baseline == pytest.approx(0.97, abs=0.01)
    assert found.recovered == pytest.approx(24.0, abs=1.0)


def test_without_an_operation_before_the_fault_there_is_no_baseline_and_no_recovery() -> None:
    made = Made()
    made.failing(20.0, 30.0)
    found = of(made)

    assert found.baseline is None
    assert found.measured(None) == Measured(None, "seconds", 0)


def test_operations_that_the_fault_cut_off_do_not_lower_the_baseline() -> None:
    made = Made()
    made.healthy(0.0, 19.9)
    for step in range(10):
        made.operation(1, 19.9 + step / 100, Tried(HOME, 19.9 + step / 100, 20.001, "closed"))
    made.healthy(21.0, 40.0, region=BACKUP)

    assert of(made).baseline == 1.0


def test_a_fleet_that_lost_nothing_is_recovered_when_half_of_it_had_noticed() -> None:
    made = Made()
    made.healthy(0.0, 20.0)
    for client in range(3):
        failed_over(made, client, 20.5 + client, wait=0.1)
    made.healthy(24.0, 40.0, region=BACKUP)
    case = work_up(made.run())

    assert measured(case, Measure("recover")).value == pytest.approx(1.6)
    assert measured(case, Measure("lost_operations")).value == 0.0


def test_operations_that_hang_for_longer_than_a_window_are_down_meanwhile_however_they_end() -> (
    None
):
    made = Made()
    made.healthy(0.0, 20.0)
    for step in range(1000):
        due = 20.0 + step / 100
        made.operation(1, due, Tried(HOME, due, 30.0, "closed"), Tried(HOME, 30.0, 30.1, 200))
    made.healthy(30.0, 60.0)
    found = of(made)

    # All ended ok, but the first half of the ten seconds took over 5 s to do so.
    assert found.recovered == pytest.approx(26.0)
    assert found.lost == 0


def test_thin_load_widens_the_bins_until_they_hold_thirty() -> None:
    made = Made()
    made.healthy(0.0, 20.0)
    made.healthy(20.0, 40.0, every=0.1)
    bins = stretches_of(made, 20.0, 40.0)

    assert [round(each.ends - each.starts) for each in bins] == [3, 3, 3, 3, 3, 5]
    assert all(each.due >= 30 for each in bins)


def test_a_stretch_with_too_little_for_one_bin_is_one_bin() -> None:
    made = Made()
    made.healthy(20.0, 30.0, every=1.0)

    assert [each.due for each in stretches_of(made, 20.0, 40.0)] == [10]


@given(st.lists(st.floats(0, 50), max_size=300), st.floats(0, 20), st.floats(1, 30))
def test_stretches_cover_the_time_without_gap_and_count_every_operation(
    dues: list[float], starts: float, length: float
) -> None:
    made = Made()
    for due in dues:
        made.operation(0, due, Tried(HOME, due, due + 0.01))
    ends = starts + length
    bins = stretches_of(made, starts, ends)

    assert bins[0].starts == starts
    assert bins[-1].ends == ends
    assert all(left.ends == right.starts for left, right in pairwise(bins))
    assert sum(each.due for each in bins) == sum(starts <= due < ends for due in dues)


@settings(max_examples=20)
@given(st.integers(0, 2**32), st.sampled_from((100, 400)))
def test_the_estimate_is_within_two_bins_of_a_drawn_step(seed: int, rate: int) -> None:
    """The published comparison has a bias of 0 and a scatter of 0.1 s at 100/s; B is 0.999."""
    rng = np.random.default_rng(seed)
    truth = 20.0 + float(rng.integers(2, 12))
    dues = np.sort(rng.uniform(0, 60, 60 * rate))
    bad = (dues >= 20.0) & (dues < truth)
    well = np.where(bad, rng.random(len(dues)) < 0.3, rng.random(len(dues)) < 0.999)
    made = Made(rate=rate)
    made.failing(20.0, 20.01)
    run = made.run()
    operations = np.zeros(len(dues), dtype=OPERATION)
    operations["due"] = operations["started"] = dues
    operations["ended"] = dues + 0.01
    operations["number"] = np.arange(10, 10 + len(dues))
    operations["outcome"] = np.where(well, OUTCOMES.index("ok"), OUTCOMES.index("failed"))
    operations["region"] = NOWHERE
    object.__setattr__(run, "operations", np.concatenate((run.operations, operations)))
    found = work_up(run).recovery

    assert found is not None
    assert found.recovered is not None
    assert found.recovered == pytest.approx(truth, abs=2.0)


def test_failback_is_the_first_window_from_which_on_all_is_at_home() -> None:
    made = outage(2.0)
    made.healthy(40.0, 48.0, client=1, region=BACKUP, every=0.02)
    found = back_of(made)

    # The last half of a second at the backup is 25 of 750 operations: a window that begins later
    # than 47.76 has 99 % at home.
    assert found.back == pytest.approx(47.9, abs=0.2)
    assert found.measured().value == pytest.approx(7.9, abs=0.2)


def test_a_fleet_that_stays_away_is_censored_at_the_last_window_that_was_seen() -> None:
    made = Made()
    made.healthy(0.0, 20.0)
    failed_over(made, 0, 20.0)
    made.healthy(21.0, 60.0, region=BACKUP)
    found = back_of(made)

    assert found.measured() == Measured(15.0, "seconds", 2000, censored=True)
    assert found.away == 1.0


def test_a_fleet_at_home_whose_operations_fail_there_is_not_back() -> None:
    made = outage(2.0)
    made.failing(43.0, 45.0)

    assert back_of(made).back == pytest.approx(45.0, abs=0.2)


def test_a_fault_that_was_not_healed_leaves_no_way_home() -> None:
    made = Made(aborted="stopped", ended=30.0)
    made.applied = made.changes()[:1]
    made.healthy(0.0, 20.0)
    failed_over(made, 0, 21.0)

    assert work_up(made.run()).failback is None


@given(
    st.lists(st.tuples(st.floats(20.0, 39.0), st.integers(1, 3), st.booleans()), min_size=1,
             max_size=40)
)  # fmt: skip
def test_the_fleet_never_recovers_before_half_of_it_has_noticed(
    hits: list[tuple[float, int, bool]],
) -> None:
    made = Made(clients=50)
    made.healthy(0.0, 20.0, client=49, every=0.1)
    for client, (due, tries, arrives) in enumerate(hits):
        if arrives:
            failed_over(made, client, due, tries)
        else:
            made.operation(client, due, Tried(HOME, due, due + 0.001, "refused"))
    case = work_up(made.run())
    recovered = measured(case, Measure("recover"))
    detected = measured(case, Measure("detect", (), "p50"))

    assert recovered.value is not None
    assert detected.value is not None
    if not detected.censored:
        assert recovered.censored or recovered.value >= detected.value


def test_a_fleet_that_fails_more_than_before_is_not_back_however_little_each_window_shows() -> None:
    made = Made(lasts=100.0)
    for step in range(10_000):
        due = step / 100
        often = 20 if step < 4000 else 12
        where = BACKUP if 2000 <= step < 4000 else HOME
        made.operation(0, due, Tried(where, due, due + 0.01, 503 if step % often == 0 else 200))
    made.operation(1, 21.0, Tried(HOME, 21.0, 21.001, "refused"))

    # B is 95 %, and 91.7 % of the operations after the heal are ok: 0.99 B are 94 %.
    assert back_of(made).back is None
