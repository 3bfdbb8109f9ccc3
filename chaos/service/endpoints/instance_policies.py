"""Policies of a whole instance. They bind keys that are made after them.

allowedIP and allowedNetwork turn away whoever comes from another address or by the public endpoint,
also from changing it back, as the real ones do (:mod:`chaos.service.networks`). By the private
endpoint comes who says so in the Host header: it begins with ``private.``.
"""

from collections.abc import Callable
from ipaddress import ip_network

from chaos.exchange import Answer
from chaos.service.admitted import Admitted
from chaos.service.bodies import Document, as_object, flag, read_counted, texts, whole, written
from chaos.service.endpoints.policies import asked_kind, require_distinct
from chaos.service.instance import InstancePolicy
from chaos.service.networks import PRIVATE_ONLY
from chaos.service.refusal import bad_body, invalid_field

ADDRESSES_AT_MOST = 1000
PRIVATE_PORT = 13000  # where the private endpoint of an instance with an allowed IP policy listens
NETWORKS = ("public-and-private", PRIVATE_ONLY)
_FIELDS = frozenset({"policy_type", "policy_data"})
_POLICY = frozenset({"enabled", "attributes"})
_ACCESS = (
    "create_root_key",
    "create_standard_key",
    "import_root_key",
    "import_standard_key",
    "enforce_token",
)


def read(asked: Admitted) -> Answer:
    """The policies that were ever set on the instance."""
    only = asked_kind(asked, KINDS)
    held = [each for each in asked.instance.policies.values() if only in ("", each.kind)]
    return asked.collection("policy", [_document(policy) for policy in held])


def put(asked: Admitted) -> Answer:
    """Set one policy or several."""
    resources = read_counted(asked.body, _FIELDS)
    kinds = [str(resource.get("policy_type")) for resource in resources]
    require_distinct(kinds, asked_kind(asked, KINDS))
    policies = [_policy(asked, resource) for resource in resources]
    asked.instance.policies.update((policy.kind, policy) for policy in policies)
    return asked.empty()


def read_allowed_ip_port(asked: Admitted) -> Answer:
    """The private endpoint's port while an allowed IP policy is in force."""
    policy = asked.instance.policies.get("allowedIP")
    enforced = policy is not None and policy.enabled
    ports = [{"private_endpoint_port": PRIVATE_PORT}] if enforced else []
    return asked.collection("allowed_ip_metadata", ports)


def _policy(asked: Admitted, resource: Document) -> InstancePolicy:
    kind = resource.get("policy_type")
    read = _ATTRIBUTES.get(kind) if isinstance(kind, str) else None
    if read is None or not isinstance(kind, str):
        known = ", ".join(KINDS)
        raise bad_body(f"the field `policy_type` must be one of {known}", field="policy_type")
    body = as_object(resource.get("policy_data"), _POLICY)
    if body.get("enabled") is None:
        raise bad_body("the field `enabled` must be given", field="enabled")
    given = body.get("attributes")
    attributes: Document = {}
    enabled = flag(body, "enabled", default=False)
    if enabled or given is not None:
        attributes = read({} if given is None else given)
    before = asked.instance.policies.get(kind)
    now, by = asked.now, asked.identity.iam_id
    created, creator = (before.created, before.created_by) if before else (now, by)
    return InstancePolicy(kind, enabled, attributes, created, creator, now, by)


def _no_attributes(given: object) -> Document:
    as_object(given, frozenset())
    return {}


def _access(given: object) -> Document:
    body = as_object(given, frozenset(_ACCESS))
    return {name: flag(body, name, default=name != "enforce_token") for name in _ACCESS}


def _network(given: object) -> Document:
    network = as_object(given, frozenset({"allowed_network"})).get("allowed_network")
    if network not in NETWORKS:
        raise invalid_field("allowed_network", "The field must be " + " or ".join(NETWORKS))
    return {"allowed_network": network}


def _addresses(given: object) -> Document:
    body = as_object(given, frozenset({"allowed_ip"}))
    subnets = texts(body, "allowed_ip", ADDRESSES_AT_MOST, 64)
    try:
        for subnet in subnets:
            ip_network(subnet, strict=False)
    except ValueError:
        subnets = ()
    if not subnets:
        raise invalid_field("allowed_ip", "The field must be a list of CIDR notated subnets")
    return {"allowed_ip": list(subnets)}


def _interval(given: object) -> Document:
    body = as_object(given, frozenset({"interval_month"}))
    interval = whole(body, "interval_month", 1, 12, 0)
    if not interval:
        raise invalid_field("interval_month", "The field `interval_month` must be from 1 to 12")
    return {"interval_month": interval}


_ATTRIBUTES: dict[str, Callable[[object], Document]] = {
    "dualAuthDelete": _no_attributes,
    "allowedNetwork": _network,
    "allowedIP": _addresses,
    "metrics": _no_attributes,
    "keyCreateImportAccess": _access,
    "rotation": _interval,
}
KINDS = tuple(_ATTRIBUTES)


def _document(policy: InstancePolicy) -> Document:
    rule: Document = {"enabled": policy.enabled}
    if policy.attributes:
        rule["attributes"] = policy.attributes
    return {
        "policy_type": policy.kind,
        "policy_data": rule,
        "creationDate": written(policy.created),
        "createdBy": policy.created_by,
        "lastUpdated": written(policy.updated),
        "updatedBy": policy.updated_by,
    }
