"""The token bucket beside a simple one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.service.quota import FORGOTTEN_ABOVE, Buckets, Quota

STEPS = st.lists(st.floats(min_value=0.0, max_value=2.0), max_size=80)


@given(st.floats(0.1, 100.0), st.integers(1, 10), STEPS)
def test_a_bucket_refuses_what_a_counting_bucket_refuses(
    rate: float, burst: int, steps: list[float]
) -> None:
    buckets = Buckets(Quota(rate=rate, burst=burst))
    now, tokens = 0.0, float(burst)
    for step in steps:
        now, tokens = now + step, min(float(burst), tokens + step * rate)
        wait = buckets.take("one", now)
        if abs(tokens - 1.0) < 1e-6:
            return  # a tie: rounding may decide either way
        assert (wait == 0.0) == (tokens >= 1.0)
        if wait:
            assert wait == pytest.approx((1.0 - tokens) / rate, rel=1e-6, abs=1e-9)
        else:
            tokens -= 1.0


@given(st.floats(1.0, 50.0), st.integers(1, 20), st.floats(1.0, 20.0))
def test_over_any_stretch_no_more_pass_than_rate_times_time_and_the_burst(
    rate: float, burst: int, lasts: float
) -> None:
    buckets = Buckets(Quota(rate=rate, burst=burst))
    step = 0.237 / rate
    passed = sum(buckets.take("one", number * step) == 0.0 for number in range(int(lasts / step)))
    # Whoever asks every so often is late for each of them by up to one step.
    assert lasts / (1.0 / rate + step) - 2 <= passed <= rate * lasts + burst + 1


def test_instances_do_not_share_a_bucket_and_a_refusal_names_the_least_wait() -> None:
    buckets = Buckets(Quota(rate=1.0, retry_after=7.0))
    assert buckets.take("one", 0.0) == 0.0
    assert buckets.take("two", 0.0) == 0.0
    assert buckets.take("one", 0.5) == 7.0
    assert buckets.refused == 1
    assert buckets.take("one", 1.0) == 0.0


def test_full_buckets_are_forgotten() -> None:
    buckets = Buckets(Quota(rate=1000.0))
    for number in range(FORGOTTEN_ABOVE + 10):
        buckets.take(str(number), float(number))
    assert len(buckets._full) < 20
