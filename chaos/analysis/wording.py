"""How analysis says numbers and failures in its sentences: seconds, shares, replies, lists."""

from collections.abc import Sequence
from math import inf

from chaos.run.record import FAILURE_CODES

_KINDS = {code: kind for kind, code in FAILURE_CODES.items()}
_FAILED = {
    "refused": "was refused",
    "reset": "was reset",
    "closed": "was closed before it was answered",
    "connect_timeout": "waited out its connect timeout",
    "read_timeout": "waited out its read timeout",
    "total_timeout": "waited out its total timeout",
    "truncated": "got a truncated answer",
    "tls": "failed in the TLS handshake",
    "dns": "failed in name resolution",
    "cancelled": "was cancelled",
}
LEAST_STATUS = 100
_DUST = 1e-9  # what floats leave of a whole
_MOST_DECIMALS = 6  # one in ten million


def seconds(length: float) -> str:
    """A length of time with the digits that a sentence needs.

    >>> seconds(0.0042), seconds(0.35), seconds(61.13), seconds(120.0)
    ('4.2 ms', '350 ms', '61.1 s', '120 s')
    """
    if 0 < abs(length) < 0.9995:  # noqa: PLR2004 - anything above rounds to a second
        return f"{length * 1e3:.2g} ms" if length < 0.01 else f"{length * 1e3:.0f} ms"  # noqa: PLR2004 - two digits are enough
    return f"{length:.1f}".removesuffix(".0") + " s"


def during(length: float) -> str:
    """For how long something is to be, as the end of a sentence.

    >>> during(2.0), during(float("inf"))
    ('for 2 s', 'for ever')
    """
    return "for ever" if length == inf else f"for {seconds(length)}"


def share(part: float) -> str:
    """A fraction of one in per cent, with as many digits as its distance from 0 and 100 needs.

    Never rounded up to 100 % nor down to 0 %. The tables of the report write shares by this rule,
    too, so that a number is the same wherever it stands.

    >>> share(0.41), share(0.1575), share(0.99996), share(1.0), share(0.00001)
    ('41 %', '15.8 %', '99.996 %', '100 %', '0.001 %')
    """
    percent = part * 100
    if 100 - _DUST <= percent < 100:  # noqa: PLR2004 - per cent
        percent = 100.0
    edge = min(abs(100 - percent), abs(percent))
    decimals = 1 if edge >= 1 else 2
    while decimals < _MOST_DECIMALS and 0 < edge < 10**-decimals:
        decimals += 1
    rounded = round(percent, decimals)
    # Nothing becomes whole, or nothing at all, that is not.
    if rounded >= 100 > percent:  # noqa: PLR2004 - per cent
        rounded = 100 - 10**-decimals
    elif rounded <= 0 < percent:
        rounded = 10**-decimals
    return f"{rounded:.{decimals}f}".rstrip("0").rstrip(".") + " %"


def many(count: int, noun: str) -> str:
    """A count with its noun.

    >>> many(1, "client"), many(1200, "operation")
    ('1 client', '1,200 operations')
    """
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def listed(words: Sequence[str]) -> str:
    """Words as a list in a sentence.

    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def reply(status: int) -> str:
    """What came of an attempt, as the end of a sentence that begins with the attempt.

    >>> reply(429), reply(FAILURE_CODES["refused"])
    ('was answered 429', 'was refused')
    """
    if status >= LEAST_STATUS:
        return f"was answered {status}"
    return _FAILED[_KINDS[status]]


def kind(status: int) -> str:
    """What came of an attempt in a word or two.

    >>> kind(429), kind(FAILURE_CODES["read_timeout"])
    ('429', 'read timeout')
    """
    return str(status) if status >= LEAST_STATUS else _KINDS[status].replace("_", " ")
