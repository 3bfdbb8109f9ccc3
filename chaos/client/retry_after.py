"""What a Retry-After asks for and what a policy makes of it.

The header carries seconds or an HTTP date (RFC 9110, section 10.2.3). A date is held against the
answer's own ``Date``, so that no wall clock of ours matters, and against ours only without one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from math import inf, nan
from random import Random
from typing import Literal

from chaos.exchange import Answer

# More digits than that are no duration.
_DIGITS = 15


def asked_for(
    headers: Mapping[str, str], utc: float | None, *, own_clock: bool = False
) -> float | None:
    """Seconds from the answer on, at least 0; None without the header, NaN if it makes no sense.

    ``utc`` is our wall clock in seconds since 1970, for dates in answers that have no ``Date``, or
    for all of them with ``own_clock``; without one (None) such a date makes no sense.
    """
    text = headers.get("retry-after")
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text) if len(text) <= _DIGITS else inf
    until = _instant(text)
    since = None if own_clock else _instant(headers.get("date", ""))
    if since is None:
        since = utc
    return nan if until is None or since is None else max(0.0, until - since)


def _instant(text: str) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
        # HTTP's dates are UTC, also in the two old forms that have no zone.
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


@dataclass(frozen=True, slots=True)
class RetryAfter:
    """How a client follows Retry-After.

    ``statuses`` limits it to those, None follows it on every answer that is retried. More than
    ``cap`` seconds are not waited: ``beyond`` says whether the call then ends (``refuse``) or waits
    the cap and is early (``cut``). ``zero`` says what "now", a past date or nonsense does: obey it,
    ignore it, or retry no more. On top comes jitter of up to ``spread`` times what was asked and
    ``plus`` seconds. ``shared`` holds the region for all calls of the client. ``anything`` retries
    whatever status carries the header. ``own_clock`` holds dates against the client's wall clock,
    as every SDK does, right or wrong.
    """

    statuses: frozenset[int] | None = None
    cap: float = inf
    beyond: Literal["refuse", "cut"] = "refuse"
    zero: Literal["obey", "ignore", "refuse"] = "obey"
    spread: float = 0.0
    plus: float = 0.0
    shared: bool = False
    anything: bool = False
    own_clock: bool = False

    def applies(self, answer: Answer) -> bool:
        """Whether this answer's Retry-After is looked at."""
        return "retry-after" in answer.headers and (
            self.statuses is None or answer.status in self.statuses
        )

    def wait(self, asked: float, rng: Random) -> float | None:
        """Seconds to wait for ``asked``, jitter included; inf to retry no more, None to ignore."""
        if not asked > 0.0:
            if asked == 0.0 and self.zero == "obey":
                return self.plus * rng.random() if self.plus else 0.0
            return inf if self.zero == "refuse" else None
        if asked > self.cap:
            if self.beyond == "refuse":
                return inf
            asked = self.cap
        return asked + (self.spread * asked + self.plus) * rng.random()


@dataclass(frozen=True, slots=True)
class AmazonRetryAfter:
    """``x-amz-retry-after`` in milliseconds: raises a backoff, by at most ``most`` seconds.

    botocore 1.44, ``retries/standard.py``.
    """

    most: float = 5.0

    def raised(self, headers: Mapping[str, str], backoff: float) -> float:
        """The wait after an answer with these headers, where the backoff alone would be that."""
        text = headers.get("x-amz-retry-after", "").strip()
        if not (text.isascii() and text.isdigit()) or len(text) > _DIGITS:
            return backoff
        return max(backoff, min(int(text) / 1000.0, backoff + self.most))
