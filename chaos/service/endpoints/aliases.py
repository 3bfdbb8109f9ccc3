"""Aliases: other names of a key, unique in the instance."""

import re
from collections.abc import Sequence
from uuid import UUID

from chaos.exchange import Answer
from chaos.service.admitted import Admitted
from chaos.service.bodies import written
from chaos.service.instance import Alias
from chaos.service.keys import Key, State
from chaos.service.refusal import already_there, at_most, invalid_field, not_found

PER_KEY = 5
SHAPE = re.compile(r"[A-Za-z0-9_-]{2,90}")
RESERVED = frozenset(
    {
        "allowed_ip",
        "key",
        "keys",
        "metadata",
        "policies",
        "policy",
        "registration",
        "registrations",
        "rewrap",
        "ring",
        "rings",
        "rotate",
        "unwrap",
        "version",
        "versions",
        "wrap",
    }
)


def create(asked: Admitted) -> Answer:
    """Give a key another name."""
    key = asked.key()
    key.require(State.ACTIVE, State.SUSPENDED, State.DEACTIVATED)
    add_aliases(asked, key, (asked.path[1],))
    alias = asked.instance.aliases[asked.path[1]]
    shown = {
        "keyId": alias.key_id,
        "alias": alias.name,
        "createdBy": alias.created_by,
        "creationDate": written(alias.created),
    }
    return asked.collection("alias", [shown], 201)


def delete(asked: Admitted) -> Answer:
    """Take a name from a key."""
    key = asked.key()
    name = asked.path[1]
    if name not in key.aliases:
        raise not_found("key_alias")
    key.aliases.remove(name)
    del asked.instance.aliases[name]
    return asked.empty()


def add_aliases(asked: Admitted, key: Key, names: Sequence[str]) -> None:
    """Name a key, by all of the names or, when one is refused, by none."""
    for name in names:
        if not SHAPE.fullmatch(name) or name.lower() in RESERVED or is_uuid(name):
            sentence = (
                "An alias has 2 to 90 letters, digits, - or _, and is no UUID or reserved name"
            )
            raise invalid_field("alias", sentence)
    if len(set(names)) < len(names) or any(name in asked.instance.aliases for name in names):
        raise already_there("key_alias")
    if len(key.aliases) + len(names) > PER_KEY:
        raise at_most("key_alias", PER_KEY)
    for name in names:
        alias = Alias(name, key.id, asked.now, asked.identity.iam_id)
        asked.instance.aliases[name] = alias
        key.aliases.append(name)


def is_uuid(name: str) -> bool:
    """Whether a name could be taken for an id."""
    try:
        UUID(name)
    except ValueError:
        return False
    return True
