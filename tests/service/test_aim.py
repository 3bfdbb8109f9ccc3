"""What a request is about."""

import pytest

from chaos.service.aim import OPERATIONS, aim_of, operation_of
from chaos.service.resolve import resolve
from chaos.service.routes import ROUTES
from tests.service.caller import Caller


def test_every_route_has_an_operation_and_nearly_every_operation_a_route() -> None:
    named = {operation_of(route) for route in ROUTES}
    assert named <= set(OPERATIONS)
    assert set(OPERATIONS) - named == {"token", "instance"}


@pytest.mark.parametrize(
    ("method", "path", "operation", "writes"),
    [
        ("POST", "keys", "create", True),
        ("GET", "keys", "list", False),
        ("HEAD", "keys", "count", False),
        ("GET", "keys/KEY", "read", False),
        ("GET", "keys/KEY/metadata", "metadata", False),
        ("POST", "keys/KEY/actions/unwrap", "unwrap", False),
        ("POST", "keys/KEY?action=unwrap", "unwrap", False),
        ("POST", "keys/KEY?action=explode", "other", False),
        ("POST", "keys/KEY/actions/rotate", "rotate", True),
        ("DELETE", "keys/KEY", "delete", True),
        ("DELETE", "keys/KEY/purge", "purge", True),
        ("PUT", "keys/KEY/policies", "policy", True),
        ("PUT", "instance/policies", "policy", True),
        ("GET", "key_rings", "ring", False),
        ("GET", "keys/registrations", "registration", False),
        ("GET", "nothing", "other", False),
    ],
)
def test_a_request_is_named_by_what_it_does(
    south: Caller, method: str, path: str, operation: str, writes: object
) -> None:
    key = south.create()["id"]
    found = resolve(method, "/api/v2/" + path.replace("KEY", key))
    aim = aim_of(found.route, found.names, south.instance.id, south.service.instances)
    assert (aim.operation, aim.writes) == (operation, writes)
    assert aim.instance == south.instance.id
    assert aim.key == (key if "KEY" in path else "")


def test_a_key_is_known_by_its_alias_too_but_only_its_tenants(south: Caller) -> None:
    key = south.create(aliases=["ledger"])["id"]
    found = resolve("GET", "/api/v2/keys/ledger/metadata")
    instances = south.service.instances
    assert aim_of(found.route, found.names, south.instance.id, instances).key == key
    assert aim_of(found.route, found.names, "another", instances).key == "ledger"
