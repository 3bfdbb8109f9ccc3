"""The table of toxic vectors, read; see vectors.yaml for its format."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

WORDS = ("end", "close", "reset", "remove")


@dataclass(frozen=True)
class Step:
    """Something that goes in or comes out: bytes, a word, or a change of the toxic."""

    at: float
    data: bytes = b""
    word: str = ""
    update: Mapping[str, Any] | None = None
    toxicity: float | None = None


@dataclass(frozen=True)
class Vector:
    """One line of the table."""

    name: str
    type: str
    attributes: Mapping[str, Any]
    toxicity: float
    inputs: tuple[Step, ...]
    outputs: tuple[Step, ...]
    only: Literal["", "ours"]


def _step(at: float, what: Any) -> Step:
    if isinstance(what, Mapping):
        zeros = bytes(what.get("zeros", 0))
        return Step(at, zeros, update=what.get("update"), toxicity=what.get("toxicity"))
    return Step(at, word=what) if what in WORDS else Step(at, str(what).encode())


def table() -> list[Vector]:
    """Every vector, in the order of the file."""
    lines = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text("utf-8"))
    return [
        Vector(
            line["name"],
            line["type"],
            line.get("attributes", {}),
            line.get("toxicity", 1.0),
            tuple(_step(*step) for step in line["in"]),
            tuple(_step(*step) for step in line["out"]),
            line.get("only", ""),
        )
        for line in lines
    ]
