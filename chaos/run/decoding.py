"""Bytes of a journal back into the columns and values of a Run. Pure.

A record cut off in the middle, as a SIGKILL leaves it, is dropped; everything before it counts.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson

from chaos.client.call import Decision
from chaos.run.record import Columns
from chaos.run.world import Applied, Audited, Decided, Wrapped


@dataclass(slots=True)
class Events:
    """What the JSON lines of a run held, by kind."""

    decisions: list[Decided] = field(default_factory=list)
    changes: list[Applied] = field(default_factory=list)
    ledger: list[Wrapped] = field(default_factory=list)
    audit: list[Audited] = field(default_factory=list)
    whys: list[str] = field(default_factory=lambda: [""])


def columns(raw: bytes | bytearray, layout: "np.dtype[Any]", order: str) -> Columns:
    """Records of one layout, sorted by one column so that the order of writing does not matter."""
    whole = len(raw) - len(raw) % layout.itemsize
    records = np.frombuffer(bytes(raw[:whole]), dtype=layout)
    return records[np.argsort(records[order], kind="stable")]


def events(lines: Iterable[bytes]) -> Events:
    """The values that the JSON lines stand for; a cut last line is left out."""
    found = Events()
    for kind, fields in _parsed(lines):
        match kind:
            case "Decided":
                decision = Decision(**fields["decision"])
                found.decisions.append(Decided(fields["client"], decision))
            case "Applied":
                found.changes.append(Applied(**fields))
            case "Wrapped":
                found.ledger.append(Wrapped(**fields))
            case "Audited":
                found.audit.append(Audited(**fields))
            case "Why":
                found.whys.append(fields["text"])
    return found


def _parsed(lines: Iterable[bytes]) -> Iterator[tuple[str, Any]]:
    for line in lines:
        if line.endswith(b"\n"):
            ((kind, fields),) = orjson.loads(line).items()
            yield kind, fields
