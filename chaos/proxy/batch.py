"""Several requests as one change: all of them or none, and no connection sees half of it.

Each request is planned against a copy of the registry. What it would change is kept until the last
one is planned, then everything is carried out at once. Only what must be known meanwhile is asked
at once: addresses are resolved, and those that a proxy will listen on are reserved.
"""

import json
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, replace

from chaos.exchange import Answer, Request
from chaos.proxy.api import Asked, Routes, answered, respond, settled
from chaos.proxy.body import Refusal, decoded, fields, members
from chaos.proxy.registry import (
    Alter,
    Change,
    Count,
    Forget,
    Lift,
    Open,
    Outcome,
    Place,
    Registry,
    Release,
    Reserve,
    Resolve,
    Shut,
)
from chaos.proxy.syntax import Pairs, written

BAD_REQUEST = 400

Steps = Generator[tuple[Change, ...], tuple[Outcome, ...], Answer]


_RANK: Mapping[type[Change], int] = {Place: 0, Alter: 1, Lift: 2}


def copied(registry: Registry) -> Registry:
    """A registry that can be changed without changing the first; toxics are immutable."""
    return {name: replace(one, toxics=list(one.toxics)) for name, one in registry.items()}


@dataclass(frozen=True, slots=True)
class Part:
    """One request of a batch."""

    method: str
    path: str
    body: bytes


def deferred(plan: Steps, later: list[Change]) -> Steps:
    """Follow a plan, keeping its changes for later except what must be known now."""
    try:
        changes = next(plan)
        while True:
            outcomes: list[Outcome] = []
            for change in changes:
                if isinstance(change, Resolve | Count):
                    outcomes += yield (change,)
                elif isinstance(change, Open):
                    outcomes += yield (Reserve(change.proxy, change.listen),)
                    later.append(change)
                else:
                    outcomes.append(None)
                    later.append(change)
            changes = plan.send(tuple(outcomes))
    except StopIteration as stop:
        answer = stop.value
        assert isinstance(answer, Answer)
        return answer


def released(later: Iterable[Change]) -> tuple[Change, ...]:
    """What gives up the addresses that a batch reserved and will not use."""
    return tuple(Release(change.proxy) for change in later if isinstance(change, Open))


def together(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The same end by a way on which no byte meets a chain that never was whole.

    For each proxy, toxics are placed before others are lifted, so that what a lifted toxic lets
    out meets the new ones; listeners open last.
    """
    by_proxy: dict[str, list[list[Change]]] = {}
    for change in changes:
        assert not isinstance(change, Resolve | Count)
        stretches = by_proxy.setdefault(change.proxy, [[]])
        stretches[-1].append(change)
        if isinstance(change, Forget):
            stretches.append([])
    settled_changes: list[Change] = []
    for proxy, stretches in by_proxy.items():
        settled_changes += (change for stretch in stretches for change in _ordered(stretch))
        wanted_open = any(isinstance(change, Open) for stretch in stretches for change in stretch)
        if wanted_open and not isinstance(settled_changes[-1], Open):
            # It is shut again at the end, so what was reserved for it is not used.
            settled_changes.append(Release(proxy))
    return tuple(settled_changes)


def _ordered(stretch: list[Change]) -> list[Change]:
    return sorted(_toxics(stretch), key=lambda change: _RANK[type(change)]) + _doors(stretch)


def _doors(stretch: list[Change]) -> list[Change]:
    """Whether a proxy ends open, shut or forgotten, without the ways there."""
    doors = [change for change in stretch if isinstance(change, Shut | Open | Forget)]
    if not doors:
        return []
    last = doors[-1]
    if isinstance(last, Open):
        return [Shut(last.proxy), last] if len(doors) > 1 else [last]
    return [last]


def _toxics(stretch: list[Change]) -> list[Change]:
    """The changes of toxics, without those that are placed and altered or lifted again."""
    joined: list[Change] = []
    placed: dict[str, int] = {}
    for change in stretch:
        if isinstance(change, Place):
            placed[change.toxic.name] = len(joined)
        elif isinstance(change, Alter) and change.toxic.name in placed:
            joined[placed[change.toxic.name]] = Place(change.proxy, change.toxic)
            continue
        elif isinstance(change, Lift) and change.toxic in placed:
            position = placed.pop(change.toxic)
            del joined[position]
            placed = {name: at - (at > position) for name, at in placed.items()}
            continue
        elif not isinstance(change, Alter | Lift):
            continue
        joined.append(change)
    return joined


def parts(body: bytes) -> list[Part]:
    """The requests that a body lists, in order."""
    value = decoded(body)
    if not isinstance(value, list) or isinstance(value, Pairs):
        raise Refusal(400, "bad request body: a list of requests is needed")
    return [_part(entry, number) for number, entry in enumerate(value, start=1)]


def _part(entry: object, number: int) -> Part:
    pairs = members(entry, "request")
    given = fields(pairs, {"method": "string", "path": "string"}, "Request.{}".format)
    for name in ("method", "path"):
        if name not in given:
            raise Refusal(400, f"missing required field: {name} at request {number}")
    inner = next((value for key, value in pairs if key.casefold() == "body"), None)
    return Part(str(given["method"]), str(given["path"]), b"" if inner is None else written(inner))


def batching(more: Routes) -> Routes:
    """`POST /changes`: a list `[{"method": …, "path": …, "body": …}, …]` as one change.

    Answers `{"answers": [{"status": …, "body": …}, …]}`. Where one is refused nothing is done, and
    the answer is that refusal with `request`, its number from 1. ``more`` are the routes that the
    parts may take besides Toxiproxy's.
    """

    def change(asked: Asked) -> Steps:
        later: list[Change] = []
        copy = copied(asked.registry)
        answers: list[object] = []
        for number, part in enumerate(parts(asked.body), start=1):
            plan = respond(copy, Request(part.method, part.path, body=part.body), "", more)
            answer = yield from deferred(plan, later)
            if answer.status >= BAD_REQUEST:
                yield released(later)
                return _refused(answer, number)
            body = json.loads(answer.body) if answer.body else None
            answers.append({"status": answer.status, "body": body})
        for outcome in (yield together(later)):
            settled(outcome)
        asked.registry.clear()
        asked.registry.update(copy)
        return answered(200, {"answers": answers})

    return {"/changes": {"POST": change}}


def healing(registry: Registry, requests: Iterable[Request], more: Routes) -> Steps:
    """Carry out what heals, as one change; what is no longer there to heal is passed over."""
    later: list[Change] = []
    copy = copied(registry)
    for request in requests:
        plan = respond(copy, request, "", more)
        yield from deferred(plan, later)
    yield together(later)
    registry.clear()
    registry.update(copy)
    return Answer(204)


def _refused(answer: Answer, number: int) -> Answer:
    try:
        error = json.loads(answer.body)["error"]
    except (ValueError, KeyError, TypeError):
        error = answer.body.decode().strip() or f"status {answer.status}"
    value = {"error": error, "status": answer.status, "request": number}
    return answered(answer.status, value)
