"""Planted causes of a run that did not come back as it should: found, named and cited."""

from chaos.analysis import analyse
from tests.analysis.made import BACKUP, HOLE, HOME, Made, Tried, before, failed_over, judged


def test_a_fleet_that_did_not_recover() -> None:
    made = Made()
    made.healthy(0.0, 20.0)
    made.failing(20.0, 40.0)
    finding = judged(made, "recover <= rto")

    assert finding.measured.censored
    assert finding.why == (
        "Between 20 s and 21 s none of the operations were ok (100 % before the fault): "
        "100 refused at us-south."
    )


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
