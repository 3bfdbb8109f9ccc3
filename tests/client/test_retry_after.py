"""Retry-After: what it asks for, and what a policy makes of it."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from math import inf, isnan
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.client.retry_after import AmazonRetryAfter, RetryAfter, asked_for
from chaos.exchange import Answer

EPOCH = 1_700_000_000.0
moments = st.datetimes(datetime(1970, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001 - hypothesis adds the zone
    lambda moment: moment.replace(microsecond=0)
)


def date(seconds: float) -> str:
    return format_datetime(datetime.fromtimestamp(seconds, UTC), usegmt=True)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": " 120 "}, 120.0),
        ({"retry-after": date(EPOCH + 30)}, 30.0),
        ({"retry-after": date(EPOCH - 30)}, 0.0),
        ({"retry-after": date(EPOCH + 630), "date": date(EPOCH + 600)}, 30.0),
        ({"retry-after": date(EPOCH + 30), "date": "yesterday"}, 30.0),
        ({"retry-after": "9" * 400}, inf),
        ({"retry-after": "Tue Nov 14 22:13:50 2023"}, 30.0),
        ({"retry-after": "Tuesday, 14-Nov-23 22:13:50 GMT"}, 30.0),
    ],
)
def test_seconds_and_dates_are_understood(headers: dict[str, str], expected: float | None) -> None:
    assert asked_for(headers, EPOCH) == expected


@pytest.mark.parametrize(
    "text", ["soon", "-1", "1.5", "", "\u0663", "Wed, 99 Nov 2026 00:00:00 GMT"]
)
def test_what_makes_no_sense_is_not_taken_for_a_number(text: str) -> None:
    asked = asked_for({"retry-after": text}, EPOCH)
    assert asked is not None
    assert isnan(asked)


@given(moments, st.integers(-86_400, 86_400))
def test_a_date_is_held_against_the_answers_own_clock(now: datetime, seconds: int) -> None:
    until = format_datetime(now + timedelta(seconds=seconds), usegmt=True)
    headers = {"retry-after": until, "date": format_datetime(now, usegmt=True)}
    assert asked_for(headers, None) == max(0, seconds)


@given(text=st.text(), clock=st.none() | st.text())
def test_whatever_a_server_writes_is_a_number(text: str, clock: str | None) -> None:
    headers = {"retry-after": text} | ({} if clock is None else {"date": clock})
    assert isinstance(asked_for(headers, None), float)


def test_a_date_without_a_clock_beside_it_says_nothing() -> None:
    asked = asked_for({"retry-after": "Tue, 01 Jan 2030 00:00:00 GMT"}, None)
    assert asked is not None
    assert isnan(asked)


def test_an_sdk_that_trusts_its_own_clock_is_wrong_by_its_skew() -> None:
    headers = {"retry-after": date(EPOCH + 30), "date": date(EPOCH)}
    assert asked_for(headers, EPOCH + 20) == 30.0
    assert asked_for(headers, EPOCH + 20, own_clock=True) == 10.0


@given(asked=st.floats(0.0, 1e6), seed=st.integers())
def test_what_is_waited_is_never_less_than_what_was_asked(asked: float, seed: int) -> None:
    rule = RetryAfter(cap=60.0, spread=0.1, plus=0.25)
    wait = rule.wait(asked, Random(seed))
    assert wait is not None
    assert wait >= asked
    assert wait <= 1.1 * asked + 0.25 or (wait == inf and asked > 60.0)


def test_jitter_comes_on_top() -> None:
    rule = RetryAfter(spread=0.1, plus=0.25)
    waits = {rule.wait(10.0, Random(seed)) for seed in range(50)}
    assert len(waits) == 50


@pytest.mark.parametrize(
    ("rule", "asked", "expected"),
    [
        (RetryAfter(cap=300.0), 301.0, inf),
        (RetryAfter(cap=300.0, beyond="cut"), 301.0, 300.0),
        (RetryAfter(), 0.0, 0.0),
        (RetryAfter(zero="ignore"), 0.0, None),
        (RetryAfter(zero="refuse"), 0.0, inf),
        (RetryAfter(), float("nan"), None),
        (RetryAfter(zero="refuse"), float("nan"), inf),
    ],
)
def test_caps_zeros_and_nonsense_are_the_policys_to_decide(
    rule: RetryAfter, asked: float, expected: float | None
) -> None:
    assert rule.wait(asked, Random(1)) == expected


def test_zero_seconds_are_spread_too() -> None:
    waits = [RetryAfter(plus=0.25).wait(0.0, Random(seed)) for seed in range(20)]
    assert len(set(waits)) == 20


def test_a_rule_may_look_at_some_statuses_only() -> None:
    rule = RetryAfter(statuses=frozenset({429, 503}))
    assert rule.applies(Answer(503, {"retry-after": "1"}))
    assert not rule.applies(Answer(500, {"retry-after": "1"}))
    assert not rule.applies(Answer(503))
    assert RetryAfter().applies(Answer(500, {"retry-after": "1"}))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("100", 0.5), ("3000", 3.0), ("60000", 5.5), ("-5", 0.5), ("x", 0.5), ("", 0.5)],
)
def test_amazons_header_raises_a_backoff_by_five_seconds_at_most(
    text: str, expected: float
) -> None:
    assert AmazonRetryAfter().raised({"x-amz-retry-after": text}, 0.5) == expected


def test_without_amazons_header_the_backoff_stands() -> None:
    assert AmazonRetryAfter().raised({}, 0.5) == 0.5
