"""A stand-in for the engine: it carries changes out on paper and refuses impossible ones."""

import re
from dataclasses import dataclass, field

from chaos.exchange import Answer, Request
from chaos.proxy.api import Routes, respond
from chaos.proxy.registry import (
    Alter,
    Change,
    Forget,
    Lift,
    Open,
    Outcome,
    Place,
    Problem,
    Registry,
    Release,
    Reserve,
    Resolve,
    Shut,
    ToxicRecord,
)
from tests.proxy.api_cases import BAD_LISTENS

_NOT_HERE = "192.0.2.1:80"


@dataclass
class Paper:
    """A proxy on paper: the address on which it listens, empty where it does not; its toxics."""

    listen: str = ""
    toxics: list[ToxicRecord] = field(default_factory=list)


class Sockets:
    """Knows which addresses cannot be had, invents ports, keeps what it did."""

    def __init__(self) -> None:
        self.done: list[Change] = []
        self.proxies: dict[str, Paper] = {}
        self.reserved: dict[str, str] = {}
        self._port = 40000

    def _resolved(self, listen: str) -> str | Problem:
        if listen in BAD_LISTENS:
            return Problem(BAD_LISTENS[listen])
        host, _, port = listen.rpartition(":")
        if host == "nope.invalid":
            return Problem(f"lookup {host}: no such host")
        return f"{host or '127.0.0.1'}:{port or 0}"

    def _bound(self, proxy: str, listen: str) -> str | Problem:
        found = self._resolved(listen)
        if isinstance(found, Problem):
            return Problem(f"listen tcp: {found.text}")
        if found == _NOT_HERE:
            return Problem(f"listen tcp {found}: bind: cannot assign requested address")
        held = {one.listen for name, one in self.proxies.items() if name != proxy}
        if found in held | set(self.reserved.values()):
            return Problem(f"listen tcp {found}: bind: address already in use")
        self._port += 1
        return re.sub(r":0$", f":{self._port}", found)

    def carry_out(self, change: Change) -> Outcome:
        """Do one change on paper."""
        self.done.append(change)
        if isinstance(change, Resolve):
            return self._resolved(change.listen)
        if isinstance(change, Reserve):
            self.reserved.pop(change.proxy, None)
            bound = self._bound(change.proxy, change.listen)
            if isinstance(bound, str):
                self.reserved[change.proxy] = bound
            return bound
        if isinstance(change, Open):
            return self._open(change)
        if isinstance(change, Release):
            self.reserved.pop(change.proxy, None)
        else:
            self._apply(change)
        return None

    def _open(self, change: Open) -> Outcome:
        bound = self.reserved.pop(change.proxy, None) or self._bound(change.proxy, change.listen)
        if isinstance(bound, str):
            paper = self.proxies.setdefault(change.proxy, Paper())
            assert not paper.listen, "opened twice"
            paper.listen = bound
        return bound

    def _apply(self, change: Change) -> None:
        assert isinstance(change, Place | Alter | Lift | Shut | Forget)
        paper = self.proxies.setdefault(change.proxy, Paper())
        if isinstance(change, Place):
            paper.toxics.append(change.toxic)
        elif isinstance(change, Alter):
            at = [toxic.name for toxic in paper.toxics].index(change.toxic.name)
            paper.toxics[at] = change.toxic
        elif isinstance(change, Lift):
            names = [(toxic.name, toxic.stream) for toxic in paper.toxics]
            del paper.toxics[names.index((change.toxic, change.stream))]
        else:
            paper.listen = ""
            if isinstance(change, Forget):
                del self.proxies[change.proxy]

    def agrees_with(self, registry: Registry) -> bool:
        """Whether the proxies on paper are those of the registry."""
        wanted = {
            name: (proxy.listen if proxy.enabled else "", proxy.ordered())
            for name, proxy in registry.items()
        }
        held = {
            name: (
                paper.listen,
                sorted(paper.toxics, key=lambda toxic: toxic.stream == "downstream"),
            )
            for name, paper in self.proxies.items()
            if paper.listen or paper.toxics or name in registry
        }
        absent = {name: one for name, one in wanted.items() if name not in held}
        return (
            not self.reserved
            and held == {name: one for name, one in wanted.items() if name in held}
            and all(one == ("", []) for one in absent.values())
        )


def answer(
    registry: Registry, sockets: Sockets, request: Request, more: Routes | None = None
) -> Answer:
    """One request carried out on paper."""
    return follow(respond(registry, request, "c0ffee", more or {}), sockets)


def follow(plan: object, sockets: Sockets) -> Answer:
    """A plan carried out on paper."""
    try:
        changes = next(plan)  # type: ignore[call-overload] # a generator, whatever it returns
        while True:
            outcomes = tuple(sockets.carry_out(change) for change in changes)
            changes = plan.send(outcomes)  # type: ignore[attr-defined] # likewise
    except StopIteration as stop:
        given = stop.value
        assert isinstance(given, Answer)
        return given
