"""Planted causes of operations that did not do as they should: found, named and cited."""

from tests.analysis.made import BACKUP, HOME, Made, Tried, before, failed_over, judged


def test_operations_that_were_not_tried_again() -> None:
    made = Made()
    before(made)
    made.failing(21.0, 21.3, came=503, every=0.1)
    made.operation(1, 22.0, Tried(HOME, 22.0, 22.5, "read_timeout"), why="its deadline was reached")
    made.healthy(23.0, 40.0, every=0.1)
    finding = judged(made, "availability(fault) >= 99%")

    assert finding.why == (
        "4 of 174 operations did not end ok: 3 \N{MULTIPLICATION SIGN} 503 at us-south and 1 "
        "read timeout at us-south; the first, operation 200, ended after 1 ms: failed."
    )
    assert finding.records == (200, 203)


def test_the_first_operation_told_is_the_first_and_not_that_of_the_commonest_reason() -> None:
    made = Made(faults=())
    made.healthy(0.0, 30.0)
    made.operation(1, 30.0, Tried(HOME, 30.0, 30.1, 401))
    for step in range(3):
        made.operation(1, 40.0 + step, Tried(HOME, 40.0 + step, 40.2 + step, 503))
    finding = judged(made, "availability >= 99.99%")

    assert finding.why == (
        "4 of 3,004 operations did not end ok: 3 \N{MULTIPLICATION SIGN} 503 at us-south and "
        "1 \N{MULTIPLICATION SIGN} 401 at us-south; the first, operation 3000, ended "
        "after 100 ms: failed."
    )
    assert finding.records == (3000, 3001)


def test_the_service_time_of_the_slowest_is_told_from_its_start() -> None:
    made = Made(faults=())
    made.healthy(0.0, 30.0)
    made.operation(1, 30.0, Tried(HOME, 31.0, 31.5), started=31.0)
    finding = judged(made, "service.max <= 100ms")

    assert finding.why.startswith("The slowest, operation 3000, took 500 ms: it started 1 s late")


def test_operations_that_were_given_up_without_an_attempt() -> None:
    made = Made()
    before(made)
    failed_over(made, 1, 20.5)
    for step in range(5):
        made.operation(1, 22.0 + step, why="us-south has its breaker open")
    finding = judged(made, "availability(fault) >= 99%")

    assert "5 without an attempt (us-south has its breaker open)" in finding.why


def test_retries_that_amplify() -> None:
    made = Made()
    before(made)
    for step in range(10):
        failed_over(made, 1, 21.0 + step, tries=6, wait=0.01)
    finding = judged(made, "amplification(fault) <= 3")

    assert finding.why == (
        "70 attempts for 10 operations: 50 retries at us-south and 10 failovers at us-east besides "
        "the first attempts; operation 200 alone made 7 in 80 ms."
    )


def test_outcomes_that_stayed_unknown() -> None:
    made = Made()
    before(made)
    made.operation(
        1, 21.0, Tried(HOME, 21.0, 22.0, "read_timeout"), outcome="unknown", why="no answer came"
    )
    finding = judged(made, "unknown_outcomes <= 0")

    assert finding.why == (
        "1 operation ended without the client learning whether the service had carried it out; "
        "the first, operation 200: no answer came."
    )


def test_a_queue_in_front_of_the_client() -> None:
    made = Made()
    before(made)
    failed_over(made, 1, 20.5)
    made.operation(1, 21.0, Tried(BACKUP, 29.0, 29.5), started=29.0)
    for step in range(20):
        made.operation(2, 21.0 + step, Tried(BACKUP, 21.0 + step, 21.1 + step))
    finding = judged(made, "response(fault).max <= 1s")

    assert finding.verdict == "failed"
    assert finding.why == (
        "The slowest, operation 201, took 8.5 s: it started 8 s late and its 1 attempt took "
        "500 ms, of which one at us-east was answered 200 after 500 ms."
    )


def test_the_worst_window_is_what_a_rule_for_every_window_is_told_by() -> None:
    made = Made()
    made.healthy(0.0, 25.0)
    made.failing(25.0, 26.0)
    made.healthy(26.0, 60.0)
    finding = judged(made, "availability(fault, every 2s) >= 99%")

    assert finding.verdict == "failed"
    assert finding.why.startswith(
        "From 24 s to 26 s 100 of 200 operations did not end ok: 100 refused at us-south; "
    )


def test_no_time_after_a_failover_that_never_came() -> None:
    made = Made()
    before(made)
    made.failing(21.0, 39.0, every=1.0)
    finding = judged(made, "availability(fault, after failover) >= 99%")

    assert finding.verdict == "inconclusive"
    assert finding.why == "No client failed over, so nothing was due after it."
