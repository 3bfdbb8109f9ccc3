"""How a refusal asks to be tried again later: the headers Retry-After and Date.

RFC 9110, section 10.2.3: whole seconds, or an HTTP date, which clients hold against `Date`.
"""

from datetime import UTC, datetime
from math import ceil
from typing import Literal

Form = Literal["seconds", "date"]
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def retry_after(seconds: float | None, form: Form, now: float) -> dict[str, str]:
    """The headers that ask to wait so long; none for None. ``now`` is UTC since 1970.

    >>> retry_after(1.2, "seconds", 0.0)
    {'retry-after': '2'}
    >>> retry_after(60.0, "date", 0.0)["retry-after"]
    'Thu, 01 Jan 1970 00:01:00 GMT'
    """
    if seconds is None:
        return {}
    if form == "seconds":
        return {"retry-after": str(ceil(seconds))}
    # Whole seconds on both sides, so that their difference is never less than was asked for.
    return {"retry-after": http_date(int(now) + ceil(seconds)), "date": http_date(int(now))}


def http_date(when: float) -> str:
    """An instant as HTTP writes it (IMF-fixdate); no locale has a say in it."""
    at = datetime.fromtimestamp(when, UTC)
    day, month = DAYS[at.weekday()], MONTHS[at.month - 1]
    return f"{day}, {at.day:02} {month} {at.year:04} {at:%H:%M:%S} GMT"
