"""Frozen dataclasses that are made millions of times, as cheap to make as mutable ones.

A frozen dataclass sets each of its fields through ``object.__setattr__``: making one with nine
fields takes six times as long as making a mutable one, and those calls were a quarter of all
instructions of a simulated run (`python -m benchmarks.making`).
"""

from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import Any, TypeVar

Made = TypeVar("Made")


def quick(frozen: type[Made]) -> type[Made]:
    """Make instances of a frozen, slotted dataclass quickly; what they are and say does not change.

    An instance is mutable until its last field is set: for so long it is of a class with the same
    slots and no guard. The class may have no `__post_init__`; defaults and factories are kept.

    >>> from dataclasses import dataclass
    >>> @quick
    ... @dataclass(frozen=True, slots=True)
    ... class Point:
    ...     x: float
    ...     y: float = 0.0
    >>> Point(1.0)
    Point(x=1.0, y=0.0)
    """
    assert not hasattr(frozen, "__post_init__"), "it would see a mutable instance"
    named = fields(frozen)  # type: ignore[arg-type]  # a dataclass, as its decorator has just made it
    unguarded = type(frozen.__name__, (), {"__slots__": tuple(field.name for field in named)})
    known: dict[str, Any] = {"_set": object.__setattr__, "_unguarded": unguarded, "_frozen": frozen}
    given, settings = ["self"], ["_set(self, '__class__', _unguarded)"]
    for field in named:
        name, value = field.name, field.name
        if field.default_factory is not MISSING:
            known |= {f"_make_{name}": field.default_factory, "_missing": MISSING}
            value = f"_make_{name}() if {name} is _missing else {name}"
            given.append(f"{name}=_missing")
        elif field.default is not MISSING:
            known[f"_default_{name}"] = field.default
            given.append(f"{name}=_default_{name}")
        else:
            given.append(name)
        settings.append(f"self.{name} = {value}")
    settings.append("self.__class__ = _frozen")
    lines = "".join(f"\n    {line}" for line in settings)
    exec(f"def __init__({', '.join(given)}):{lines}", known)  # noqa: S102 - as dataclasses do, from the fields' own names
    made: Callable[..., None] = known["__init__"]
    made.__qualname__ = f"{frozen.__qualname__}.__init__"
    frozen.__init__ = made  # type: ignore[method-assign]  # its signature is the same
    return frozen
