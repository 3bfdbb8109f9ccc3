"""What an answer asks to wait, as the journal keeps it."""

import math
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.run.retry_after import retry_after_of

moments = st.datetimes(datetime(1970, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001 - hypothesis adds the zone
    lambda moment: moment.replace(microsecond=0)
)


@given(st.integers(0, 10**9))
def test_seconds_are_read_as_they_stand(seconds: int) -> None:
    assert retry_after_of(str(seconds)) == seconds


@given(moments, st.integers(-86_400, 86_400))
def test_a_date_is_held_against_the_answers_own_clock(now: datetime, seconds: int) -> None:
    until = format_datetime(now + timedelta(seconds=seconds), usegmt=True)

    assert retry_after_of(until, format_datetime(now, usegmt=True)) == seconds


@given(st.text(), st.none() | st.text())
def test_whatever_a_server_writes_is_a_number_or_none(value: str, date: str | None) -> None:
    assert isinstance(retry_after_of(value, date), float)


@pytest.mark.parametrize("value", [None, "", "soon", "-1", "1.5", "\N{SUPERSCRIPT TWO}"])
def test_what_cannot_be_understood_asks_for_nothing(value: str | None) -> None:
    assert math.isnan(retry_after_of(value, "Tue, 01 Jan 2030 00:00:00 GMT"))


def test_a_date_without_a_clock_beside_it_says_nothing() -> None:
    assert math.isnan(retry_after_of("Tue, 01 Jan 2030 00:00:00 GMT"))
