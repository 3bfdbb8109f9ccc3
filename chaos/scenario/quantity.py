"""Quantities with their units, as people write them: `300ms`, `2s`, `120/s`, `99.9%`.

Inside, durations are seconds, rates are per second and shares are fractions of one, all floats.
Numbers are scaled in decimal, so that `99.9%` is the float 0.999 and not a neighbour of it.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Dimension = Literal["seconds", "share", "rate", "number"]

EXAMPLES: dict[Dimension, str] = {
    "seconds": "a duration with a unit, such as 300ms, 2s or 1m",
    "share": "a share with a percent sign, such as 99.9%",
    "rate": "a rate with a unit, such as 120/s",
    "number": "a plain number, such as 3 or 1.2",
}
_SHOWN = 40
_UNITS: dict[str, tuple[Dimension, Decimal]] = {
    "ms": ("seconds", Decimal("0.001")),
    "s": ("seconds", Decimal(1)),
    "m": ("seconds", Decimal(60)),
    "h": ("seconds", Decimal(3600)),
    "%": ("share", Decimal("0.01")),
    "/s": ("rate", Decimal(1)),
    "": ("number", Decimal(1)),
}
# A limit on the digits keeps every quantity finite and every conversion cheap.
PATTERN = r"[0-9]{1,12}(\.[0-9]{1,18})?"
_QUANTITY = re.compile(rf"({PATTERN}) ?(ms|s|m|h|%|/s|)", re.ASCII)
_SUFFIXES: dict[Dimension, str] = {
    "seconds": "(ms|s|m|h)",
    "share": "%",
    "rate": "/s",
    "number": "",
}


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in the unit that is used inside, and what kind of quantity it is."""

    value: float
    dimension: Dimension


def parse(text: str) -> Quantity:
    """Read a quantity of any dimension; ValueError says what would be right.

    >>> parse("300ms")
    Quantity(value=0.3, dimension='seconds')
    >>> parse("99.9%")
    Quantity(value=0.999, dimension='share')
    """
    match = _QUANTITY.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"'{shown(text)}' is no quantity with a unit, such as 300ms or 99%")
    dimension, scale = _UNITS[match.group(3)]
    return Quantity(float(Decimal(match.group(1)) * scale), dimension)


def parse_as(dimension: Dimension, given: object) -> float:
    """Read a quantity that must be of one dimension; ValueError says what would be right.

    >>> parse_as("seconds", "1m")
    60.0
    >>> parse_as("seconds", 10)
    Traceback (most recent call last):
    ...
    ValueError: needs a duration with a unit, such as 300ms, 2s or 1m; 10 has no unit
    """
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        raise ValueError(f"needs {EXAMPLES[dimension]}")  # noqa: TRY004 - pydantic turns only ValueError into a mistake
    match = _QUANTITY.fullmatch(str(given).strip())
    if match is None:
        raise ValueError(f"needs {EXAMPLES[dimension]}; got '{shown(given)}'")
    if match.group(3) == "" and dimension != "number":
        raise ValueError(f"needs {EXAMPLES[dimension]}; {shown(given)} has no unit")
    quantity = parse(str(given))
    if quantity.dimension != dimension:
        raise ValueError(f"needs {EXAMPLES[dimension]}; got '{shown(given)}'")
    return quantity.value


def render(value: float, dimension: Dimension) -> str:
    """Write a quantity so that it reads back as the very same float.

    >>> render(0.3, "seconds"), render(70.0, "seconds"), render(0.999, "share")
    ('300ms', '70s', '99.9%')
    """
    if dimension == "seconds":
        units = ["ms", "s"] if 0 < value < 1 else ["s"]
    else:
        units = [unit for unit, (of, _) in _UNITS.items() if of == dimension]
    for unit in units:
        scaled = Decimal(repr(value)) / _UNITS[unit][1]
        text = f"{scaled.normalize():f}{unit}"
        if _QUANTITY.fullmatch(text) and parse(text).value == value:
            return text
    raise ValueError(f"{value!r} cannot be written as {EXAMPLES[dimension]}")


def duration(seconds: float) -> str:
    """A duration for people to read, to the microsecond.

    >>> duration(0.1 + 0.2)
    '300ms'
    """
    return render(round(seconds, 6), "seconds")


def pattern(dimension: Dimension) -> str:
    """The regular expression of one dimension, for the editors' JSON Schema."""
    return f"^{PATTERN} ?{_SUFFIXES[dimension]}$"


def shown(given: object) -> str:
    """What the user wrote, on one line, printable, and short enough for a message."""
    text = " ".join(str(given).split())
    text = "".join(sign if sign.isprintable() else "\ufffd" for sign in text)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
