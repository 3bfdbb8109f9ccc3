"""Keys themselves: create, import, read, list, delete, restore, purge."""

from chaos.exchange import Answer
from chaos.service.action_endpoints import MATERIAL_SIZE
from chaos.service.admitted import Admitted
from chaos.service.bodies import (
    Document,
    decoded,
    flag,
    moment,
    read_resources,
    text,
    texts,
    written,
)
from chaos.service.instance import DEFAULT_RING
from chaos.service.key_documents import key_document
from chaos.service.keys import NEVER, Key, KeyVersion, State
from chaos.service.material import imported_material, require_nonzero
from chaos.service.refusal import bad_body, invalid_field

KEY_FIELDS = frozenset(
    {
        "type",
        "name",
        "description",
        "tags",
        "aliases",
        "extractable",
        "expirationDate",
        "payload",
        "encryptedNonce",
        "iv",
        "encryptionAlgorithm",
    }
)
STANDARD_PAYLOAD_AT_MOST = 10_000


def create(asked: Admitted) -> Answer:
    """Generate a key, or import one whose payload is sent."""
    key = new_key(asked, read_one(asked.body, KEY_FIELDS))
    asked.instance.add(key)
    shown = key_document(asked.instance, key, asked.now, payload=True)
    return asked.collection("key", [shown], 201)


def read(asked: Admitted) -> Answer:
    """A key, a standard key with its payload."""
    key = asked.instance.find(asked.path[0], asked.ring, asked.now)
    readable = "ReaderPlus" in asked.roles and key.state is not State.DESTROYED
    shown = key_document(asked.instance, key, asked.now, payload=readable)
    return asked.collection("key", [shown])


def read_metadata(asked: Admitted) -> Answer:
    """A key without its payload."""
    key = asked.instance.find(asked.path[0], asked.ring, asked.now)
    return asked.collection("key", [key_document(asked.instance, key, asked.now)])


def list_keys(asked: Admitted) -> Answer:
    """All keys but the destroyed ones."""
    live = [k for k in asked.instance.settled_keys(asked.now) if k.state is not State.DESTROYED]
    shown = [key_document(asked.instance, key, asked.now) for key in live]
    return asked.collection("key", shown)


def list_versions(asked: Admitted) -> Answer:
    """The versions of a key, newest first."""
    key = asked.instance.find(asked.path[0], asked.ring, asked.now)
    newest_first = reversed(key.versions)
    shown = [{"id": one.id, "creationDate": written(one.created)} for one in newest_first]
    return asked.collection("key.version", shown)


def delete(asked: Admitted) -> Answer:
    """Destroy a key; it can be restored for 30 days."""
    key = asked.instance.find(asked.path[0], asked.ring, asked.now)
    key.delete(asked.identity.iam_id, asked.now)
    return changed(asked, key)


def restore(asked: Admitted) -> Answer:
    """Bring a destroyed key back, with its versions and attributes."""
    key = asked.instance.find(asked.path[0], asked.ring, asked.now)
    key.restore(asked.now)
    return asked.collection("key", [key_document(asked.instance, key, asked.now)], 201)


def changed(asked: Admitted, key: Key) -> Answer:
    """The key when the caller prefers to see it, else nothing."""
    if "representation" not in asked.prefer:
        return asked.empty()
    return asked.collection("key", [key_document(asked.instance, key, asked.now)])


def read_one(body: bytes, fields: frozenset[str]) -> Document:
    """The one resource of an envelope."""
    resources = read_resources(body, fields)
    if len(resources) != 1:
        raise bad_body("The field `resources` must hold exactly one key", field="resources")
    return resources[0]


def new_key(asked: Admitted, body: Document) -> Key:
    """A key as the body describes it, not yet taken in."""
    name = text(body, "name", 2, 90)
    if not name:
        raise bad_body("The field `name` must be given", field="name")
    ring = asked.ring or DEFAULT_RING
    asked.instance.require_ring(ring)
    key = Key(
        asked.uuid(),
        name,
        extractable=flag(body, "extractable", default=True),
        imported=body.get("payload") is not None,
        ring=ring,
        created=asked.now,
        created_by=asked.identity.iam_id,
        description=text(body, "description", 2, 240),
        tags=texts(body, "tags", 30, 30),
        expires=_expires(body, asked.now),
    )
    if key.extractable:
        key.payload = _standard_payload(asked, body)
    else:
        material = imported_material(body) if key.imported else asked.entropy(MATERIAL_SIZE)
        key.versions.append(KeyVersion(asked.uuid(), asked.now, material))
    return key


def _standard_payload(asked: Admitted, body: Document) -> bytes:
    if body.get("payload") is None:
        return asked.entropy(MATERIAL_SIZE)
    payload = decoded(body["payload"], "payload")
    if not 0 < len(payload) <= STANDARD_PAYLOAD_AT_MOST:
        sentence = f"The field `payload` must encode 1 to {STANDARD_PAYLOAD_AT_MOST} bytes"
        raise invalid_field("payload", sentence)
    require_nonzero(payload)
    return payload


def _expires(body: Document, now: float) -> float:
    when = moment(body, "expirationDate")
    if when is None:
        return NEVER
    if when <= now:
        raise invalid_field("expirationDate", "The field `expirationDate` must be in the future")
    return when
