"""Planted causes of a failover that was late or never came: found, named and cited."""

from chaos.analysis.case import work_up
from chaos.analysis.why import why
from tests.analysis.made import (
    BACKUP,
    HOLE,
    HOME,
    Made,
    Tried,
    before,
    failed_over,
    judged,
    measure_of,
)


def test_a_client_that_never_tried_the_backup() -> None:
    made = Made(clients=2)
    before(made)
    for client, due in ((12, 21.0), (13, 22.0)):
        made.operation(
            client, due,
            Tried(HOME, due, due + 0.001, "refused"),
            Tried(HOME, due + 1, due + 1.001, "refused", "retry", 1.0),
            Tried(HOME, due + 3, due + 3.001, "refused", "retry", 2.0),
            ended=due + 7, why="its attempts are used up",
        )  # fmt: skip
    finding = judged(made, "failover.max <= rto")

    assert finding.verdict == "failed"
    assert finding.measured.censored
    assert finding.why == (
        "Client 12 never left us-south: 3 refused attempts over 3 s, then gave up after another "
        "4 s waited for nothing; no backup was tried (operation 200; 2 of 2 clients alike)."
    )
    assert finding.records == (200,)


def test_a_read_timeout_that_was_waited_out_in_full() -> None:
    made = Made(faults=(HOLE,))
    before(made)
    made.operation(
        3, 21.0, Tried(HOME, 21.0, 81.0, "read_timeout"),
        Tried(BACKUP, 82.0, 82.1, 200, "failover", 1.0),
    )  # fmt: skip
    finding = judged(made, "failover.p95 <= rto")

    assert finding.verdict == "failed"
    assert finding.why == (
        "TTF 61.1 s: the read timeout of 60 s was waited out in full before us-east was tried "
        "(operation 200)."
    )
    assert finding.records == (200,)


def test_timeouts_that_were_waited_out_one_after_the_other() -> None:
    made = Made(faults=(HOLE,))
    before(made)
    tries = [
        Tried(HOME, 21.0 + 4 * step, 25.0 + 4 * step, "total_timeout", "retry") for step in range(4)
    ]
    made.operation(3, 21.0, *tries, Tried(BACKUP, 37.0, 37.1, 200, "failover"))
    finding = judged(made, "failover.p95 <= rto")

    assert "4 attempts in a row waited out their total timeout at us-south, 16 s together" in (
        finding.why
    )
    assert finding.records == (200,)


def test_backoff_that_was_waited_out_at_the_dead_region() -> None:
    made = Made()
    before(made)
    made.operation(
        3, 21.0,
        Tried(HOME, 21.0, 21.001, "refused"),
        Tried(HOME, 25.0, 25.001, "refused", "retry", 4.0),
        Tried(HOME, 33.0, 33.001, "refused", "retry", 8.0),
        Tried(BACKUP, 33.0, 33.1, 200, "failover"),
    )  # fmt: skip
    finding = judged(made, "failover.p95 <= rto")

    assert finding.why == (
        "TTF 12.1 s: 12 s of it were waits between attempts at us-south before us-east was tried "
        "(operation 200)."
    )


def test_an_operation_that_gave_up_and_left_the_backup_to_the_next_one() -> None:
    made = Made()
    before(made)
    made.operation(3, 21.0, Tried(HOME, 21.0, 21.001, "refused"), ended=24.0)
    made.operation(3, 36.0, Tried(BACKUP, 36.0, 36.1, 200, "failover"))
    finding = judged(made, "failover.p95 <= rto")

    assert finding.why == (
        "TTF 15.1 s: operation 200 gave up at us-south after 3 s without trying us-east; "
        "the first to be served there, operation 201, was due 12 s later."
    )
    assert finding.records == (200, 201)


def test_a_backup_that_answers_slowly() -> None:
    made = Made()
    before(made)
    made.operation(
        3, 21.0, Tried(HOME, 21.0, 21.001, "refused"), Tried(BACKUP, 21.1, 33.1, 200, "failover")
    )
    finding = judged(made, "failover.p95 <= rto")

    assert finding.why == (
        "TTF 12.1 s: us-east took 12 s to answer: 1 attempt at us-east (200) (operation 200)."
    )


def test_a_backup_that_failed_as_well() -> None:
    made = Made()
    before(made)
    for step in range(3):
        due = 21.0 + step
        made.operation(
            5, due, Tried(HOME, due, due + 0.001, "refused"),
            Tried(BACKUP, due + 0.1, due + 0.2, 503, "failover"),
        )  # fmt: skip
    finding = judged(made, "failover.p95 <= rto")

    assert finding.verdict == "failed"
    assert finding.why == (
        "Client 5 tried us-east from 21.1 s on, but none of its attempts succeeded there before "
        "40 s: 3 attempts at us-east (503) (operation 200; 1 of 1 client alike)."
    )


def test_a_client_that_was_slow_to_detect() -> None:
    made = Made(faults=(HOLE,))
    before(made)
    made.operation(
        4, 20.5, Tried(HOME, 20.5, 33.0, "read_timeout"), Tried(BACKUP, 33.0, 33.1, 200, "failover")
    )
    finding = judged(made, "detect.p95 <= rto")

    assert finding.why == (
        "Client 4 turned away from us-south only at 33 s: its attempt of 20.5 s waited out its "
        "read timeout after 12.5 s (operation 200)."
    )


def test_a_client_that_had_nothing_to_do() -> None:
    made = Made()
    before(made)
    failed_over(made, 4, 20.1)
    failed_over(made, 5, 35.0)
    finding = judged(made, "detect.max <= rto")

    assert finding.why.startswith("Client 5 had nothing to do until 15 s after T0; ")


def test_a_fault_that_drove_nobody_away_is_no_reason_to_blame_the_clients() -> None:
    made = Made()
    made.healthy(0.0, 60.0)
    case = work_up(made.run())

    for rule in ("failover.p95", "detect.p95", "availability(fault, after failover)"):
        assert why(case, measure_of(rule)).cause == "nothing to flee"


def test_a_call_that_ran_beside_the_journey_did_not_keep_it() -> None:
    made = Made(faults=(HOLE,))
    before(made)
    made.operation(
        0, 20.5, Tried(HOME, 20.5, 30.5, "read_timeout"),
        Tried(BACKUP, 30.5, 30.55, 200, "failover"),
    )  # fmt: skip
    made.operation(
        0, 21.0, Tried(HOME, 21.0, 21.01, "refused"), Tried(BACKUP, 21.01, 21.04, 200, "failover")
    )
    finding = judged(made, "failover.max <= 100ms")

    assert finding.why == (
        "TTF 540 ms: operation 200 was still under way at us-south when another went to us-east "
        "(operation 201)."
    )
