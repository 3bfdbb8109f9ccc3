"""The table of toxic vectors, read; see vectors.yaml for its format."""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from chaos.proxy.kinds import KINDS
from chaos.proxy.kinds import toxic as toxic_of
from chaos.proxy.link import Link
from chaos.proxy.registry import ToxicRecord
from chaos.proxy.toxics import Chunk, End, Event, Reset

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
    """One line of the table.

    Where a real Toxiproxy is meant to differ, ``difference`` names it, and ``theirs`` is what
    leaves it, None where that is not to be played.
    """

    name: str
    type: str
    attributes: Mapping[str, Any]
    toxicity: float
    inputs: tuple[Step, ...]
    outputs: tuple[Step, ...]
    difference: str
    theirs: tuple[Step, ...] | None

    def leaving(self, name: str) -> tuple[Step, ...] | None:
        """What leaves the server of that name, None where it is not to be played there."""
        return self.theirs if self.difference and name != "ours" else self.outputs


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
            line.get("difference", ""),
            tuple(_step(*step) for step in line["theirs"]) if "theirs" in line else None,
        )
        for line in lines
    ]


def _record(vector: Vector) -> ToxicRecord:
    attributes = dict.fromkeys(KINDS[vector.type].attributes, 0) | dict(vector.attributes)
    return ToxicRecord("it", vector.type, "downstream", "downstream", vector.toxicity, attributes)


def play(vector: Vector) -> list[Step]:
    """What leaves our pure toxic when the vector's inputs go in at their times."""
    record = _record(vector)
    link = Link([toxic_of(record)], random.Random(7), now=0.0)
    left: list[Step] = []

    def drain_to(now: float) -> None:
        while (due := link.due()) is not None and due <= now:
            left.extend(_seen(due, event) for event in link.drain(due))

    for step in vector.inputs:
        drain_to(math.nextafter(step.at, 0))
        if step.word == "end":
            link.feed(End(step.at))
        elif step.word == "remove":
            link.remove("it", step.at)
        elif step.update is not None or step.toxicity is not None:
            record = replace(
                record,
                attributes={**record.attributes, **(step.update or {})},
                toxicity=record.toxicity if step.toxicity is None else step.toxicity,
            )
            link.update(toxic_of(record), step.at)
        else:
            link.feed(Chunk(step.at, step.data))
    drain_to(1000.0)
    return left


def _seen(at: float, event: Event) -> Step:
    if isinstance(event, Chunk):
        return Step(at, event.data)
    if isinstance(event, Reset):
        return Step(at, word="reset")
    return Step(at, word="close" if event.whole else "end")
