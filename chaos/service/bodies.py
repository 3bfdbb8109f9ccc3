"""Reading request bodies: strict in what they say, forgiving in how SDKs write them.

SDKs send no body, an empty one, ``null`` or ``{}`` for "nothing"; field names in another case; no
Content-Type. All of it is taken. Unknown fields and wrong types are refused.
"""

import re
from binascii import Error, a2b_base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast

import orjson

from chaos.service.refusal import Refusal, bad_body, invalid_field

Document = dict[str, object]
_ENVELOPE = frozenset({"metadata", "resources"})
# What can be written back: from 1970 to the last second of 9999.
EARLIEST, LATEST = 0.0, 253_402_300_799.0

# A name that may be told back: no key material is that short, even if somebody wrote it as a name.
_HARMLESS = re.compile("[A-Za-z_]{1,20}")


def read_object(body: bytes, allowed: frozenset[str]) -> Document:
    """The JSON object of a body, empty for nothing, with its names as ``allowed`` writes them."""
    if not body or body.isspace():
        return {}
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise bad_body("the body is not well-formed JSON") from None
    if document is None:
        return {}
    if document.__class__ is dict and document.keys() <= allowed:
        return cast("Document", document)
    return as_object(document, allowed)


def as_object(document: object, allowed: frozenset[str]) -> Document:
    """A JSON object with no other fields than the allowed ones."""
    if not isinstance(document, dict):
        raise bad_body("the body must be a JSON object")
    if document.keys() <= allowed:
        return document
    spelled = {name.casefold(): name for name in allowed}
    renamed = {}
    for name, value in document.items():
        known = spelled.get(name.casefold())
        if known is None:
            told = name if _HARMLESS.fullmatch(name) else ""
            raise bad_body("the body has a field that this action does not take", field=told)
        renamed[known] = value
    return renamed


def read_resources(body: bytes, allowed: frozenset[str]) -> list[Document]:
    """The resources of an envelope; its metadata must not be empty."""
    envelope = read_object(body, _ENVELOPE)
    metadata = envelope.get("metadata")
    if not isinstance(metadata, dict) or not metadata:
        raise bad_body("the field `metadata` must be given", field="metadata")
    resources = envelope.get("resources")
    if not isinstance(resources, list):
        raise bad_body("the field `resources` must be a list", field="resources")
    return [as_object(resource, allowed) for resource in resources]


def read_one(body: bytes, allowed: frozenset[str]) -> Document:
    """The one resource of an envelope."""
    resources = read_resources(body, allowed)
    if len(resources) != 1:
        raise bad_body("the field `resources` must hold exactly one entry", field="resources")
    return resources[0]


def read_counted(body: bytes, allowed: frozenset[str]) -> list[Document]:
    """The resources of an envelope whose `collectionTotal`, where given, counts them."""
    resources = read_resources(body, allowed)
    metadata = read_object(body, _ENVELOPE)["metadata"]
    given = metadata.get("collectionTotal") if isinstance(metadata, dict) else None
    if given is not None and given != len(resources):
        sentence = "Collection total does not match number of resources"
        raise Refusal(400, "COLLECTION_TOTAL_MISMATCH_ERR", sentence)
    if not resources:
        raise bad_body("the field `resources` must not be empty", field="resources")
    return resources


def text(document: Document, name: str, shortest: int, longest: int, default: str = "") -> str:
    """A text within its limits, ``default`` where it is absent or null."""
    value = document.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise bad_body(f"the field `{name}` must be a string", field=name)
    if not shortest <= len(value) <= longest:
        sentence = f"The field `{name}` must have {shortest} to {longest} characters"
        raise invalid_field(name, sentence)
    return value


def flag(document: Mapping[str, object], name: str, *, default: bool) -> bool:
    """A boolean, ``default`` where it is absent or null."""
    value = document.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise bad_body(f"the field `{name}` must be true or false", field=name)
    return value


def whole(document: Document, name: str, least: int, most: int, default: int) -> int:
    """A whole number within its limits; SDKs may write it as 600.0."""
    value = document.get(name)
    if value is None:
        return default
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise bad_body(f"the field `{name}` must be a whole number", field=name)
    if not least <= value <= most:
        raise invalid_field(name, f"The field `{name}` must be from {least} to {most}")
    return value


def texts(document: Document, name: str, most: int, longest: int) -> tuple[str, ...]:
    """A list of texts, empty where it is absent or null."""
    value = document.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise bad_body(f"the field `{name}` must be a list of strings", field=name)
    if len(value) > most or any(len(each) > longest for each in value):
        sentence = f"The field `{name}` may have {most} entries of {longest} characters"
        raise invalid_field(name, sentence)
    return tuple(value)


def decoded(value: object, name: str) -> bytes:
    """The bytes that a base64 text stands for; the value itself never reaches an error."""
    if not isinstance(value, str):
        raise bad_body(f"the field `{name}` must be a string", field=name)
    try:
        return a2b_base64(value, strict_mode=True)
    except (Error, ValueError):
        raise invalid_field(name, f"The field `{name}` must be base64 encoded") from None


def moment(document: Document, name: str) -> float | None:
    """An RFC 3339 instant as UTC seconds since 1970, None where it is absent or null."""
    value = text(document, name, 1, 64)
    if not value:
        return None
    try:
        when = datetime.fromisoformat(value)
    except ValueError:
        when = None
    if when is None or when.tzinfo is None or not EARLIEST <= when.timestamp() <= LATEST:
        raise invalid_field(name, f"The field `{name}` must be an RFC 3339 date with a time zone")
    return when.timestamp()


def written(when: float) -> str:
    """An instant as Key Protect writes it: RFC 3339, UTC, whole seconds."""
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
