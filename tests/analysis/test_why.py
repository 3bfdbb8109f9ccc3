"""Twelve planted causes and more: each is found, named and cited by its operation's number."""

import pytest

from chaos.analysis import analyse, why
from chaos.analysis.advice import ADVICE
from chaos.analysis.findings import Finding
from chaos.scenario.model import Fault
from chaos.scenario.vocabulary import VOCABULARY
from tests.analysis.made import BACKUP, HOME, Made, Tried, failed_over

HOLE = Fault("home-hole", "timeout", "wire", HOME, 20.0, 20.0, (("timeout", 0.0),))


def judged(made: Made, text: str) -> Finding:
    made.objectives = (text,)
    analysis = analyse(made.run())
    (finding,) = analysis.findings
    if finding.verdict == "failed":
        assert finding.why.endswith(".")
        assert not finding.why[0].islower()
    return finding


def before(made: Made) -> None:
    """Something to hold the fault against."""
    made.healthy(0.0, 20.0, client=99, every=0.1)


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
        "Client 12 never left us-south: 3 refused attempts over 7 s, then gave up; "
        "no backup was tried (operation 200; 2 of 2 clients alike)."
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


def test_operations_that_were_not_tried_again() -> None:
    made = Made()
    before(made)
    made.failing(21.0, 21.3, came=503, every=0.1)
    made.operation(1, 22.0, Tried(HOME, 22.0, 22.5, "read_timeout"), why="its deadline was reached")
    made.healthy(23.0, 40.0, every=0.1)
    finding = judged(made, "availability(fault) >= 99%")

    assert finding.why == (
        "4 of 174 operations did not end ok: 3 503 at us-south and 1 read timeout at us-south; "
        "the first, operation 200, ended after 1 ms: failed."
    )
    assert finding.records == (200, 203)


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


def test_a_fleet_that_did_not_recover() -> None:
    made = Made()
    made.healthy(0.0, 20.0)
    made.failing(20.0, 40.0)
    finding = judged(made, "recover <= rto")

    assert finding.measured.censored
    assert finding.why == (
        "Between 20 s and 21 s only 0 % of the operations were ok (100 % before the fault): "
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


def test_data_keys_that_a_stale_backup_does_not_open() -> None:
    made = Made()
    before(made)
    failed_over(made, 0, 21.0)
    made.wrapped(88, {HOME: "right", BACKUP: "lost"}, why="409 KEY_VERSION_NOT_FOUND")
    made.wrapped(89, {HOME: "right", BACKUP: "right"})
    finding = judged(made, "integrity == 100%")

    assert finding.verdict == "failed"
    assert finding.why == (
        "1 of 2 data keys do not open in us-east; the first is the one wrapped as 88: "
        "409 KEY_VERSION_NOT_FOUND."
    )
    assert finding.records == (88,)


def test_another_plaintext_than_was_wrapped() -> None:
    made = Made()
    before(made)
    failed_over(made, 0, 21.0)
    made.wrapped(4, {HOME: "wrong", BACKUP: "right"}, why="another plaintext came than was wrapped")
    finding = judged(made, "wrong_plaintext == 0")

    assert finding.verdict == "failed"
    assert "1 of 1 data key open to another plaintext in us-south" in finding.why


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

    assert finding.verdict == "inconclusive" or "it started 8 s late" in finding.why


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


@pytest.mark.parametrize("cause", sorted(ADVICE))
def test_every_advice_is_a_sentence(cause: str) -> None:
    assert ADVICE[cause][0].isupper()
    assert ADVICE[cause].endswith(".")


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


def test_a_retry_that_came_before_it_was_allowed() -> None:
    made = Made()
    before(made)
    failed_over(made, 0, 20.5)
    made.operation(
        0, 45.0, Tried(HOME, 45.0, 45.5, 429, retry_after=4.0),
        Tried(HOME, 46.0, 46.1, 200, "retry", 0.5),
    )  # fmt: skip
    finding = judged(made, "early_retries == 0")

    assert finding.verdict == "failed"
    assert finding.why == (
        "1 attempt came before the Retry-After of the last answer; the first, of operation 201, "
        "was sent at 46 s although us-south had asked at 45.5 s for 4 s of peace, 3.5 s too early."
    )
    assert finding.records == (201,)


def test_waits_that_march_in_step() -> None:
    made = Made()
    before(made)
    for client in range(10):
        failed_over(made, client, 21.0 + client, tries=4, wait=0.5)
    finding = judged(made, "backoff_jitter >= 0.2")

    assert finding.verdict == "failed"
    assert finding.why == (
        "30 waits between attempts look like constant from 499 ms: they grow by 1 a retry and "
        "scatter by 0 of their mean."
    )


def test_a_client_that_cannot_decide() -> None:
    made = Made(clients=3)
    before(made)
    failed_over(made, 1, 20.5)
    for at, kind, region, left in (
        (20.6, "failover", BACKUP, HOME),
        (25.0, "failback", HOME, BACKUP),
        (26.0, "failover", BACKUP, HOME),
    ):
        made.decided(1, kind, at, region, left)  # type: ignore[arg-type]  # a test's own words
    finding = judged(made, "switches.max <= 2")

    assert finding.verdict == "failed"
    assert finding.why == (
        "Client 1 changed its region 3 times: failover to us-east at 20.6 s (because), "
        "failback to us-south at 25 s (because) and failover to us-east at 26 s (because)."
    )


def test_a_client_that_asks_for_a_token_with_every_operation() -> None:
    made = Made(clients=1)
    before(made)
    number = failed_over(made, 0, 20.5)
    for count in range(3):
        made.attempt(0, number, count, Tried("iam", 20.0 + count, 20.1 + count, 200, "refresh"))
    finding = judged(made, "token_requests.max <= 1")

    assert finding.verdict == "failed"
    assert finding.why == ("Client 0 asked for a token 3 times, the first for operation 200.")


def test_no_time_after_a_failover_that_never_came() -> None:
    made = Made()
    before(made)
    made.failing(21.0, 39.0, every=1.0)
    finding = judged(made, "availability(fault, after failover) >= 99%")

    assert finding.verdict == "inconclusive"
    assert finding.why == "No client failed over, so nothing was due after it."


def test_every_measure_has_its_why_and_every_cause_its_advice() -> None:
    assert set(why._WHYS) == set(VOCABULARY)
