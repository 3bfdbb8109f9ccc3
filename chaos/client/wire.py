"""Key Protect's requests as values, and what its replies mean.

Paths, media types, bodies and error codes are those of the Key Protect API, version 2. An answer is
believed only when it is whole: JSON with the members the action promises, base64 where it says so.
"""

import binascii
import zlib
from dataclasses import dataclass
from typing import Literal

import orjson

from chaos.client.call import Result, Target, Work
from chaos.exchange import Answer, Failure, Reply, Request

Meaning = Literal["ok", "down", "throttled", "denied", "gone", "stale", "no", "cancelled"]
"""What a reply means to a caller.

``down``: no whole answer, or the service says that it cannot now. ``throttled``: it asks for less.
``denied``: this identity may not. ``gone``: this root key is not there. ``stale``: this root key
does not open this ciphertext. ``no``: the request as such is refused. ``cancelled``: we gave it up.
"""

OK = 200
BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, GONE = 400, 401, 403, 404, 410
REQUEST_TIMEOUT, UNPROCESSABLE, TOO_MANY, SERVER_ERROR, NOT_IMPLEMENTED = 408, 422, 429, 500, 501


@dataclass(frozen=True, slots=True)
class Reading:
    """A reply as understood: what it means, the result when ok, and why in a few words.

    ``written`` says that the request may have taken effect although no answer tells.
    """

    meaning: Meaning
    result: Result | None = None
    why: str = ""
    written: bool = False


def fixed_headers(target: Target, kind: str, token: str) -> tuple[tuple[str, str], ...]:
    """The headers that all attempts of one kind at one target share while the token lasts."""
    return (
        ("Authorization", f"Bearer {token}"),
        ("Bluemix-Instance", target.instance),
        ("Accept", "application/json"),
        ("Content-Type", f"application/vnd.ibm.kms.key_action_{kind}+json"),
    )


def client_mark(name: str) -> str:
    """Eight hexadecimal digits that stand for a client in its correlation ids."""
    return f"{zlib.crc32(name.encode()):08x}"


def correlation_id(mark: str, operation: int, attempt: int) -> str:
    """A UUID-shaped id that is a function of who, which operation and which attempt: replayable."""
    return f"{mark}-0000-4{attempt & 0xFFF:03x}-8000-{operation & 0xFFFFFFFFFFFF:012x}"


def action_path(target: Target, kind: str) -> str:
    """The path of a key action at one target's root key."""
    return f"/api/v2/keys/{target.key_id}/actions/{kind}"


def body(work: Work) -> bytes:
    """The JSON body of one operation; a wrap without plaintext asks for a new data key."""
    if work.kind == "unwrap":
        return orjson.dumps({"ciphertext": work.ciphertext})
    return orjson.dumps({"plaintext": work.plaintext}) if work.plaintext else b"{}"


def request(target: Target, work: Work, token: str, correlation: str) -> Request:
    """The request of one attempt, complete."""
    headers = (*fixed_headers(target, work.kind, token), ("Correlation-Id", correlation))
    return Request("POST", action_path(target, work.kind), headers, body(work))


def read(work: Work, reply: Reply) -> Reading:
    """What a reply to ``work`` means."""
    if isinstance(reply, Failure):
        if reply.kind == "cancelled":
            return Reading("cancelled", why="cancelled", written=reply.written)
        return Reading("down", why=reply.kind.replace("_", " "), written=reply.written)
    if reply.status == OK:
        return _read_result(work, reply.body)
    return Reading(meaning_of_status(reply.status), why=_complaint(reply))


def meaning_of_status(status: int) -> Meaning:
    """What an HTTP status other than success means to a caller of Key Protect."""
    if status == TOO_MANY:
        return "throttled"
    if status in (UNAUTHORIZED, FORBIDDEN):
        return "denied"
    if status in (NOT_FOUND, GONE):
        return "gone"
    if status == UNPROCESSABLE:
        return "stale"
    if status == REQUEST_TIMEOUT or (status >= SERVER_ERROR and status != NOT_IMPLEMENTED):
        return "down"
    return "no"


def _read_result(work: Work, text: bytes) -> Reading:
    """The result of an action, or ``down`` with ``truncated`` where the answer is not whole."""
    try:
        members = orjson.loads(text)
        plaintext = _base64(members.get("plaintext", ""))
        ciphertext = _base64(members.get("ciphertext", ""))
        version = members["keyVersion"]["id"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return _CUT
    plaintext = plaintext or (work.plaintext if work.kind == "wrap" else "")
    whole = plaintext and (ciphertext or work.kind != "wrap") and isinstance(version, str)
    return Reading("ok", Result(plaintext, ciphertext, version)) if whole else _CUT


_CUT = Reading("down", why="truncated", written=True)


def _base64(text: object) -> str:
    """The text itself where it is strict base64, ValueError or TypeError where it is not."""
    if not isinstance(text, str):
        raise TypeError
    binascii.a2b_base64(text, strict_mode=True)
    return text


def _complaint(answer: Answer) -> str:
    """The status and, where the body is Key Protect's error shape, its reason's code."""
    try:
        code = orjson.loads(answer.body)["resources"][0]["reasons"][0]["code"]
    except (ValueError, KeyError, IndexError, TypeError):
        return str(answer.status)
    return f"{answer.status} {code}"
