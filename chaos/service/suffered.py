"""What a fault makes of one request: an answer in the service's stead, or a spoilt one."""

from base64 import b64decode, b64encode
from http import HTTPStatus
from random import Random

import orjson

from chaos.exchange import Answer, Reply
from chaos.service.aim import Aim
from chaos.service.faults import (
    AnswersLost,
    Corrupt,
    Error,
    IamOutage,
    Meeting,
    Throttle,
    Truncated,
)
from chaos.service.held import RESET, Received, for_ever
from chaos.service.refusal import Refusal, unauthorized
from chaos.service.retry_after import Form, retry_after

JSON = {"content-type": "application/json"}
HTML = {"content-type": "text/html"}
THROTTLED = "Too many requests were made in a given amount of time; try again later"
BEGINNING_OF_JSON = 2


def instead(fault: Meeting, aim: Aim, correlation: str, now: float) -> Received:
    """What comes back for a request that a fault answers; ``now`` is UTC since 1970.

    None of these carries the request out.
    """
    if isinstance(fault, Error):
        answer = refused(fault.status, aim, correlation, fault.body)
        return asking(answer, fault.retry_after, fault.retry_after_form, now)
    if isinstance(fault, Throttle):
        answer = refused(HTTPStatus.TOO_MANY_REQUESTS, aim, correlation)
        return asking(answer, fault.retry_after, fault.retry_after_form, now)
    if isinstance(fault, IamOutage) and fault.shows == "error":
        return refused(fault.status, aim, correlation)
    if fault.kind in ("reject_tokens", "revoke_tokens"):
        return unauthorized().answer("", correlation)
    return for_ever()


def refused(status: int, aim: Aim, correlation: str, body: str = "json") -> Answer:
    """An error status as the one who is asked would say it."""
    phrase = HTTPStatus(status).phrase
    if body == "html":
        page = f"<html><body><h1>{status} {phrase}</h1></body></html>"
        return Answer(status, HTML, page.encode())
    if body == "empty":
        return Answer(status)
    if aim.operation == "token":
        document = {"errorCode": f"BXNIM0{status}E", "errorMessage": phrase, "context": {}}
        return Answer(status, JSON, orjson.dumps(document))
    # None of these is published: the codes are ours, the shape is that of every other error.
    throttled = status == HTTPStatus.TOO_MANY_REQUESTS
    code = "TOO_MANY_REQUESTS_ERR" if throttled else f"{phrase.upper().replace(' ', '_')}_ERR"
    sentence = THROTTLED if throttled else "The service cannot answer this request now"
    return Refusal(status, code, sentence).answer("Request could not be served", correlation)


def asking(answer: Answer, seconds: float | None, form: Form, now: float) -> Answer:
    """The answer with the headers that ask to be tried again later."""
    asked = retry_after(seconds, form, now)
    return Answer(answer.status, {**answer.headers, **asked}, answer.body) if asked else answer


def spoilt(fault: Meeting, reply: Reply, rng: Random) -> Reply:
    """What a fault leaves of an answer; the same object where it touches nothing."""
    if isinstance(fault, AnswersLost):
        return RESET
    if not isinstance(reply, Answer) or not reply.body:
        return reply
    if isinstance(fault, Truncated) and len(reply.body) > BEGINNING_OF_JSON:
        cut = rng.randrange(1, len(reply.body) - 1)
        return Answer(reply.status, reply.headers, reply.body[:cut])
    if isinstance(fault, Corrupt):
        return _corrupt(reply, fault.part, rng)
    return reply


def _corrupt(answer: Answer, part: str, rng: Random) -> Answer:
    try:
        document = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return answer
    text = document.get(part) if isinstance(document, dict) else None
    if not isinstance(text, str):
        return answer
    if part == "ciphertext":
        sealed = orjson.loads(b64decode(text))
        sealed["ciphertext"] = _flipped(sealed["ciphertext"], rng)
        document[part] = b64encode(orjson.dumps(sealed)).decode()
    else:
        document[part] = _flipped(text, rng)
    return Answer(answer.status, answer.headers, orjson.dumps(document))


def _flipped(text: str, rng: Random) -> str:
    """Base64 of bytes that differ from those of the text in one bit."""
    plain = bytearray(b64decode(text))
    plain[rng.randrange(len(plain))] ^= 1 << rng.randrange(8)
    return b64encode(plain).decode()
