"""Leases: a change that heals itself unless whoever made it keeps saying that it is there.

A change under a lease is undone when the lease lapses. What undoes it is worked out from the
registry before and after, as requests of the API, so that the same undoing serves our server and a
guardian in front of a real Toxiproxy. Time is an argument.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from chaos.exchange import Request
from chaos.proxy.body import Refusal, encoded

# What was changed: a proxy by its name, or one of its toxics by both names.
Key = tuple[str, ...]
Shown = Mapping[str, Mapping[str, Any]]

LONGEST = 24 * 3600.0
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)?")
_UNITS = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}
_COLLECTIONS = ("proxies", "toxics")
_SETTINGS = ("listen", "upstream", "enabled")


def duration(text: str) -> float:
    """Seconds of `5s`, `300ms`, `2m` or `5`. Raises Refusal where it is none, or no use."""
    match = _DURATION.fullmatch(text.strip())
    seconds = float(match[1]) * _UNITS[match[2]] if match else 0.0
    if not 0 < seconds <= LONGEST:
        raise Refusal(400, f"bad lease: {text!r} is not a time like 5s, up to 24h")
    return seconds


@dataclass(frozen=True, slots=True)
class Undo:
    """The request that puts back what was at ``key``."""

    key: Key
    request: Request


def undoing(before: Shown, after: Shown) -> list[Undo]:
    """What turns the proxies as shown ``after`` a change into those shown ``before`` it."""
    return list(_undoing(before, after))


def _undoing(before: Shown, after: Shown) -> Iterator[Undo]:
    for name in after:
        if name not in before:
            yield Undo((name,), _request("DELETE", name))
    for name, was in before.items():
        now = after.get(name, {})
        if name not in after:
            settings = {key: was[key] for key in ("name", *_SETTINGS)}
            yield Undo((name,), Request("POST", "/proxies", body=_json(settings)))
        elif changed := {key: was[key] for key in _SETTINGS if was[key] != now[key]}:
            yield Undo((name,), _request("POST", name, body=changed))
        yield from _undoing_toxics(name, _toxics(was), _toxics(now))


def _toxics(proxy: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    return {toxic["name"]: toxic for toxic in proxy.get("toxics", ())}


def _undoing_toxics(proxy: str, before: Shown, after: Shown) -> Iterator[Undo]:
    for name, was in before.items():
        now = after.get(name)
        if now is not None and (now["type"], now["stream"]) != (was["type"], was["stream"]):
            yield Undo((proxy, name), _request("DELETE", proxy, "toxics", name))
            now = None
        if now is None:
            yield Undo((proxy, name), _request("POST", proxy, "toxics", body=was))
        elif now != was:
            changed = {key: was[key] for key in ("attributes", "toxicity")}
            yield Undo((proxy, name), _request("POST", proxy, "toxics", name, body=changed))
    for name in after:
        if name not in before:
            yield Undo((proxy, name), _request("DELETE", proxy, "toxics", name))


def _request(method: str, *segments: str, body: object = None) -> Request:
    path = "/proxies/" + "/".join(quote(segment, safe="") for segment in segments)
    return Request(method, path, body=b"" if body is None else _json(body))


def _json(value: object) -> bytes:
    return encoded(value)


@dataclass(slots=True)
class Lease:
    """Changes that last for as long as they are renewed."""

    name: str
    lasts: float
    until: float
    undo: dict[Key, list[Request]] = field(default_factory=dict)


class Leases:
    """Every lease of one server.

    A later change of the same thing without a lease makes it permanent; under another lease it
    belongs to that one, which puts back what stood before the first.
    """

    def __init__(self) -> None:
        self._leases: dict[str, Lease] = {}

    def __len__(self) -> int:
        return len(self._leases)

    def take(self, name: str, lasts: float, now: float, undo: Iterable[Undo]) -> None:
        """Put a change under a lease, which is made or renewed."""
        lease = self._leases.setdefault(name, Lease(name, lasts, 0.0))
        self.renew(name, lasts, now)
        grouped: dict[Key, list[Request]] = {}
        for one in undo:
            grouped.setdefault(one.key, []).append(one.request)
        for key, requests in grouped.items():
            both = joined(requests, self._release(key))
            if both:
                lease.undo[key] = both
            for inner in self._inside(key, requests):
                # A proxy that is made again gets its toxics back in the same go.
                lease.undo[inner] = self._release(inner)

    def settle(self, undo: Iterable[Undo]) -> None:
        """Something was changed without a lease: it stays."""
        for one in undo:
            self._release(one.key)
            for inner in self._inside(one.key, [one.request]):
                self._release(inner)

    def _inside(self, key: Key, requests: list[Request]) -> list[Key]:
        """The toxics under leases of a proxy that was deleted, none where it was only changed."""
        if requests[-1].path != "/proxies":
            return []
        held = [inner for lease in self._leases.values() for inner in lease.undo]
        return [inner for inner in held if inner[0] == key[0] and inner != key]

    def _release(self, key: Key) -> list[Request]:
        found: list[Request] = []
        for lease in self._leases.values():
            found = lease.undo.pop(key, found)
        return found

    def renew(self, name: str, lasts: float | None, now: float) -> Lease:
        """Begin a lease's time again. Raises Refusal where it has lapsed."""
        lease = self.find(name)
        lease.lasts = lease.lasts if lasts is None else lasts
        lease.until = now + lease.lasts
        return lease

    def find(self, name: str) -> Lease:
        """The lease of that name. Raises Refusal where there is none."""
        if name not in self._leases:
            raise Refusal(404, "lease not found")
        return self._leases[name]

    def shown(self, now: float) -> dict[str, object]:
        """Every lease as JSON: seconds left, and what it will put back."""
        return {
            name: {
                "lasts": lease.lasts,
                "left": max(0.0, lease.until - now),
                "changes": ["/".join(key) for key in lease.undo],
            }
            for name, lease in self._leases.items()
        }

    def due(self) -> float | None:
        """When the next lease lapses."""
        return min((lease.until for lease in self._leases.values()), default=None)

    def end(self, name: str) -> list[Request]:
        """End one lease; the requests that heal what it changed, proxies before their toxics."""
        lease = self.find(name)
        del self._leases[name]
        return _in_order([lease])

    def lapse(self, now: float) -> list[Request]:
        """End every lease that was not renewed in time; the requests that heal."""
        over = [lease for lease in self._leases.values() if lease.until <= now]
        for lease in over:
            del self._leases[lease.name]
        return _in_order(over)


def _in_order(leases: list[Lease]) -> list[Request]:
    undo = [one for lease in leases for one in lease.undo.items()]
    undo.sort(key=lambda one: len(one[0]))
    return [request for _, requests in undo for request in requests]


def joined(later: list[Request], earlier: list[Request]) -> list[Request]:
    """Undo a later change and then an earlier one of the same thing, in no more steps than needed.

    So however often something is changed under leases, undoing it stays short.
    """
    if not later or not earlier:
        return later or earlier
    last, first = later[-1], earlier[0]
    if first.method == "DELETE":
        # It was not there before, so whatever it was meanwhile, it only has to go; what the later
        # undo would make anew is not even made.
        made_anew = last.method == "POST" and last.path.rpartition("/")[2] in _COLLECTIONS
        return joined(later[:-1], earlier[1:] if made_anew else earlier)
    makes_or_changes = last.path in {first.path, first.path.rpartition("/")[0]}
    if makes_or_changes and last.method == first.method == "POST":
        merged = {**json.loads(last.body), **json.loads(first.body)}
        return [*later[:-1], Request("POST", last.path, body=_json(merged)), *earlier[1:]]
    return [*later, *earlier]
