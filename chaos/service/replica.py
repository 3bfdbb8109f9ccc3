"""Changes between a primary and its standby, over the control API: sealed, as keys are in them."""

from base64 import b64decode, b64encode
from collections.abc import Iterable
from hashlib import sha256
from math import inf
from urllib.parse import parse_qs

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chaos.exchange import Answer, Request
from chaos.service.api import KeyService
from chaos.service.replication import Outbox, Replicated

NONCE_SIZE = 12
OCTETS = {"content-type": "application/octet-stream"}
JSON = {"content-type": "application/json"}


def sealed(changes: Iterable[Replicated], token: str, nonce: bytes) -> bytes:
    """Changes as they travel: nobody reads or alters them who does not have the control token."""
    told = [
        (each.number, None if each.at == -inf else each.at, b64encode(each.record).decode())
        for each in changes
    ]
    return nonce + _sealer(token).encrypt(nonce, orjson.dumps(told), None)


def unsealed(content: bytes, token: str) -> list[Replicated]:
    """What was sealed; ValueError where that was not done with this token."""
    try:
        plain = _sealer(token).decrypt(content[:NONCE_SIZE], content[NONCE_SIZE:], None)
    except (InvalidTag, ValueError):
        raise ValueError("The changes were not sealed with this control token.") from None
    return [
        Replicated(number, -inf if at is None else at, b64decode(record))
        for number, at, record in orjson.loads(plain)
    ]


def _sealer(token: str) -> AESGCM:
    return AESGCM(sha256(b"keychaos replication " + token.encode()).digest())


class Replica:
    """The primary's end of the control API for its standby."""

    def __init__(self, service: KeyService, outbox: Outbox, token: str) -> None:
        self._service = service
        self._outbox = outbox
        self._token = token

    def answer(self, request: Request, now: float) -> Answer:
        """Tell what changed after the one that was seen, or take back what changed elsewhere."""
        if request.method == "POST":
            try:
                changes = unsealed(request.body, self._token)
            except ValueError as error:
                return Answer(400, JSON, orjson.dumps({"error": str(error)}))
            self._service.take_back([each.record for each in changes], now)
            return Answer(200, JSON, orjson.dumps({"taken": len(changes)}))
        query = parse_qs(request.path.partition("?")[2])
        after = query.get("after", ["0"])[0]
        if request.method != "GET" or not after.isdecimal():
            return Answer(400, JSON, b'{"error":"Changes are read with GET, after a number."}')
        changes = self._outbox.changes(int(after), self._service.instances)
        nonce = self._service.entropy(NONCE_SIZE)
        return Answer(200, OCTETS, sealed(changes, self._token, nonce))
