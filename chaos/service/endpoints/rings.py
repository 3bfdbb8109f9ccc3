"""Key rings: groups of keys within an instance."""

import re

from chaos.exchange import Answer
from chaos.service.admitted import Admitted
from chaos.service.bodies import Document, written
from chaos.service.instance import DEFAULT_RING, Ring
from chaos.service.keys import State
from chaos.service.queries import flag, page, total
from chaos.service.refusal import Refusal, already_there, at_most, invalid_field

AT_MOST = 50
LISTED_BY_DEFAULT = 100
SHAPE = re.compile(r"[A-Za-z0-9_-]{2,100}")


def list_rings(asked: Admitted) -> Answer:
    """All rings, `default` first."""
    rings: list[Document] = [{"id": DEFAULT_RING}]
    for ring in asked.instance.rings.values():
        created = written(ring.created)
        rings.append({"id": ring.id, "creationDate": created, "createdBy": ring.created_by})
    shown = page(asked.query, rings, LISTED_BY_DEFAULT)
    return asked.collection("key_ring", shown, metadata=total(asked.query, rings))


def create(asked: Admitted) -> Answer:
    """Make an empty ring."""
    name = asked.path[0]
    rings = asked.instance.rings
    if not SHAPE.fullmatch(name):
        sentence = "A key ring id has 2 to 100 letters, digits, - or _"
        raise invalid_field("key-ring-id", sentence)
    if name == DEFAULT_RING or name in rings:
        raise already_there("key_ring")
    if len(rings) >= AT_MOST:
        raise at_most("key_ring", AT_MOST)
    rings[name] = Ring(name, asked.now, asked.identity.iam_id)
    return asked.empty(201)


def delete(asked: Admitted) -> Answer:
    """Remove a ring. Live keys keep it; destroyed ones go to `default` when forced to."""
    name = asked.path[0]
    if name == DEFAULT_RING:
        sentence = "The key ring `default` is reserved and cannot be deleted"
        raise invalid_field("key-ring-id", sentence)
    asked.instance.require_ring(name)
    held = [key for key in asked.instance.settled_keys(asked.now) if key.ring == name]
    forced = flag(asked.query, "force") or False
    if any(key.state is not State.DESTROYED or not forced for key in held):
        sentence = "The key ring contains at least one key (in any state)"
        raise Refusal(409, "KEY_RING_NOT_EMPTY_ERR", sentence)
    for key in held:
        key.ring = DEFAULT_RING
        asked.instance.touched.add(key.id)
    del asked.instance.rings[name]
    return asked.empty()
