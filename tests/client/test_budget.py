"""Retry budgets against their published consequences (formulas in closed form where there are)."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.client.budget import (
    Account,
    ActiveShare,
    Bucket,
    Budget,
    Cause,
    FailureShare,
    GrpcThrottle,
    Quota,
    Windowed,
)


def load(budget: Budget, failing: float, *, retries: int = 3, calls: int = 40_000) -> float:
    """Attempts per call of one client, each attempt failing with that probability."""
    account, rng, attempts = budget.account(), Random(11), 0
    for number in range(calls):
        account.began(number * 0.1)
        cost = 0.0
        for retry in range(retries + 1):
            attempts += 1
            if rng.random() >= failing:
                account.succeeded(number * 0.1, cost)
                break
            account.failed(number * 0.1)
            paid = account.withdraw(number * 0.1, "transient") if retry < retries else None
            if paid is None:
                break
            cost = paid
    return attempts / calls


def retries_left(account: Account, cause: Cause = "transient") -> int:
    """How many retries one account pays for when everything fails."""
    bought = 0
    while bought < 10_000 and account.withdraw(0.0, cause) is not None:
        bought += 1
    return bought


def test_grpc_stops_at_the_fifth_failure_and_starts_again_after_51_successes() -> None:
    account = GrpcThrottle(max_tokens=10.0, ratio=0.1).account()
    for failure in range(1, 6):
        account.failed(0.0)
        assert (account.withdraw(0.0, "transient") is not None) == (failure < 5)
    for _ in range(20):
        account.failed(0.0)
    for success in range(1, 52):
        assert account.withdraw(0.0, "transient") is None, success
        account.succeeded(0.0, 0.0)
    assert account.withdraw(0.0, "transient") is not None


@pytest.mark.parametrize(
    ("failing", "expected"),
    [(0.05, 1.0526), (0.08, 1.059), (0.0909, 1.038), (0.1, 1.019), (0.12, 1.0025), (0.2, 1.0)],
)
def test_grpc_suppresses_retries_above_a_ninth_of_failing_attempts(
    failing: float, expected: float
) -> None:
    assert load(GrpcThrottle(), failing, calls=150_000) == pytest.approx(expected, abs=0.012)


@pytest.mark.parametrize(("rate", "expected"), [(10.0, 11.94), (100.0, 29.91), (1000.0, 210.0)])
def test_a_window_allows_its_reserve_and_a_fifth_of_the_operations(
    rate: float, expected: float
) -> None:
    account, rng, now, retries = Windowed().account(), Random(3), 0.0, 0
    lasts = 20_000.0 / rate + 100.0
    while now < lasts:
        now += rng.expovariate(rate)
        account.began(now)
        for _ in range(30):
            retries += account.withdraw(now, "transient") is not None
    assert retries / lasts == pytest.approx(expected, rel=0.02)


def test_a_window_without_a_reserve_is_the_ten_per_cent_ratio() -> None:
    assert load(Windowed(ratio=0.1, reserve=0.0), 1.0) == pytest.approx(1.1, abs=0.001)


@pytest.mark.parametrize(
    ("quota", "cause", "expected"),
    [
        (Quota(transient=5.0, throttled=5.0, timeout=10.0), "transient", 100),
        (Quota(transient=5.0, throttled=5.0, timeout=10.0), "timeout", 50),
        (Quota(), "transient", 35),
        (Quota(), "timeout", 35),
        (Quota(), "throttled", 100),
    ],
)
def test_the_aws_quota_pays_for_so_many_retries_and_then_none(
    quota: Quota, cause: Cause, expected: int
) -> None:
    assert retries_left(quota.account(), cause) == expected


@pytest.mark.parametrize(
    ("cost", "failing", "expected"),
    [
        (5.0, 0.4, 0.300),
        (5.0, 0.5, 0.200),
        (5.0, 0.8, 0.050),
        (14.0, 0.4, 0.107),
        (14.0, 0.5, 0.0714),
        (14.0, 0.8, 0.0179),
    ],
)
def test_the_aws_quota_sustains_the_published_extra_load(
    cost: float, failing: float, expected: float
) -> None:
    quota = Quota(transient=cost, throttled=5.0, timeout=cost)
    extra = load(quota, failing, retries=2, calls=80_000) - 1.0
    assert extra == pytest.approx(expected, rel=0.06)


@pytest.mark.parametrize("calls", [50, 200, 5000])
def test_a_bucket_sustains_its_ratio_and_four_retries_to_begin_with(calls: int) -> None:
    account, retries = Bucket(capacity=5.0, ratio=0.1).account(), 0
    for _ in range(calls):
        account.began(0.0)
        retries += retries_left(account)
    assert 1.0 + retries / calls == pytest.approx(1.1 + 4.0 / calls, abs=1.5 / calls)


@pytest.mark.parametrize(
    ("failing", "expected"), [(0.05, 1.038), (0.1, 1.031), (0.2, 1.003), (0.5, 1.0)]
)
def test_brookers_breaker_on_retries_trips_at_half_its_rate(
    failing: float, expected: float
) -> None:
    loads = [_breaker_load(failing, seed) for seed in range(400)]
    assert sum(loads) / len(loads) == pytest.approx(expected, abs=0.01)


def _breaker_load(failing: float, seed: int) -> float:
    """One of Brooker's clients: a hundred calls in ten seconds."""
    account, rng, attempts = FailureShare(most=0.1).account(), Random(seed), 0
    for _ in range(100):
        account.began(0.0)
        for retry in range(4):
            attempts += 1
            if rng.random() >= failing:
                break
            account.failed(0.0)
            if retry == 3 or account.withdraw(0.0, "transient") is None:
                break
    return attempts / 100


def test_envoys_budget_counts_what_is_under_way() -> None:
    account = ActiveShare(share=0.2, least=3).account()
    for _ in range(20):
        account.sent(retry=False)
    for _ in range(4):
        assert account.withdraw(0.0, "transient") is not None
        account.sent(retry=True)
    account.sent(retry=True)
    assert account.withdraw(0.0, "transient") is None
    account.ended(retry=True)
    account.ended(retry=True)
    assert account.withdraw(0.0, "transient") is not None


def test_a_few_retries_are_always_allowed_by_envoys_budget() -> None:
    account = ActiveShare(share=0.2, least=3).account()
    for _ in range(3):
        assert account.withdraw(0.0, "transient") is not None
        account.sent(retry=True)
    assert account.withdraw(0.0, "transient") is None


def test_without_a_budget_every_retry_is_paid_for() -> None:
    account = Account()
    account.began(0.0)
    account.failed(0.0)
    account.sent(retry=True)
    account.ended(retry=True)
    account.succeeded(0.0, 0.0)
    assert account.withdraw(0.0, "transient") == 0.0


EVENTS = st.lists(st.sampled_from(["began", "failed", "succeeded", "withdraw"]), max_size=200)


def bought(account: Account, events: list[str]) -> int:
    """How many retries the account pays for while all that happens, ten milliseconds apart."""
    count = 0
    for index, event in enumerate(events):
        now = index * 0.01
        if event == "began":
            account.began(now)
        elif event == "failed":
            account.failed(now)
        elif event == "succeeded":
            account.succeeded(now, 0.0)
        else:
            count += account.withdraw(now, "transient") is not None
    return count


@given(events=EVENTS)
def test_a_bucket_pays_no_more_than_came_in(events: list[str]) -> None:
    rule = Bucket()
    most = rule.capacity + rule.ratio * events.count("began")
    assert bought(rule.account(), events) <= most


@given(events=EVENTS)
def test_a_window_pays_no_more_than_its_reserve_and_its_share(events: list[str]) -> None:
    rule = Windowed(reserve=0.5)
    most = rule.reserve * rule.window + rule.ratio * events.count("began")
    assert bought(rule.account(), events) <= most


@given(events=EVENTS)
def test_a_quota_pays_no_more_than_it_has_and_gets_back(events: list[str]) -> None:
    rule = Quota(capacity=50.0)
    most = (rule.capacity + events.count("succeeded")) / rule.transient
    assert bought(rule.account(), events) <= most
