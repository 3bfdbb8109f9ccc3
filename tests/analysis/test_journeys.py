import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaos.analysis.case import work_up
from chaos.analysis.findings import Measured
from chaos.analysis.journeys import Journeys
from chaos.analysis.measures import measured
from chaos.scenario.model import Fault
from tests.analysis.made import (
    BACKUP,
    DOWN,
    HOME,
    Made,
    Tried,
    before,
    failed_over,
    judged,
    measure_of,
)

HIT = st.tuples(st.integers(0, 5), st.floats(20.0, 39.0), st.integers(1, 4), st.floats(0.05, 2.0))


def of(made: Made) -> Journeys:
    return work_up(made.run()).journeys


def test_failover_is_counted_from_when_the_first_touched_operation_was_due() -> None:
    made = Made()
    made.healthy(0.0, 20.0, every=0.5)
    made.operation(
        0, 21.0, Tried(HOME, 21.4, 21.401, "refused"), Tried(BACKUP, 21.5, 21.55, 200, "failover"),
        started=21.4,
    )  # fmt: skip
    (took,), (censored,) = of(made).failover

    assert took == pytest.approx(0.55)
    assert not censored


def test_an_operation_that_was_due_before_the_inject_counts_from_the_inject() -> None:
    made = Made()
    made.operation(
        0, 19.0, Tried(HOME, 19.0, 20.0005, "closed"), Tried(BACKUP, 20.1, 20.15, 200, "failover")
    )

    assert of(made).failover[0] == pytest.approx([0.15])


def test_a_client_that_gave_up_and_went_elsewhere_with_a_later_operation_is_measured_to_that() -> (
    None
):
    made = Made()
    made.operation(0, 21.0, Tried(HOME, 21.0, 21.001, "refused"))
    made.operation(0, 24.0, Tried(BACKUP, 24.0, 24.02, 200, "failover"))

    assert of(made).failover[0] == pytest.approx([3.02])


def test_a_client_that_never_went_elsewhere_is_censored_at_the_heal() -> None:
    made = Made()
    made.failing(21.0, 39.0, every=1.0)
    made.healthy(40.0, 60.0, every=1.0)
    took, censored = of(made).failover

    assert took == pytest.approx([19.0])
    assert censored.tolist() == [True]


def test_an_operation_that_the_fault_held_past_the_heal_may_still_arrive() -> None:
    made = Made(faults=(Fault("home-hole", "timeout", "wire", HOME, 20.0, 20.0),))
    made.operation(
        0, 21.0, Tried(HOME, 21.0, 81.0, "read_timeout"), Tried(BACKUP, 82.0, 82.1, 200, "failover")
    )
    took, censored = of(made).failover

    assert took == pytest.approx([61.1])
    assert not censored.any()


def test_another_operation_that_goes_elsewhere_after_the_heal_is_no_failover() -> None:
    made = Made()
    made.operation(0, 39.5, Tried(HOME, 39.5, 39.501, "refused"))
    made.operation(0, 50.0, Tried(BACKUP, 50.0, 50.02))
    took, censored = of(made).failover

    assert took == pytest.approx([0.5])
    assert censored.all()


def test_a_failed_attempt_elsewhere_detects_but_does_not_arrive() -> None:
    made = Made()
    made.operation(
        0, 21.0, Tried(HOME, 21.0, 21.001, "refused"), Tried(BACKUP, 21.2, 21.3, 503, "failover")
    )
    journeys = of(made)

    assert journeys.detected == pytest.approx([21.2])
    assert np.isnan(journeys.arrived).all()


def test_a_breaker_that_opened_detects_before_the_first_attempt_elsewhere() -> None:
    made = Made()
    failed_over(made, 0, 21.0, tries=2, wait=0.5)
    made.decided(0, "breaker_opened", 21.3, HOME)

    assert of(made).detection(20.0)[0] == pytest.approx([1.3])


@pytest.mark.parametrize("moment", [10.0, 20.5, 45.0])
def test_a_breaker_that_opened_before_the_touch_or_after_the_heal_detects_nothing(
    moment: float,
) -> None:
    made = Made()
    made.operation(0, 21.0, Tried(HOME, 21.0, 21.001, "refused"))
    made.decided(0, "breaker_opened", moment, HOME)

    assert np.isnan(of(made).detected).all()


def test_a_breaker_of_another_region_detects_nothing() -> None:
    made = Made()
    made.operation(0, 21.0, Tried(HOME, 21.0, 21.001, "refused"))
    made.decided(0, "breaker_opened", 22.0, BACKUP)

    assert np.isnan(of(made).detected).all()


def test_clients_that_no_fault_touched_have_no_journey() -> None:
    made = Made()
    failed_over(made, 0, 21.0)
    made.healthy(20.0, 40.0, client=1, region=BACKUP, every=1.0)

    assert of(made).clients.tolist() == [0]


AGAIN = Fault("home-down-again", "down", "wire", HOME, 50.0, 5.0)


def test_a_client_makes_a_journey_for_every_fault_that_touched_it() -> None:
    made = Made(faults=(DOWN, AGAIN))
    failed_over(made, 0, 51.0, tries=3)
    failed_over(made, 0, 21.0, tries=1)
    failed_over(made, 1, 52.0, tries=2)
    journeys = of(made)
    taken, censored, rows = journeys.slowest(*journeys.failover)

    assert journeys.clients.tolist() == [0, 0, 1]
    assert journeys.failover[0] == pytest.approx([0.12, 0.32, 0.22])
    assert taken == pytest.approx([0.32, 0.22])
    assert (censored.tolist(), rows.tolist()) == ([False, False], [1, 2])
    assert journeys.earliest().begun.tolist() == [21.0, 52.0]


def test_a_second_outage_that_nobody_failed_over_from_fails_the_rule() -> None:
    made = Made(faults=(DOWN, AGAIN))
    before(made)
    failed_over(made, 0, 21.0)
    made.failing(50.0, 55.0)
    made.healthy(55.0, 60.0)
    finding = judged(made, "failover.max <= 1s")

    assert finding.verdict == "failed"
    assert finding.measured == Measured(5.0, "seconds", 1, censored=True)
    assert finding.why.startswith("Client 0 never left us-south: 1 refused attempt over 1 ms")


def test_what_is_not_known_of_one_journey_leaves_the_slowest_open() -> None:
    made = Made(faults=(DOWN, AGAIN))
    failed_over(made, 0, 21.0, tries=40, wait=0.2)
    made.failing(50.0, 55.0)
    found = measured(work_up(made.run()), measure_of("failover.max"))

    # The first took 8.02 s, the second 5 s at least: the slowest is no shorter than the first.
    assert found == Measured(pytest.approx(8.02), "seconds", 1, censored=True)  # type: ignore[arg-type]  # a float to compare with


def test_detection_counts_from_the_first_touch_of_the_fault_that_it_is_about() -> None:
    made = Made(faults=(DOWN, AGAIN))
    failed_over(made, 0, 21.0)
    failed_over(made, 0, 52.0)
    case = work_up(made.run())

    assert case.journeys.detection()[0] == pytest.approx([1.1, 2.1])
    assert measured(case, measure_of("detect.max")).value == pytest.approx(2.1)


def test_after_failover_is_after_the_failover_from_the_fault_that_came_last() -> None:
    made = Made(faults=(DOWN, AGAIN))
    failed_over(made, 0, 21.0)
    made.operation(0, 22.0, Tried(BACKUP, 22.0, 22.01))
    made.failing(50.0, 51.0, every=0.1)
    failed_over(made, 0, 51.0)
    made.operation(0, 52.0, Tried(BACKUP, 52.0, 52.01))
    found = measured(work_up(made.run()), measure_of("availability(fault, after failover)"))

    assert found == Measured(1.0, "share", 2)


def test_a_refugee_that_is_served_slowly_has_nowhere_else_to_flee() -> None:
    slow = Fault("backup-slow", "latency", "wire", BACKUP, 20.0, 20.0, (("latency", 0.2),))
    made = Made(faults=(DOWN, slow))
    made.healthy(0.0, 20.0, region=BACKUP, every=0.1)
    for step in range(10):
        due = 21.0 + step
        made.operation(
            0, due, Tried(HOME, due, due + 0.001, "refused"),
            Tried(BACKUP, due + 0.1, due + 0.4, 200, "failover"),
        )  # fmt: skip
    journeys = of(made)

    assert journeys.left.tolist() == [0]
    assert journeys.failover[0] == pytest.approx([0.4])


def test_the_token_service_is_no_region_to_fail_over_to() -> None:
    made = Made()
    made.operation(0, 21.0, Tried(HOME, 21.0, 21.001, "refused"))
    made.attempt(0, 0, 2, Tried("iam", 21.1, 21.2, 200, "refresh"))

    assert np.isnan(of(made).arrived).all()


@given(st.lists(HIT, min_size=1, max_size=12))
def test_no_client_arrives_before_it_detects_nor_detects_before_t0(
    hits: list[tuple[int, float, int, float]],
) -> None:
    made = Made()
    for client, due, tries, wait in hits:
        failed_over(made, client, due, tries, wait)
    case = work_up(made.run())
    assert case.t0 is not None
    detected, _ = case.journeys.detection(case.t0)

    assert (detected >= 0).all()
    assert (case.journeys.arrived >= case.journeys.detected).all()


@settings(max_examples=50)
@given(st.lists(HIT, min_size=1, max_size=8), st.floats(0.1, 5.0))
def test_a_healthy_client_more_never_changes_anothers_time_to_fail_over(
    hits: list[tuple[int, float, int, float]], every: float
) -> None:
    made = Made(clients=8)
    for client, due, tries, wait in hits:
        failed_over(made, client, due, tries, wait)
    before = of(made)
    made.healthy(0.0, 60.0, client=7, region=BACKUP, every=every)
    after = of(made)

    assert before.clients.tolist() == after.clients.tolist()
    assert before.failover[0].tolist() == after.failover[0].tolist()
