"""From a request target to its route: the names in its path and its query, read once."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, unquote

from chaos.service.routes import ACTED_ON, PREFIX, ROUTES, UNKNOWN_ACTION, Route

REMEMBERED_LENGTH = 200
_BY_NAME = {(route.method, route.path, route.action): route for route in ROUTES}
_METHODS: dict[str, list[str]] = {}
for _route in ROUTES:
    if _route.method not in _METHODS.setdefault(_route.path, []):
        _METHODS[_route.path].append(_route.method)


def find(method: str, segments: list[str], action: str) -> Route | tuple[str, ...]:
    """The route of a request, or the methods that its path knows, none when nobody knows it.

    Names stand at every second place of a path, so a route is found by looking and not by
    searching; a literal path wins over one with a name. Only the legacy form of an action has its
    ``action`` read; everywhere else it is a query parameter that nobody knows.
    """
    if len(segments) == 4 and segments[2] == "actions":  # noqa: PLR2004 (keys/{id}/actions/wrap)
        patterns = [f"{segments[0]}/*/actions/{segments[3]}"]
    else:
        named = [name if place % 2 == 0 else "*" for place, name in enumerate(segments)]
        patterns = ["/".join(segments), "/".join(named)]
    for pattern in patterns:
        asked = action if method == "POST" and pattern == ACTED_ON else ""
        route = _BY_NAME.get((method, pattern, asked))
        if route is not None:
            return route
    methods = next((tuple(_METHODS[pattern]) for pattern in patterns if pattern in _METHODS), ())
    return UNKNOWN_ACTION if method in methods else methods


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a request is aimed at: its route, or the methods of its path; names in it; its query."""

    route: Route | tuple[str, ...]
    names: tuple[str, ...]
    query: Mapping[str, str]


def resolve(method: str, target: str) -> Resolved:
    """Read a request target. The same few come again and again, so short ones are remembered."""
    return (_remembered if len(target) <= REMEMBERED_LENGTH else _read)(method, target)


def _read(method: str, target: str) -> Resolved:
    path, _, query_string = target.partition("?")
    query = dict(parse_qsl(query_string))
    segments = path[len(PREFIX) :].split("/") if path.startswith(PREFIX) else []
    route = find(method, segments, query.get("action", ""))
    return Resolved(route, tuple(unquote(name) for name in segments[1::2]), query)


_remembered = lru_cache(maxsize=4096)(_read)
