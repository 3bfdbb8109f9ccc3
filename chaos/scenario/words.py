"""The types of the words in a scenario file: quantities with units, names, regions, rules.

A word that names something else in the file (a region, a parameter) is checked against the
:class:`Known` words of that file while it is read, so that its mistake has a line like any other.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, WithJsonSchema

from chaos.errors import ScenarioError
from chaos.scenario.expression import parse as parse_rule
from chaos.scenario.mistake import did_you_mean
from chaos.scenario.objective import Objective
from chaos.scenario.quantity import Dimension, Quantity, parse, parse_as, pattern
from chaos.scenario.vocabulary import VOCABULARY

LONGEST_RUN = 24 * 3600.0
FASTEST_TIMERS = 1_000_000
_TIMERS = re.compile(r"real|scale +([0-9]{1,7}(\.[0-9]{1,6})?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Known:
    """The names that the file itself defines; a parameter is None where it could not be read."""

    regions: tuple[str, ...]
    parameters: Mapping[str, Quantity | None]
    groups: tuple[str, ...] = ()


def _schema(dimension: Dimension, *examples: str) -> WithJsonSchema:
    return WithJsonSchema(
        {"type": "string", "pattern": pattern(dimension), "examples": list(examples)}
    )


def _bounded_duration(seconds: float) -> float:
    if seconds > LONGEST_RUN:
        raise ValueError("is longer than a day, 24h")
    return seconds


def _known_region(name: str, info: ValidationInfo) -> str:
    known = info.context
    if isinstance(known, Known) and name not in known.regions:
        raise ValueError(f"'{name}' is not a region{did_you_mean(name, known.regions)}")
    return name


def _timers(given: object) -> float:
    match = _TIMERS.fullmatch(given.strip()) if isinstance(given, str) else None
    if match is None:
        raise ValueError("needs 'real', or 'scale' and how many times as fast, as in 'scale 3600'")
    scale = float(match.group(1) or 1)
    if not 1 <= scale <= FASTEST_TIMERS:
        raise ValueError(f"the scale of timers is from 1, which is real, to {FASTEST_TIMERS}")
    return scale


def timers(scale: float) -> str:
    """A scale of timers as a scenario file has it.

    >>> timers(1.0), timers(3600.0)
    ('real', 'scale 3600')
    """
    return "real" if scale == 1 else f"scale {Decimal(repr(scale)).normalize():f}"


def _rule(text: object, info: ValidationInfo) -> Objective:
    if not isinstance(text, str):
        raise ValueError("needs a rule such as 'failover.p95 <= rto'")  # noqa: TRY004 - pydantic's
    known = info.context
    regions = known.regions if isinstance(known, Known) else ()
    parameters = known.parameters if isinstance(known, Known) else {}
    groups = known.groups if isinstance(known, Known) else ()
    try:
        return parse_rule(text, regions, parameters, groups=groups)
    except ScenarioError as error:
        raise ValueError(str(error)) from None


def _parameter(given: object) -> Quantity:
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        raise ValueError("needs a quantity such as 10s, 99% or 3")  # noqa: TRY004 - pydantic's
    return parse(str(given))


Duration = Annotated[
    float,
    BeforeValidator(partial(parse_as, "seconds")),
    AfterValidator(_bounded_duration),
    _schema("seconds", "300ms", "2s", "1m"),
]
Rate = Annotated[
    float,
    BeforeValidator(partial(parse_as, "rate")),
    Field(gt=0, le=100_000),
    _schema("rate", "120/s"),
]
Share = Annotated[
    float, BeforeValidator(partial(parse_as, "share")), Field(ge=0, le=1), _schema("share", "99.9%")
]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
Timers = Annotated[
    float,
    BeforeValidator(_timers),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": rf"^({_TIMERS.pattern})$",
            "examples": ["real", "scale 3600"],
        }
    ),
]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
RegionOfFile = Annotated[str, AfterValidator(_known_region)]
Rule = Annotated[
    Objective,
    BeforeValidator(_rule),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": rf"^ *({'|'.join(VOCABULARY)})\b",
            "examples": ["failover.p95 <= rto", "availability(recovery) >= 99.9%"],
        }
    ),
]
Parameter = Annotated[
    Quantity,
    BeforeValidator(_parameter),
    WithJsonSchema({"type": ["string", "number"], "examples": ["10s", "99.9%", 3]}),
]
