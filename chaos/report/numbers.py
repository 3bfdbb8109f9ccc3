"""How every number is written, once: units, digits, limits, margins, and what was not reached.

Numbers and their units are joined by a no-break space. A share is never rounded up to 100 % nor
down to 0 %: "99.99 %" that hides one lost operation would be a lie.
"""

import math

from chaos.analysis import wording
from chaos.analysis.findings import Measured, Watched
from chaos.scenario.objective import Comparison, Objective, Unit
from chaos.scenario.vocabulary import HERD_WATCHED

NBSP = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
TIMES = "\N{MULTIPLICATION SIGN}"
NOTHING = "no records"
_SIGNS: dict[Comparison, str] = {
    "<=": "\N{LESS-THAN OR EQUAL TO}",
    ">=": "\N{GREATER-THAN OR EQUAL TO}",
    "<": "<",
    ">": ">",
    "==": "=",
}
_WORDS: dict[Comparison, str] = {
    "<=": "within",
    ">=": "at least",
    "<": "less than",
    ">": "more than",
    "==": "exactly",
}
_MINUTE, _HOUR = 60.0, 3600.0
_DUST = 0.001
_INSTANT = 1e-9
_MOST_DIGITS = 16
_NOTHING = 1e-12  # what floating point leaves of a zero


def significant(value: float, digits: int = 3) -> str:
    """A number to so many significant digits, never in scientific notation, zeros dropped.

    >>> significant(1.9), significant(0.13749), significant(1234.5)
    ('1.9', '0.137', '1,234')
    """
    if abs(value) < _NOTHING or not math.isfinite(value):
        return "0" if abs(value) < _NOTHING else str(value)
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", MINUS)


def seconds(value: float) -> str:
    """A length of time in the unit that a reader would choose.

    >>> [seconds(v).replace(NBSP, " ") for v in (0.0137, 1.9, 61.25, 4000.0)]
    ['13.7 ms', '1.9 s', '1 min 1.2 s', '1 h 6 min 40 s']
    """
    length = abs(value)
    sign = MINUS if value < 0 else ""
    if math.isinf(length):
        return "for ever" if value > 0 else "never"
    if length < _INSTANT:
        return f"0{NBSP}s"
    if length < 1e-3:  # noqa: PLR2004 - the unit's own size
        return f"{sign}{significant(length * 1e6, 2)}{NBSP}\N{MICRO SIGN}s"
    if length < 0.9995:  # noqa: PLR2004 - anything above rounds to a second
        return f"{sign}{significant(length * 1e3)}{NBSP}ms"
    if length < _MINUTE:
        return f"{sign}{significant(length)}{NBSP}s"
    hours, rest = divmod(length, _HOUR)
    minutes, rest = divmod(rest, _MINUTE)
    parts = [f"{hours:.0f}{NBSP}h"] if hours else []
    parts += [f"{minutes:.0f}{NBSP}min"] if minutes else []
    tail = f"{math.floor(rest * 10) / 10:g}" if not hours else f"{math.floor(rest)}"
    parts += [f"{tail}{NBSP}s"] if tail != "0" else []
    return sign + NBSP.join(parts)


def tick(value: float) -> str:
    """A round length of time beside an axis, where minutes and seconds would be too wide.

    >>> [tick(v).replace(NBSP, " ") for v in (0.03, 100.0)]
    ['30 ms', '100 s']
    """
    return seconds(value) if value < _MINUTE else f"{significant(value)}{NBSP}s"


def instant(value: float) -> str:
    """A moment of the run to the millisecond, in seconds since time zero.

    >>> instant(15.0061).replace(NBSP, " ")
    '15.006 s'
    """
    return f"{value:.3f}{NBSP}s".replace("-", MINUS)


def share(value: float) -> str:
    """A fraction of one in per cent, by the rule of the analysis's own sentences.

    >>> [share(v).replace(NBSP, " ") for v in (1.0, 0.999999, 0.9994, 0.716, 0.00001)]
    ['100 %', '99.9999 %', '99.94 %', '71.6 %', '0.001 %']
    """
    return wording.share(value).replace("-", MINUS).replace(" ", NBSP)


def ratio(value: float) -> str:
    """A ratio to one, with the times sign."""
    if 0 < value < _DUST:
        return f"< {_DUST}{TIMES}"
    return significant(value) + TIMES


def count(value: float) -> str:
    """A number of things: `26,485`."""
    return f"{value:,.0f}" if value == round(value) else significant(value)


def rate(value: float) -> str:
    """So many a second: `120/s`."""
    return f"{significant(value)}/s"


def size(octets: int) -> str:
    """A file's size: `412 KiB`."""
    if octets < 1024:  # noqa: PLR2004 - a kibibyte
        return f"{octets}{NBSP}B"
    for power, unit in ((1, "KiB"), (2, "MiB")):
        if octets < 1024 ** (power + 1):
            return f"{significant(octets / 1024**power)}{NBSP}{unit}"
    return f"{significant(octets / 1024**3)}{NBSP}GiB"


def value(number: float, unit: Unit) -> str:
    """A number in its unit."""
    match unit:
        case "seconds":
            return seconds(number)
        case "share":
            return share(number)
        case "ratio":
            return ratio(number)
        case "count":
            return count(number)
        case "rate":
            return rate(number)


def least(number: float, unit: Unit) -> str:
    """A lower bound in its unit, never above what was seen: 19.964 s is more than 19.9 s.

    >>> least(19.964, "seconds").replace(NBSP, " ")
    '19.9 s'
    """
    if unit == "share" or number <= 0 or number >= _MINUTE:
        return value(number, unit)
    step = 10.0 ** (math.floor(math.log10(number)) - 2)
    return value(math.floor(number / step + _INSTANT) * step, unit)


def beside(number: float, unit: Unit, bound: float | None) -> str:
    """A number in its unit, with the digits that tell it from a limit that it is not on.

    >>> beside(3.00096, "rate", 3.0), beside(2.5, "rate", 3.0)
    ('3.001/s', '2.5/s')
    """
    text = value(number, unit)
    if bound is None or number == bound:
        return text
    for digits in range(4, _MOST_DIGITS):
        if text != value(bound, unit):
            break
        text = _precisely(number, unit, digits)
    return text


def _precisely(number: float, unit: Unit, digits: int) -> str:
    match unit:
        case "seconds":
            short = abs(number) < 1
            told = significant(number * 1e3 if short else number, digits)
            return f"{told}{NBSP}{'ms' if short else 's'}"
        case "share":
            return f"{significant(number * 100, digits)}{NBSP}%"
        case "ratio":
            return significant(number, digits) + TIMES
        case "count":
            return significant(number, digits)
        case "rate":
            return f"{significant(number, digits)}/s"


def measured(what: Measured, bound: float | None = None) -> str:
    """A measured value: `1.9 s`, `> 19.9 s, not reached`, `no records`.

    What was watched for too short a time says so: `at least 1.05 (watched for 3 s of 30 s)`.
    Where it is held against a limit, ``bound``, it has the digits that decide.
    """
    if what.value is None:
        return NOTHING
    if isinstance(what, Watched):
        watched = f"watched for {seconds(what.watched)} of {seconds(HERD_WATCHED)}"
        return f"at least {least(what.value, what.unit)} ({watched})"
    if what.censored:
        return f"> {least(what.value, what.unit)}, not reached"
    return beside(what.value, what.unit, bound)


def brief(what: Measured, bound: float | None = None) -> str:
    """A measured value where there is room for a few characters only: `> 19.9 s`, a dash."""
    if what.value is None:
        return "\N{EM DASH}"
    if what.censored:
        sign = _SIGNS[">="] if isinstance(what, Watched) else ">"
        return f"{sign} {least(what.value, what.unit)}"
    return beside(what.value, what.unit, bound)


def limit(objective: Objective) -> str:
    """An objective's limit as a rule: `≤ 10 s`."""
    return f"{_SIGNS[objective.comparison]}{NBSP}{value(objective.limit, objective.unit)}"


def limit_in_words(objective: Objective) -> str:
    """An objective's limit as people say it: `within 10 s`, `at least 99.9 %`."""
    word = _WORDS[objective.comparison]
    if word == "within" and objective.unit != "seconds":
        word = "at most"
    return f"{word} {value(objective.limit, objective.unit)}"


def margin(part: float | None) -> str:
    """How far a value lies from its limit, as a share of it: `+81 %`, `exact`, or a dash."""
    if part is None:
        return "\N{EM DASH}"
    percent = part * 100
    if percent == 0:
        return "exact"
    text = significant(abs(percent), 2)
    return f"{'+' if percent > 0 else MINUS}{text}{NBSP}%"


_ASCII = str.maketrans(
    {
        NBSP: " ",
        MINUS: "-",
        TIMES: "x",
        "\N{LESS-THAN OR EQUAL TO}": "<=",
        "\N{GREATER-THAN OR EQUAL TO}": ">=",
        "\N{EM DASH}": "-",
        "\N{EN DASH}": "-",
        "\N{MICRO SIGN}": "u",
        "\N{MIDDLE DOT}": "-",
        "\N{RIGHTWARDS ARROW}": "->",
        "\N{CHECK MARK}": "ok",
        "\N{BALLOT X}": "X",
        "\N{BLACK SQUARE}": "#",
        "\N{HORIZONTAL ELLIPSIS}": "...",
    }
)


def ascii_only(text: str) -> str:
    """The same text in ASCII, for terminals and logs that speak nothing else.

    >>> ascii_only("≤ 10 s")
    '<= 10 s'
    """
    return text.translate(_ASCII).encode("ascii", "replace").decode("ascii")
