"""Keys themselves: create, import, read, move, delete, restore, purge."""

from chaos.exchange import Answer
from chaos.service.admitted import Admitted
from chaos.service.bodies import (
    Document,
    flag,
    moment,
    read_object,
    read_one,
    text,
    texts,
)
from chaos.service.endpoints.aliases import PER_KEY, add_aliases
from chaos.service.endpoints.policies import apply_overrides, inherit
from chaos.service.instance import DEFAULT_RING
from chaos.service.key_document import key_document
from chaos.service.keys import NEVER, Key, State
from chaos.service.material import SEALED_FIELDS, root_version, standard_payload
from chaos.service.queries import flag as asked_flag
from chaos.service.refusal import Refusal, bad_body, invalid_field, no_body, no_such_key

TAG_FORBIDS = frozenset("<>,:&|")
KEY_FIELDS = SEALED_FIELDS | {
    "type",
    "name",
    "description",
    "tags",
    "aliases",
    "extractable",
    "expirationDate",
    "payload",
}
OVERRIDES = frozenset({"rotation", "dualAuthDelete"})


def create(asked: Admitted) -> Answer:
    """Generate a key, or import one whose payload is sent; instance policies apply to it."""
    body = read_one(asked.body, KEY_FIELDS)
    key = _new_key(asked, body)
    inherit(asked, key)
    return _taken_in(asked, key, body)


def create_with_overrides(asked: Admitted) -> Answer:
    """The same with policies of its own, which stand instead of all instance policies."""
    body = read_one(asked.body, KEY_FIELDS | OVERRIDES)
    key = _new_key(asked, body)
    apply_overrides(asked, key, body)
    return _taken_in(asked, key, body)


def read(asked: Admitted) -> Answer:
    """A key, a standard key with its payload."""
    key = asked.key()
    readable = key.state is not State.DESTROYED
    shown = key_document(asked.instance, key, asked.now, payload=readable)
    return asked.collection("key", [shown])


def read_metadata(asked: Admitted) -> Answer:
    """A key without its payload."""
    return asked.collection("key", [key_document(asked.instance, asked.key(), asked.now)])


def patch(asked: Admitted) -> Answer:
    """Move a key to another ring."""
    body = read_object(asked.body, frozenset({"keyRingID"}))
    if not body:
        raise no_body()
    ring = text(body, "keyRingID", 2, 100)
    if not ring:
        raise bad_body("the field `keyRingID` must be given", field="keyRingID")
    if asked.path[0] not in asked.instance.keys:
        raise no_such_key()
    key = asked.key()
    asked.instance.require_ring(ring)
    key.ring, key.updated = ring, asked.now
    return asked.collection("key", [key_document(asked.instance, key, asked.now)])


def delete(asked: Admitted) -> Answer:
    """Destroy a key; it can be restored for 30 days."""
    key = asked.key()
    registered = asked.instance.registered(key) if key.state is not State.DESTROYED else []
    if any(each.holds for each in registered):
        sentence = "The key cannot be deleted because it's protecting a resource with a hold on it"
        raise Refusal(409, "PREV_KEY_DEL_ERR", sentence)
    if registered and not asked_flag(asked.query, "force"):
        sentence = "Key is protecting one or more cloud resources"
        raise Refusal(409, "PROTECTED_RESOURCE_ERR", sentence)
    key.delete(asked.identity.iam_id, asked.now)
    asked.instance.release(key)
    return _changed(asked, key)


def restore(asked: Admitted) -> Answer:
    """Bring a destroyed key back, with its versions, policies and attributes."""
    read_object(asked.body, KEY_FIELDS)
    key = asked.key()
    key.restore(asked.now)
    return asked.collection("key", [key_document(asked.instance, key, asked.now)], 201)


def purge(asked: Admitted) -> Answer:
    """Shred a destroyed key for good."""
    key = asked.key()
    key.require_purgeable(asked.now)
    asked.instance.forget(key)
    return _changed(asked, key)


def _changed(asked: Admitted, key: Key) -> Answer:
    """The key when the caller prefers to see it, else nothing."""
    if "representation" not in asked.prefer:
        return asked.empty()
    return asked.collection("key", [key_document(asked.instance, key, asked.now)])


def _taken_in(asked: Admitted, key: Key, body: Document) -> Answer:
    """The last step: nothing is refused once the key is in."""
    add_aliases(asked, key, texts(body, "aliases", PER_KEY, 90))
    asked.instance.add(key)
    shown = key_document(asked.instance, key, asked.now, payload=True)
    return asked.collection("key", [shown], 201)


def _new_key(asked: Admitted, body: Document) -> Key:
    text(body, "type", 0, 90)
    name = text(body, "name", 2, 90)
    if not name:
        raise bad_body("the field `name` must be given", field="name")
    ring = asked.ring or DEFAULT_RING
    asked.instance.require_ring(ring)
    key = Key(
        asked.instance.new_id(),
        name,
        extractable=flag(body, "extractable", default=True),
        imported=body.get("payload") is not None,
        ring=ring,
        created=asked.now,
        created_by=asked.identity.iam_id,
        description=text(body, "description", 2, 240),
        tags=_tags(body),
        expires=_expires(body, asked.now),
    )
    _require_allowed(asked, key)
    if key.extractable:
        key.payload = standard_payload(asked, body)
    else:
        key.versions.append(root_version(asked, body))
    return key


def _require_allowed(asked: Admitted, key: Key) -> None:
    policy = asked.instance.policies.get("keyCreateImportAccess")
    verb = "import" if key.imported else "create"
    kind = "standard" if key.extractable else "root"
    if policy is None or not policy.enabled:
        return
    if policy.attributes.get(f"{verb}_{kind}_key") is False:
        sentence = "KeyCreateImportAccess instance policy does not allow this action"
        raise Refusal(409, "KEY_CREATE_IMPORT_ACCESS_ERR", sentence)


def _tags(body: Document) -> tuple[str, ...]:
    tags = texts(body, "tags", 30, 30)
    if any(TAG_FORBIDS & set(tag) for tag in tags):
        raise invalid_field("tags", "A tag must not contain any of < > , : & |")
    return tags


def _expires(body: Document, now: float) -> float:
    when = moment(body, "expirationDate")
    if when is None:
        return NEVER
    if when <= now:
        raise invalid_field("expirationDate", "The field `expirationDate` must be in the future")
    return when
