"""What asks a client to come back later, held against what a client reads out of it."""

from datetime import UTC, datetime
from email.utils import format_datetime
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from chaos.client.retry_after import asked_for
from chaos.service.retry_after import http_date, retry_after

NOW = st.floats(min_value=0.0, max_value=4e9)
SECONDS = st.floats(min_value=0.0, max_value=1e6)


@given(SECONDS, NOW)
def test_a_client_that_obeys_is_never_early(seconds: float, now: float) -> None:
    headers = retry_after(seconds, "seconds", now)
    assert asked_for(headers, now) == ceil(seconds)
    headers = retry_after(seconds, "date", now)
    read = asked_for(headers, now)
    assert read is not None
    assert seconds <= read <= seconds + 1.0


@given(NOW)
def test_dates_are_written_as_the_standard_library_does(when: float) -> None:
    expected = format_datetime(datetime.fromtimestamp(int(when), UTC), usegmt=True)
    assert http_date(int(when)) == expected


@given(NOW)
def test_nothing_is_asked_for_without_a_time(now: float) -> None:
    assert retry_after(None, "seconds", now) == retry_after(None, "date", now) == {}
