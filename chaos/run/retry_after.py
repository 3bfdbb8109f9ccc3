"""What a Retry-After header asks for: seconds, or a date held against the answer's own clock."""

from email.utils import parsedate_to_datetime

NAN = float("nan")


def retry_after_of(value: str | None, date: str | None = None) -> float:
    """Seconds to wait from the answer on; NaN where nothing understandable is asked for.

    A date is read against the answer's `Date` header, so that no wall clock of ours matters (RFC
    9110, section 10.2.3); one that has passed asks for less than nothing.
    """
    if value is None:
        return NAN
    # Header bytes are read as Latin-1, where superscripts pass for digits.
    if value.isascii() and value.isdigit():
        return float(value)
    if date is None:
        return NAN
    try:
        return (parsedate_to_datetime(value) - parsedate_to_datetime(date)).total_seconds()
    except (ValueError, TypeError, IndexError, OverflowError):
        return NAN
