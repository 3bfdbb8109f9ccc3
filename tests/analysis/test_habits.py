"""Planted habits of clients that no service can bear: found, named and cited."""

from math import inf

from tests.analysis.made import BACKUP, HOME, Made, Tried, before, failed_over, judged


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
        "was sent at 46 s although us-south had asked at 45.5 s to be left alone for 4 s, 3.5 s "
        "too early."
    )
    assert finding.records == (201,)


def test_a_retry_that_was_never_allowed_is_not_early_by_a_number() -> None:
    made = Made()
    before(made)
    failed_over(made, 0, 20.5)
    busy = Tried(HOME, 45.0, 45.5, 429, retry_after=inf)
    made.operation(0, 45.0, busy, Tried(HOME, 46.0, 46.1, 200, "retry", 0.5))

    assert judged(made, "early_retries == 0").why.endswith(
        "although us-south had asked at 45.5 s to be left alone for ever."
    )


def test_waits_that_march_in_step() -> None:
    made = Made()
    before(made)
    for client in range(10):
        failed_over(made, client, 21.0 + client, tries=4, wait=0.5)
    finding = judged(made, "backoff_jitter >= 0.2")

    assert finding.verdict == "failed"
    assert finding.why == (
        "30 waits between attempts look like constant from 499 ms: they grow by 1 a retry."
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


def test_retries_without_a_wait() -> None:
    made = Made()
    before(made)
    for client in range(10):
        failed_over(made, client, 21.0 + client, tries=4, wait=0.002)
    finding = judged(made, "backoff_growth >= 1.5")

    assert finding.why == "30 waits between attempts look like no backoff at all."
