"""What every fault of a scenario file has, and how its own fields become values."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from chaos.scenario.model import Attribute, FaultSite
from chaos.scenario.quantity import Dimension, render
from chaos.scenario.words import Duration, Name

STRICT = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)
TIMES = frozenset({"name", "kind", "target", "at", "lasts"})
# Fields that are no durations, although they are decimals inside.
_DIMENSIONS: dict[str, Dimension] = {"share": "share", "rate": "rate"}


class FaultForm(BaseModel):
    """What every fault has."""

    model_config = STRICT
    site: ClassVar[FaultSite]

    name: Name
    """How reports and `--set faults.NAME.…` call it; unique in the file."""
    at: Duration
    """When it is injected, counted from the start of the run."""
    lasts: Duration
    """How long it lasts before it is healed."""


def attributes(form: FaultForm) -> tuple[tuple[str, Attribute], ...]:
    """A fault's own attributes, sorted by name, in the units used inside; unsaid ones are left out.

    Decimals are seconds, or what :func:`written` says; a list becomes a tuple.
    """
    names = sorted(set(type(form).model_fields) - TIMES)
    said = ((name, getattr(form, name)) for name in names)
    return tuple(
        (name, tuple(value) if isinstance(value, list) else value)
        for name, value in said
        if value is not None and value != []
    )


def written(name: str, value: Attribute) -> str | int | list[str]:
    """An attribute as a scenario file has it, with its unit."""
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, float):
        return render(value, _DIMENSIONS.get(name, "seconds"))
    return value
