"""What Key Protect's replies mean to a caller.

An answer is believed only when it is whole: JSON with the members that the action promises, base64
where it says so. Everything else is a failure, whatever its status line says.
"""

import binascii
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from chaos.client.call import Result, Work
from chaos.exchange import Answer, Failure, Reply
from chaos.quick import quick

Meaning = Literal["ok", "down", "throttled", "denied", "gone", "stale", "no", "cancelled"]
"""What a reply means.

``down``: no whole answer, or the service says that it cannot now. ``throttled``: it asks for less.
``denied``: this identity may not. ``gone``: this root key is not there. ``stale``: this root key
does not open this ciphertext. ``no``: the request as such is refused. ``cancelled``: we gave it up.
"""

OK, CREATED, NO_CONTENT = 200, 201, 204
SUCCESSES = frozenset({OK, CREATED, NO_CONTENT})
UNAUTHORIZED, FORBIDDEN, NOT_FOUND, REQUEST_TIMEOUT = 401, 403, 404, 408
GONE, UNPROCESSABLE, TOO_MANY = 410, 422, 429
SERVER_ERROR, NOT_IMPLEMENTED, UNAVAILABLE = 500, 501, 503


@quick
@dataclass(frozen=True, slots=True)
class Reading:
    """A reply as understood: what it means, the result when ok, and why in a few words.

    ``written`` says that the request may have taken effect although no answer tells.
    """

    meaning: Meaning
    result: Result | None = None
    why: str = ""
    written: bool = False


TIMEOUTS = frozenset({"connect timeout", "read timeout", "total timeout"})
WRONG_PLAINTEXT = "wrong plaintext"
_CUT = Reading("down", why="truncated", written=True)
_WRONG = Reading("down", why=WRONG_PLAINTEXT)


def read(work: Work, reply: Reply) -> Reading:
    """What a reply to ``work`` means."""
    if isinstance(reply, Failure):
        if reply.kind == "cancelled":
            return Reading("cancelled", why="cancelled", written=reply.written)
        return Reading("down", why=reply.kind.replace("_", " "), written=reply.written)
    if reply.status in SUCCESSES:
        return _read_result(work, reply)
    # What a gateway or a crash answers does not say whether the request was carried out.
    unsure = reply.status >= SERVER_ERROR and reply.status not in (NOT_IMPLEMENTED, UNAVAILABLE)
    return Reading(meaning_of_status(reply.status), why=complaint(reply), written=unsure)


def checked(work: Work, reading: Reading) -> Reading:
    """The reading, but ``down`` where the plaintext is not the one that the caller's digest names.

    Garbage must never be taken for a data key: what is encrypted with it is lost.
    """
    if not work.digest or reading.result is None:
        return reading
    digest = hashlib.sha256(binascii.a2b_base64(reading.result.plaintext)).hexdigest()
    return reading if digest == work.digest else _WRONG


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


def complaint(answer: Answer) -> str:
    """The status and, where the body is Key Protect's error shape, its reason's code."""
    try:
        code = orjson.loads(answer.body)["resources"][0]["reasons"][0]["code"]
    except (ValueError, KeyError, IndexError, TypeError):
        return str(answer.status)
    return f"{answer.status} {code}"


def _read_result(work: Work, answer: Answer) -> Reading:
    """The result of an operation, or ``down`` with ``truncated`` where the answer is not whole."""
    reader = _READERS.get(work.kind)
    if reader is None:
        return Reading("ok", Result("", "", ""))
    try:
        return Reading("ok", reader(work, orjson.loads(answer.body)))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return _CUT


def _wrapped(work: Work, members: Any) -> Result:
    plaintext = _base64(members.get("plaintext") or work.plaintext)
    return Result(plaintext, _base64(members["ciphertext"]), _text(members["keyVersion"]["id"]))


def _unwrapped(_: Work, members: Any) -> Result:
    plaintext = _base64(members["plaintext"])
    rewrapped = _base64(members["ciphertext"]) if members.get("ciphertext") else ""
    return Result(plaintext, rewrapped, _text(members["keyVersion"]["id"]))


def _rewrapped(_: Work, members: Any) -> Result:
    version = _text(members["rewrappedKeyVersion"]["id"])
    return Result("", _base64(members["ciphertext"]), version)


def _described(_: Work, members: Any) -> Result:
    """A key as its metadata tell it: id, state, newest version."""
    return _key(members["resources"][0])


def _found(work: Work, members: Any) -> Result:
    """The key of exactly that name among those found; a result without a key id if there is none.

    The search matches parts of names, too.
    """
    for resource in members.get("resources") or ():
        if resource["name"] == work.name:
            return _key(resource)
    return Result("", "", "")


def _key(resource: Any) -> Result:
    version = (resource.get("keyVersion") or {}).get("id", "")
    return Result(
        "", "", _text(version), key_id=_text(resource["id"]), state=int(resource["state"])
    )


def _base64(text: object) -> str:
    """The text itself where it is strict base64 of something; ValueError or TypeError if not."""
    if not isinstance(text, str):
        raise TypeError
    if not binascii.a2b_base64(text, strict_mode=True):
        raise ValueError
    return text


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


_READERS: dict[str, Callable[[Work, Any], Result]] = {
    "wrap": _wrapped,
    "unwrap": _unwrapped,
    "rewrap": _rewrapped,
    "create": _described,
    "metadata": _described,
    "find": _found,
}
