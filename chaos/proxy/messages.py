"""Changes and outcomes as JSON lines, between the process of the API and its workers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from chaos.proxy.registry import (
    Alter,
    Change,
    Count,
    Forget,
    Lift,
    Open,
    Outcome,
    Place,
    Problem,
    Release,
    Reserve,
    Resolve,
    Shut,
    ToxicRecord,
)

_KINDS: Mapping[str, type[Change]] = {
    kind.__name__: kind
    for kind in (Alter, Count, Forget, Lift, Open, Place, Release, Reserve, Resolve, Shut)
}


def changes_line(changes: Sequence[Change]) -> bytes:
    """Changes as one line."""
    return _line([[type(change).__name__, asdict(change)] for change in changes])


def changes_of(line: bytes) -> tuple[Change, ...]:
    """The changes of a line."""
    return tuple(_KINDS[name](**_members(members)) for name, members in json.loads(line))


def _members(members: dict[str, Any]) -> dict[str, Any]:
    if isinstance(members.get("toxic"), dict):
        members["toxic"] = ToxicRecord(**members["toxic"])
    return members


def outcomes_line(outcomes: Sequence[Outcome]) -> bytes:
    """Outcomes as one line."""
    return _line([{"problem": one.text} if isinstance(one, Problem) else one for one in outcomes])


def outcomes_of(line: bytes) -> tuple[Outcome, ...]:
    """The outcomes of a line."""
    return tuple(
        Problem(one["problem"]) if isinstance(one, dict) and set(one) == {"problem"} else one
        for one in json.loads(line)
    )


def _line(value: object) -> bytes:
    return json.dumps(value).encode() + b"\n"
