"""The most frequent of many reasons, where some differ by nothing but a time that they name."""

import re
from collections.abc import Iterable

_SECONDS = re.compile(r"\d+(?:\.\d+)?(?= s\b)")


def commonest(reasons: Iterable[str]) -> str:
    """The most frequent reason; times in it are told as the range that they had.

    >>> commonest(["left alone since 15.573 s", "left alone since 40.1 s", "another"])
    'left alone since 15.573 to 40.1 s'
    """
    alike: dict[str, list[str]] = {}
    for said in reasons:
        alike.setdefault(_SECONDS.sub("#", said), []).append(said)
    if not alike:
        return ""
    most = max(alike, key=lambda form: (len(alike[form]), form))
    times = [_SECONDS.findall(said) for said in alike[most]]
    ranges = iter([_range(column) for column in zip(*times, strict=True)])
    return _SECONDS.sub(lambda _: next(ranges), alike[most][0])


def _range(times: Iterable[str]) -> str:
    ordered = sorted(set(times), key=lambda text: (float(text), text))
    return ordered[0] if len(ordered) == 1 else f"{ordered[0]} to {ordered[-1]}"
