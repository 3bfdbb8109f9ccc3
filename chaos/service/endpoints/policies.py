"""Policies of one key: automatic rotation, and two people for a delete."""

from collections.abc import Callable
from dataclasses import replace

from chaos.exchange import Answer
from chaos.service.admitted import MEDIA, Admitted
from chaos.service.bodies import Document, as_object, flag, read_counted, text, whole, written
from chaos.service.keys import Key, KeyPolicy, State
from chaos.service.refusal import Refusal, bad_body, invalid_field, invalid_query

KINDS = ("rotation", "dualAuthDelete")
_FIELDS = frozenset({"type", *KINDS})
_ROTATION = frozenset({"enabled", "interval_month"})
_DUAL_AUTH = frozenset({"enabled"})
Setting = tuple[str, KeyPolicy]


def read(asked: Admitted) -> Answer:
    """The policies that were ever set on a key."""
    key = asked.key()
    only = asked_kind(asked, KINDS)
    kinds = [only] if only else list(KINDS)
    return _shown(asked, key, [kind for kind in kinds if held(key, kind) is not None])


def put(asked: Admitted) -> Answer:
    """Set one policy or both; the answer tells those that were set."""
    resources = read_counted(asked.body, _FIELDS)
    kinds = [_kind(resource) for resource in resources]
    require_distinct(kinds, asked_kind(asked, KINDS))
    key = asked.key()
    key.require(State.ACTIVE, State.SUSPENDED, State.DEACTIVATED)
    settings = [
        _setting(asked, key, kind, resource[kind])
        for kind, resource in zip(kinds, resources, strict=True)
    ]
    _apply(key, settings)
    key.updated = asked.now
    return _shown(asked, key, kinds)


def apply_overrides(asked: Admitted, key: Key, body: Document) -> None:
    """Set on a new key what its creation asked for."""
    given = [kind for kind in KINDS if body.get(kind) is not None]
    _apply(key, [_setting(asked, key, kind, body[kind]) for kind in given])


def inherit(asked: Admitted, key: Key) -> None:
    """Set on a new key what the instance's policies say; rotation only where it can work."""
    policies = asked.instance.policies
    dual_auth, rotation = policies.get("dualAuthDelete"), policies.get("rotation")
    if dual_auth is not None and dual_auth.enabled:
        _apply(key, [_setting(asked, key, "dualAuthDelete", {"enabled": True})])
    if rotation is not None and rotation.enabled and not key.extractable and not key.imported:
        interval = rotation.attributes["interval_month"]
        given = {"enabled": True, "interval_month": interval}
        _apply(key, [_setting(asked, key, "rotation", given)])


def asked_kind(asked: Admitted, known: tuple[str, ...]) -> str:
    """The `policy` query parameter, empty where it is absent."""
    kind = asked.query.get("policy", "")
    if kind and kind not in known:
        sentence = "The query parameter `policy` must be one of " + ", ".join(known)
        raise invalid_query("policy", sentence)
    return kind


def require_distinct(kinds: list[str], only: str) -> None:
    """Refuse a body with another policy than the query names, or with one policy twice."""
    if only and kinds[0] != only:
        sentence = "Data in body does not match data required by query parameter"
        raise Refusal(400, "BODY_QUERY_PARAM_MISMATCH_ERR", sentence)
    if len(set(kinds)) < len(kinds) or (only and len(kinds) > 1):
        sentence = "Only a single policy of each kind may be set"
        raise Refusal(400, "NUM_COLLECTION_RESOURCE_ERR", sentence)


def held(key: Key, kind: str) -> KeyPolicy | None:
    """The key's policy of that kind."""
    return key.rotation if kind == "rotation" else key.dual_auth


def _kind(resource: Document) -> str:
    given = [kind for kind in KINDS if resource.get(kind) is not None]
    text(resource, "type", 0, 90)
    if len(given) != 1:
        raise bad_body("a policy is either `rotation` or `dualAuthDelete`", field="resources")
    return given[0]


def _apply(key: Key, settings: list[Setting]) -> None:
    for kind, policy in settings:
        if kind == "rotation":
            key.rotation = policy
        else:
            key.dual_auth = policy


def _setting(asked: Admitted, key: Key, kind: str, given: object) -> Setting:
    read: Callable[[Key, object], tuple[bool, int]]
    read = _read_rotation if kind == "rotation" else _read_dual_auth
    enabled, interval = read(key, given)
    now, by = asked.now, asked.identity.iam_id
    before = held(key, kind)
    if before is None:
        return kind, KeyPolicy(asked.instance.new_id(), enabled, now, by, now, by, interval)
    changed = replace(before, enabled=enabled, interval_month=interval, updated=now, updated_by=by)
    return kind, changed


def _read_rotation(key: Key, given: object) -> tuple[bool, int]:
    body = as_object(given, _ROTATION)
    key.require_root()
    if key.imported:
        sentence = "A key that was imported is rotated with new material and has no such policy"
        raise invalid_field("rotation", sentence)
    known = key.rotation.interval_month if key.rotation else 0
    interval = whole(body, "interval_month", 1, 12, known)
    enabled = flag(body, "enabled", default=True)
    if enabled and not interval:
        sentence = "The field `interval_month` must be from 1 to 12"
        raise invalid_field("interval_month", sentence)
    return enabled, interval


def _read_dual_auth(key: Key, given: object) -> tuple[bool, int]:
    body = as_object(given, _DUAL_AUTH)
    if body.get("enabled") is None:
        raise bad_body("the field `enabled` must be given", field="enabled")
    enabled = flag(body, "enabled", default=False)
    if not enabled and key.dual_auth is not None and key.dual_auth.enabled:
        # No code is published for it; that it cannot be disabled is.
        sentence = "A dual authorization policy of a key cannot be disabled once it was enabled"
        raise Refusal(409, "DUAL_AUTH_IRREVERSIBLE_ERR", sentence)
    return enabled, 0


def _shown(asked: Admitted, key: Key, kinds: list[str]) -> Answer:
    return asked.collection("policy", [_document(asked, key, kind) for kind in kinds])


def _document(asked: Admitted, key: Key, kind: str) -> Document:
    policy = held(key, kind)
    assert policy is not None, "only policies that are held are shown"
    rule: Document = {"enabled": policy.enabled}
    if kind == "rotation" and policy.interval_month:
        rule["interval_month"] = policy.interval_month
    return {
        "id": policy.id,
        "crn": asked.instance.crn("policy", policy.id),
        "type": MEDIA.format("policy"),
        "creationDate": written(policy.created),
        "createdBy": policy.created_by,
        "lastUpdateDate": written(policy.updated),
        "updatedBy": policy.updated_by,
        kind: rule,
    }
