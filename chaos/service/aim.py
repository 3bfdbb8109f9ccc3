"""What a request is about, as faults and quotas ask for it: operation, instance, key."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from chaos.service.instance import Instance
from chaos.service.routes import ROUTES, UNKNOWN_ACTION, Route

Operation = Literal[
    "token",
    "wrap",
    "unwrap",
    "rewrap",
    "rotate",
    "disable",
    "enable",
    "sync",
    "setKeyForDeletion",
    "unsetKeyForDeletion",
    "create",
    "list",
    "count",
    "read",
    "metadata",
    "versions",
    "patch",
    "delete",
    "restore",
    "purge",
    "alias",
    "policy",
    "ring",
    "import_token",
    "registration",
    "kmip",
    "instance",
    "other",
]
OPERATIONS: tuple[Operation, ...] = get_args(Operation)
_KEYS: dict[tuple[str, str], Operation] = {
    ("POST", "keys"): "create",
    ("POST", "keys_with_policy_overrides"): "create",
    ("GET", "keys"): "list",
    ("HEAD", "keys"): "count",
    ("GET", "keys/*"): "read",
    ("GET", "keys/*/metadata"): "metadata",
    ("PATCH", "keys/*"): "patch",
    ("DELETE", "keys/*"): "delete",
    ("POST", "keys/*/restore"): "restore",
    ("DELETE", "keys/*/purge"): "purge",
    ("GET", "keys/*/versions"): "versions",
}
_PARTS: dict[str, Operation] = {
    "aliases": "alias",
    "policies": "policy",
    "key_rings": "ring",
    "import_token": "import_token",
    "registrations": "registration",
    "kmip_adapters": "kmip",
}


@dataclass(slots=True)
class Aim:
    """One request's operation, the instance that it names, and the key (by its id) if it does.

    ``writes`` says that it may change keys or what belongs to them.
    """

    operation: Operation
    instance: str = ""
    key: str = ""
    writes: bool = False


def operation_of(route: Route) -> Operation:
    """What a route does, in one word."""
    action = route.action or (route.path.rpartition("/")[2] if "/actions/" in route.path else "")
    if action in OPERATIONS:
        return action
    known = _KEYS.get((route.method, route.path))
    if known is not None:
        return known
    return next((_PARTS[part] for part in route.path.split("/") if part in _PARTS), "other")


_OPERATION = {id(route): operation_of(route) for route in (*ROUTES, UNKNOWN_ACTION)}


def aim_of(
    route: Route | tuple[str, ...],
    names: tuple[str, ...],
    tenant: str,
    instances: Mapping[str, Instance],
) -> Aim:
    """What a request to a route is about; ``names`` stand in its path, ``tenant`` in its header."""
    if isinstance(route, tuple):
        return Aim("other", tenant)
    key = names[0] if route.names_key else ""
    if key:
        instance = instances.get(tenant)
        alias = instance.aliases.get(key) if instance is not None else None
        key = alias.key_id if alias is not None else key
    return Aim(_OPERATION[id(route)], tenant, key, route.writes)
