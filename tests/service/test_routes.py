"""The table of routes."""

import pytest

from chaos.service.routes import ROUTES


def test_no_two_routes_answer_the_same_request() -> None:
    names = [(route.method, route.path, route.action) for route in ROUTES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("method", "path", "writes", "failed"),
    [
        ("POST", "keys/*/actions/wrap", False, "Action could not be performed on key"),
        ("POST", "keys/*/actions/rotate", True, "Action could not be performed on key"),
        ("POST", "keys", True, "Key could not be created"),
        ("GET", "keys/*/policies", False, "Key policy could not be retrieved"),
        ("GET", "import_token", True, "Import token could not be retrieved"),
        ("DELETE", "kmip_adapters/*/certificates/*", True, "KMIP client certificate could not be"),
    ],
)
def test_a_route_knows_whether_it_writes_and_what_its_errors_say(
    method: str,
    path: str,
    writes: bool,  # noqa: FBT001 (a table)
    failed: str,
) -> None:
    (route,) = (r for r in ROUTES if (r.method, r.path, r.action) == (method, path, ""))
    assert route.writes == writes
    assert route.failed.startswith(failed)
