"""Key Protect's requests as values: paths, media types and bodies of its API, version 2.

What the replies mean is :mod:`chaos.client.reading`'s; :func:`read` is at hand here, too.
"""

import zlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from chaos.client.call import Credential, Target, Work
from chaos.client.reading import Meaning, Reading, read
from chaos.exchange import Request

__all__ = [
    "LIST_LIMIT",
    "Headers",
    "Meaning",
    "Reading",
    "body",
    "client_mark",
    "correlation_id",
    "fixed_headers",
    "method_and_path",
    "read",
    "request",
    "token_request",
]

Headers = tuple[tuple[str, str], ...]

# How many keys one list gives at most: the service's own default.
LIST_LIMIT = 200
_MEDIA = "application/vnd.ibm.kms."
_ACTIONS = frozenset({"wrap", "unwrap", "rewrap", "rotate", "disable", "enable"})
_ENVELOPED_KEY = {"collectionType": f"{_MEDIA}key+json", "collectionTotal": 1}


def client_mark(name: str) -> str:
    """Eight hexadecimal digits that stand for a client in its correlation ids."""
    return f"{zlib.crc32(name.encode()):08x}"


def correlation_id(mark: str, operation: int, attempt: int) -> str:
    """A UUID-shaped id that is a function of who, which operation and which attempt: replayable."""
    return f"{mark}-0000-4{attempt & 0xFFF:03x}-8000-{operation & 0xFFFFFFFFFFFF:012x}"


def fixed_headers(target: Target, kind: str, token: str) -> Headers:
    """The headers that all attempts of one kind at one target share while the token lasts."""
    headers = (
        ("Authorization", f"Bearer {token}"),
        ("Bluemix-Instance", target.instance),
        ("Accept", "application/json"),
    )
    if kind in ("find", "list", "metadata"):
        return headers
    if kind == "create":
        return (*headers, ("Content-Type", f"{_MEDIA}key+json"), ("Prefer", "return=minimal"))
    media = "key+json" if kind == "delete" else f"key_action_{kind}+json"
    return (*headers, ("Content-Type", _MEDIA + media))


def method_and_path(target: Target, work: Work) -> tuple[str, str]:
    """HTTP method and path, query included, of an operation on one target's root key."""
    key = f"/api/v2/keys/{target.key_id}"
    if work.kind in _ACTIONS:
        return "POST", f"{key}/actions/{work.kind}"
    if work.kind == "metadata":
        return "GET", f"{key}/metadata"
    if work.kind == "create":
        return "POST", "/api/v2/keys"
    if work.kind == "list":
        return "GET", f"/api/v2/keys?limit={LIST_LIMIT}&offset={work.offset}&extractable=false"
    if work.kind == "find":
        return "GET", f"/api/v2/keys?search={quote('exact:' + work.name, safe='')}"
    return ("DELETE", key) if work.kind == "delete" else ("POST", f"{key}/restore")


def body(work: Work) -> bytes:
    """The JSON body of an operation, empty where it has none.

    A wrap without plaintext asks for a new data key, a rotate without payload for new material.
    """
    members: dict[str, Any] = {}
    if work.kind in ("unwrap", "rewrap"):
        members["ciphertext"] = work.ciphertext
    elif work.kind == "wrap" and work.plaintext:
        members["plaintext"] = work.plaintext
    elif work.kind == "rotate" and work.payload:
        members["payload"] = work.payload
    elif work.kind == "create":
        return orjson.dumps({"metadata": _ENVELOPED_KEY, "resources": [_new_key(work)]})
    elif work.kind not in ("wrap", "rotate"):
        return b""
    if work.aad:
        members["aad"] = work.aad
    return orjson.dumps(members)


def _new_key(work: Work) -> Mapping[str, Any]:
    key = {"type": f"{_MEDIA}key+json", "name": work.name, "extractable": False}
    return {**key, "payload": work.payload} if work.payload else key


def request(target: Target, work: Work, token: str, correlation: str) -> Request:
    """The request of one attempt, complete."""
    headers = (*fixed_headers(target, work.kind, token), ("Correlation-Id", correlation))
    return Request(*method_and_path(target, work), headers, body(work))


def token_request(credential: Credential) -> Request:
    """The request to IAM for a new access token."""
    form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": credential.api_key}
    headers = (
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("Accept", "application/json"),
    )
    return Request("POST", "/identity/token", headers, urlencode(form).encode())
