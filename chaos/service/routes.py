"""Which path is answered by what, and which role it takes."""

from collections.abc import Callable
from dataclasses import dataclass

from chaos.exchange import Answer
from chaos.service import action_endpoints as actions
from chaos.service import key_endpoints as keys
from chaos.service.admitted import Admitted
from chaos.service.roles import Role

PREFIX = "/api/v2/"
Endpoint = Callable[[Admitted], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path; ``failed`` begins the message of its errors."""

    method: str
    path: str
    role: Role
    endpoint: Endpoint
    failed: str = "Action could not be performed on key"


ROUTES = (
    Route("GET", "keys", "Reader", keys.list_keys, "Keys could not be listed"),
    Route("POST", "keys", "Writer", keys.create, "Key could not be created"),
    Route("GET", "keys/*", "Reader", keys.read, "Key could not be retrieved"),
    Route("DELETE", "keys/*", "Manager", keys.delete, "Key could not be deleted"),
    Route("GET", "keys/*/metadata", "Reader", keys.read_metadata, "Key could not be retrieved"),
    Route("GET", "keys/*/versions", "Reader", keys.list_versions, "Versions could not be listed"),
    Route("POST", "keys/*/restore", "Manager", keys.restore, "Key could not be restored"),
    Route("POST", "keys/*/actions/wrap", "Reader", actions.wrap),
    Route("POST", "keys/*/actions/unwrap", "Reader", actions.unwrap),
    Route("POST", "keys/*/actions/rewrap", "Reader", actions.rewrap),
    Route("POST", "keys/*/actions/rotate", "Writer", actions.rotate),
    Route("POST", "keys/*/actions/disable", "Manager", actions.disable),
    Route("POST", "keys/*/actions/enable", "Manager", actions.enable),
    Route("POST", "keys/*/actions/sync", "Writer", actions.sync),
)
BY_NAME = {f"{route.method} {route.path}": route for route in ROUTES}
PATHS = frozenset(route.path for route in ROUTES)


def find(method: str, segments: list[str]) -> tuple[Route | None, str]:
    """The route of a request and the path pattern it matched, empty when no path matches.

    Names stand at every second place of a path, so a pattern is found by looking and not by
    searching; a literal path wins over one with a name.
    """
    for pattern in _patterns(segments):
        route = BY_NAME.get(f"{method} {pattern}")
        if route is not None:
            return route, pattern
    return None, next((one for one in _patterns(segments) if one in PATHS), "")


def _patterns(segments: list[str]) -> list[str]:
    if len(segments) == 4 and segments[2] == "actions":  # noqa: PLR2004 (keys/*/actions/wrap)
        return [f"{segments[0]}/*/actions/{segments[3]}"]
    named = [name if place % 2 == 0 else "*" for place, name in enumerate(segments)]
    return ["/".join(segments), "/".join(named)]
