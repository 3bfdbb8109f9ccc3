"""Planted causes of a run that did not come back as it should: found, named and cited."""

import pytest

from chaos.analysis import analyse
from chaos.scenario.model import Fault
from tests.analysis.made import BACKUP, HOLE, HOME, Made, Tried, before, failed_over, judged


def test_a_fleet_that_did_not_recover() -> None:
    made = Made()
    made.healthy(0.0, 20.0)
    made.failing(20.0, 40.0)
    finding = judged(made, "recover <= rto")

    assert finding.measured.censored
    assert finding.why == (
        "Between 20 s and 40 s none of the operations were ok (100 % before the fault): "
        "2,000 refused at us-south."
    )


def test_calls_that_a_dead_region_held_until_the_heal_are_no_sign_of_its_health() -> None:
    made = Made()
    made.healthy(0.0, 20.0)
    made.failing(20.0, 36.0)
    for number in range(400):
        due = 36.0 + number / 100
        refused, again = Tried(HOME, due, due, "refused"), Tried(HOME, 40.1, 40.2, 200, "retry")
        made.operation(0, due, refused, again)
    made.healthy(41.0, 60.0)
    finding = judged(made, "recover <= rto")

    assert finding.measured.censored
    assert finding.why.endswith(
        "what was due from 36 s on was not answered either before the heal at 40 s, for which it "
        "waited."
    )


def test_a_fleet_that_noticed_late_is_told_as_that() -> None:
    made = Made()
    made.healthy(0.0, 20.0)
    for client, due in enumerate((35.1, 35.1, 36.0)):
        failed_over(made, client, due)
    made.healthy(20.0, 40.0, client=9, region=BACKUP)
    made.operation(8, 20.0, Tried(HOME, 20.0, 20.001, "refused"), Tried(BACKUP, 20.1, 20.2))
    finding = judged(made, "recover <= rto")

    assert finding.verdict == "failed"
    assert finding.measured.value is not None
    assert abs(finding.measured.value - 15.2) < 1e-6
    assert finding.why == (
        "Half of the touched clients had not noticed before 15.2 s after T0, and no fleet is "
        "called recovered before that."
    )


def test_where_nothing_was_due_under_the_fault_nothing_is_said_of_the_clients() -> None:
    made = Made()
    made.healthy(0.0, 19.0)
    made.operation(0, 19.5, Tried(HOME, 19.5, 20.5, "reset"))
    finding = judged(made, "recover <= rto")

    assert finding.verdict == "inconclusive"
    assert finding.why == "No operation was due while the fault was in effect."


@pytest.mark.parametrize(
    ("rule", "tail"),
    [
        ("failback <= 15s", "so there was no way home to measure"),
        ("time_to_steady <= 15s", "so there was nothing to come to rest from"),
        ("metastable == 0", "so nothing could be told to stay down after it"),
    ],
)
def test_a_fault_without_a_past_is_told_as_that(rule: str, tail: str) -> None:
    made = Made(faults=(Fault("at-once", "down", "wire", HOME, 0.0, 20.0),))
    made.failing(0.0, 20.0)
    made.healthy(20.0, 60.0)
    never = Made(faults=(Fault("for-good", "down", "wire", HOME, 20.0, 100.0),))
    never.applied = never.changes()[:1]
    before(never)
    never.failing(20.0, 60.0)

    assert judged(made, rule).why == (
        f"Nothing was due before the fault that the time after it could be held against, {tail}."
    )
    assert judged(never, rule).why == f"A fault was not seen to heal, {tail}."


def test_clients_that_stay_away_after_the_heal() -> None:
    made = Made()
    before(made)
    failed_over(made, 7, 20.5)
    made.healthy(40.0, 60.0, client=7, region=BACKUP, every=0.05)
    made.healthy(40.0, 60.0, client=8, every=0.05)
    finding = judged(made, "failback <= 15s")

    assert finding.verdict == "failed"
    assert finding.why == (
        "400 operations of 1 client went elsewhere after us-south was healed at 40 s; in the last "
        "window 50 % were still elsewhere; the last, operation 600 of client 7, was due at 60 s."
    )


def test_a_service_that_stays_down_by_itself() -> None:
    made = Made(lasts=100.0, faults=(HOLE,))
    made.healthy(0.0, 20.0)
    for step in range(8000):
        due = 20.0 + step / 100
        tries = [Tried(HOME, due + each / 10, due + each / 10 + 0.05, 503) for each in range(3)]
        made.operation(0, due, *tries)
    finding = judged(made, "metastable == 0")

    assert finding.verdict == "failed"
    assert finding.why == (
        "At the end 0 of 100 operations a second ended ok, 100 before the fault, while 300 "
        "attempts a second were sent: work that the fault left behind kept the service down."
    )


def test_a_run_that_does_not_come_to_rest() -> None:
    made = Made()
    made.healthy(0.0, 20.0)
    failed_over(made, 0, 20.5)
    for step in range(2000):
        due = 40.0 + step / 100
        made.operation(0, due, Tried(HOME, due, due + 0.05))
    finding = judged(made, "time_to_steady <= 5s")

    assert finding.verdict == "failed"
    assert finding.why == "Up to 60 s response had not come back to what was usual."


def test_a_herd_at_the_region_that_was_healed() -> None:
    made = Made(rate=200)
    made.healthy(0.0, 20.0, every=0.005)
    failed_over(made, 0, 20.5)
    made.healthy(40.0, 60.0, every=0.005)
    for client in range(80):
        made.operation(client, 41.05, Tried(HOME, 41.05, 41.06))
    finding = judged(made, "herd_index <= 3")

    assert finding.verdict == "failed"
    assert finding.why == (
        "100 attempts of 80 clients came to us-south within 100 ms from 41 s on, where 20 were "
        "usual."
    )


def test_a_fleet_that_never_left_has_no_way_home_to_measure() -> None:
    made = Made()
    made.healthy(0.0, 20.0)
    made.failing(20.0, 40.0)
    made.healthy(40.0, 60.0)
    finding = judged(made, "failback <= 15s")

    assert (finding.verdict, finding.measured.value) == ("inconclusive", None)
    assert finding.why == (
        "No attempt went anywhere but to us-south since the fault began, so there was no way home "
        "to measure."
    )


def test_a_fleet_that_never_left_is_not_told_to_hold_its_failover() -> None:
    made = Made()
    made.healthy(0.0, 20.0)
    made.failing(20.0, 40.0)
    made.objectives = ("recover <= 5s",)
    stayed = analyse(made.run())
    failed_over(made, 7, 39.0)
    tried = analyse(made.run())

    assert [each.split(":")[0] for each in stayed.deficiencies] == [
        "Give the clients the backup root key"
    ]
    assert [each.split(":")[0] for each in tried.deficiencies] == [
        "Bring the fleet back within the fault"
    ]
