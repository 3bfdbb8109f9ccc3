"""Which path is answered by what, and which role it takes; the API description is made of it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from chaos.exchange import Answer
from chaos.service.admitted import Admitted
from chaos.service.endpoints import (
    actions,
    aliases,
    import_tokens,
    instance_policies,
    keys,
    kmip,
    lists,
    policies,
    registrations,
    rings,
)
from chaos.service.roles import Role

PREFIX = "/api/v2/"
ACTED_ON = "keys/*"  # by the legacy form of an action, `POST keys/{id}?action=…`
Endpoint = Callable[[Admitted], Answer]
LISTER: Role = "KmipAdapterManager"  # picks the root key of an adapter, and no more
PAGED = ("limit", "offset", "totalCount")
LISTED = ("limit", "offset", "state", "extractable", "search", "sort", "filter")
COUNTED = ("state", "extractable", "filter")
REGISTERED = (*PAGED, "urlEncodedResourceCRNQuery", "preventKeyDeletion")
CRYPTOGRAPHIC = ("wrap", "unwrap", "rewrap")

_NOUNS = {
    "aliases": "Alias",
    "certificates": "KMIP client certificate",
    "event_ack": "Event",
    "import_token": "Import token",
    "instance": "Instance policy",
    "key_rings": "Key ring",
    "kmip_adapters": "KMIP adapter",
    "kmip_objects": "KMIP object",
    "policies": "Key policy",
    "registrations": "Registration",
    "versions": "Key version",
}
_VERBS = {"POST": "created", "PUT": "created", "PATCH": "updated", "DELETE": "deleted"}


@dataclass(slots=True)
class Route:
    """One method of one path; names in the path are ``*``.

    ``gives`` is the collection type of what comes back with ``status`` (empty: no body), ``takes``
    the schema of the body in the API description. ``action`` is the legacy form's query parameter.
    ``also`` is another role that may. ``names_key`` says that the path names a key, ``writes`` that
    it may change the instance; ``failed`` begins the message of its errors.
    """

    method: str
    path: str
    role: Role
    endpoint: Endpoint
    status: int
    gives: str = ""
    takes: str = ""
    query: tuple[str, ...] = ()
    action: str = ""
    also: Role | None = None
    names_key: bool = field(init=False)
    writes: bool = field(init=False)
    failed: str = field(init=False)

    def __post_init__(self) -> None:
        self.names_key = self.path.startswith("keys/*")
        reads = self.method in ("GET", "HEAD") and self.path != "import_token"
        self.writes = not (reads or self.gives.startswith("key_action"))
        words = [word for word in self.path.split("/") if word in _NOUNS]
        noun = _NOUNS[words[-1]] if words else "Key"
        self.failed = f"{noun} could not be {_VERBS.get(self.method, 'retrieved')}"
        if self.action or "/actions/" in self.path:
            self.failed = "Action could not be performed on key"


def _actions() -> list[Route]:
    """Every action at its own path and in its legacy form, `POST keys/{id}?action=…`."""
    table: tuple[tuple[str, Role, Endpoint, str], ...] = (
        ("wrap", "Reader", actions.wrap, "Wrap"),
        ("unwrap", "Reader", actions.unwrap, "Unwrap"),
        ("rewrap", "Reader", actions.rewrap, "Unwrap"),
        ("rotate", "Writer", actions.rotate, "Rotate"),
        ("disable", "Manager", actions.disable, ""),
        ("enable", "Manager", actions.enable, ""),
        ("sync", "Writer", actions.sync, ""),
        ("setKeyForDeletion", "Writer", actions.set_for_deletion, ""),
        ("unsetKeyForDeletion", "Writer", actions.unset_for_deletion, ""),
    )
    made = [Route("POST", ACTED_ON, "Manager", keys.restore, 201, "key", "Restore", (), "restore")]
    for name, role, endpoint, takes in table:
        gives = f"key_action_{name}" if name in CRYPTOGRAPHIC else ""
        status = 200 if gives else 204
        path = f"keys/*/actions/{name}"
        made.append(Route("POST", path, role, endpoint, status, gives, takes))
        made.append(Route("POST", ACTED_ON, role, endpoint, status, gives, takes, (), name))
    return made


ROUTES = (
    Route("HEAD", "keys", "Reader", lists.count_keys, 200, query=COUNTED, also=LISTER),
    Route("GET", "keys", "Reader", lists.list_keys, 200, "key", query=LISTED, also=LISTER),
    Route("POST", "keys", "Writer", keys.create, 201, "key", "Key"),
    Route(
        "POST",
        "keys_with_policy_overrides",
        "Writer",
        keys.create_with_overrides,
        201,
        "key",
        "KeyWithOverrides",
    ),
    Route("GET", "keys/*", "ReaderPlus", keys.read, 200, "key"),
    Route("GET", "keys/*/metadata", "Reader", keys.read_metadata, 200, "key"),
    Route("PATCH", "keys/*", "Manager", keys.patch, 200, "key", "KeyPatch"),
    Route("DELETE", "keys/*", "Manager", keys.delete, 204, query=("force",)),
    Route("DELETE", "keys/*/purge", "KeyPurge", keys.purge, 204),
    Route("POST", "keys/*/restore", "Manager", keys.restore, 201, "key", "Restore"),
    Route(
        "GET",
        "keys/*/versions",
        "Reader",
        lists.list_versions,
        200,
        "key.version",
        query=(*PAGED, "allKeyStates"),
    ),
    *_actions(),
    Route("GET", "keys/*/policies", "Manager", policies.read, 200, "policy", query=("policy",)),
    Route(
        "PUT", "keys/*/policies", "Manager", policies.put, 200, "policy", "KeyPolicies", ("policy",)
    ),
    Route("POST", "keys/*/aliases/*", "Writer", aliases.create, 201, "alias"),
    Route("DELETE", "keys/*/aliases/*", "Writer", aliases.delete, 204),
    Route(
        "GET", "key_rings", "Reader", rings.list_rings, 200, "key_ring", query=PAGED, also=LISTER
    ),
    Route("POST", "key_rings/*", "Writer", rings.create, 201),
    Route("DELETE", "key_rings/*", "Manager", rings.delete, 204, query=("force",)),
    Route(
        "GET",
        "instance/policies",
        "Manager",
        instance_policies.read,
        200,
        "policy",
        query=("policy",),
    ),
    Route(
        "PUT",
        "instance/policies",
        "Manager",
        instance_policies.put,
        204,
        "",
        "InstancePolicies",
        ("policy",),
    ),
    Route(
        "GET",
        "instance/allowed_ip_port",
        "Reader",
        instance_policies.read_allowed_ip_port,
        200,
        "allowed_ip_metadata",
    ),
    Route("POST", "import_token", "Writer", import_tokens.create, 200, "import_token", "Token"),
    Route("GET", "import_token", "Writer", import_tokens.read, 200, "import_token"),
    Route(
        "GET",
        "keys/*/registrations",
        "Reader",
        registrations.of_key,
        200,
        "registration",
        query=REGISTERED,
    ),
    Route(
        "GET",
        "keys/registrations",
        "Reader",
        registrations.of_all_keys,
        200,
        "registration",
        query=REGISTERED,
    ),
    *(
        Route(method, "keys/*/registrations/*", "Reader", registrations.refuse, 403)
        for method in ("POST", "PATCH", "PUT", "DELETE")
    ),
    Route("POST", "event_ack", "Reader", registrations.refuse, 403),
    Route(
        "GET",
        "kmip_adapters",
        "KmipAdapterManager",
        kmip.list_adapters,
        200,
        "kmip_adapter",
        query=(*PAGED, "crk_id"),
    ),
    Route(
        "POST",
        "kmip_adapters",
        "KmipAdapterManager",
        kmip.create_adapter,
        201,
        "kmip_adapter",
        "KmipAdapter",
        ("allowExpiringKey",),
    ),
    Route("GET", "kmip_adapters/*", "KmipAdapterManager", kmip.read_adapter, 200, "kmip_adapter"),
    Route("DELETE", "kmip_adapters/*", "KmipAdapterManager", kmip.delete_adapter, 204),
    Route(
        "GET",
        "kmip_adapters/*/certificates",
        "KmipAdapterManager",
        kmip.list_certificates,
        200,
        "kmip_client_certificate",
        query=PAGED,
    ),
    Route(
        "POST",
        "kmip_adapters/*/certificates",
        "KmipAdapterManager",
        kmip.add_certificate,
        201,
        "kmip_client_certificate",
        "KmipCertificate",
    ),
    Route(
        "GET",
        "kmip_adapters/*/certificates/*",
        "KmipAdapterManager",
        kmip.read_certificate,
        200,
        "kmip_client_certificate",
    ),
    Route(
        "DELETE",
        "kmip_adapters/*/certificates/*",
        "KmipAdapterManager",
        kmip.delete_certificate,
        204,
    ),
    Route(
        "GET",
        "kmip_adapters/*/kmip_objects",
        "KmipAdapterManager",
        kmip.list_objects,
        200,
        "kmip_object",
        query=(*PAGED, "state"),
    ),
    Route(
        "GET",
        "kmip_adapters/*/kmip_objects/*",
        "KmipAdapterManager",
        kmip.no_object,
        200,
        "kmip_object",
    ),
    Route("DELETE", "kmip_adapters/*/kmip_objects/*", "KmipAdapterManager", kmip.no_object, 204),
)
# Where the legacy form names no action, or none that is known.
UNKNOWN_ACTION = Route(
    "POST", ACTED_ON, "Reader", actions.refuse_unknown, 400, "key_action", action="unknown"
)
