from chaos.analysis import analyse
from chaos.analysis.case import work_up
from chaos.analysis.headline import headline
from chaos.scenario.model import Fault
from tests.analysis.made import BACKUP, HOME, REGIONS, Made, Tried, failed_over


def of(made: Made) -> str:
    return headline(work_up(made.run()), "failed", ())


def test_a_fleet_of_which_some_never_arrived_says_how_many_did() -> None:
    made = Made()
    made.healthy(0.0, 20.0, every=0.1)
    failed_over(made, 0, 21.0)
    made.operation(1, 22.0, Tried(HOME, 22.0, 22.001, "refused"))
    made.wrapped(1, dict.fromkeys(REGIONS, "right"))

    assert of(made) == (
        "1 of 2 clients that lost us-south failed over to us-east: 50 % of 2 operations due in the "
        "fault ended ok; no data key was lost"
    )


def test_a_fleet_that_fled_from_one_outage_of_two_does_not_claim_both() -> None:
    again = Fault("again", "down", "wire", HOME, 50.0, 5.0)
    made = Made(faults=(Fault("once", "down", "wire", HOME, 20.0, 5.0), again))
    failed_over(made, 0, 21.0)
    made.failing(50.0, 55.0, every=1.0)

    assert of(made) == (
        "0 of 1 client that lost us-south failed over to us-east every time: 16.7 % of 6 "
        "operations due in the fault ended ok; the data keys were not audited"
    )


def test_lost_and_wrong_keys_are_part_of_the_claim() -> None:
    made = Made()
    failed_over(made, 0, 21.0)
    made.wrapped(1, {HOME: "right", BACKUP: "lost"})
    made.wrapped(2, {HOME: "right", BACKUP: "lost"})
    made.wrapped(3, {HOME: "wrong", BACKUP: "right"})

    assert of(made) == (
        "1 client lost us-south and failed over to us-east in 120 ms (p95); 2 data keys no longer "
        "open everywhere and 1 data key opens to another plaintext"
    )


def test_a_run_without_a_touched_client_claims_no_failover() -> None:
    made = Made()
    made.healthy(0.0, 60.0, every=0.1)

    assert of(made) == "100 % of 600 operations ended ok; the data keys were not audited"


def test_a_region_that_only_became_slow_was_not_lost() -> None:
    slow = Fault("home-slow", "latency", "wire", HOME, 20.0, 20.0, (("latency", 1.0),))
    made = Made(faults=(slow,))
    made.healthy(0.0, 20.0, every=0.1)
    made.operation(0, 21.0, Tried(HOME, 21.0, 22.01))

    assert of(made) == (
        "1 client met a slow us-south, p99 response time 1 s: 100 % of 1 operation due in the "
        "fault ended ok; the data keys were not audited"
    )


def test_a_run_without_an_operation_says_so() -> None:
    assert of(Made()) == "No operation ended"


def test_what_is_inconclusive_is_said_by_its_first_reason() -> None:
    made = Made(objectives=("failover.p95 <= rto",))
    made.healthy(0.0, 60.0, every=0.1)

    assert analyse(made.run()).headline == (
        "Nothing can be concluded: there is no proof that the fault home-down touched anything"
    )
