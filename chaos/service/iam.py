"""Identity and access management: API keys in, access tokens out, and who a token stands for.

Pure: ``now`` is the caller's UTC clock in seconds since 1970, ids come from ``entropy``.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from urllib.parse import parse_qs
from uuid import UUID

import orjson

from chaos.exchange import Answer, Request
from chaos.service.roles import Identity
from chaos.service.tokens import Signer, read_token, write_token

TOKEN_PATHS = ("/identity/token", "/oidc/token")
API_KEY_GRANT = "urn:ibm:params:oauth:grant-type:apikey"
TOKEN_LASTS = 3600
ISSUER = "https://iam.cloud.ibm.com/identity"
REMEMBERED = 10_000  # verified tokens; more are verified again


class Iam:
    """One IAM for all regions: answers token requests and verifies what it signed.

    Regions of one world share the signer and the API keys, whether they share this object (virtual
    time) or not (a process each).
    """

    def __init__(
        self,
        signer: Signer,
        api_keys: Mapping[str, Identity],
        *,
        entropy: Callable[[int], bytes],
        token_lasts: int = TOKEN_LASTS,
    ) -> None:
        self._signer = signer
        self._entropy = entropy
        self._token_lasts = token_lasts
        self._by_api_key = dict(api_keys)
        self._by_iam_id = {identity.iam_id: identity for identity in api_keys.values()}
        self._verified: dict[str, tuple[Identity, float]] = {}

    def answer(self, request: Request, now: float) -> Answer:
        """Answer `POST /identity/token` or `/oidc/token`."""
        if request.path.partition("?")[0] not in TOKEN_PATHS:
            return self._error(HTTPStatus.NOT_FOUND, "BXNIM0400E", "The path does not exist.")
        if request.method != "POST":
            return self._error(HTTPStatus.METHOD_NOT_ALLOWED, "BXNIM0400E", "Use POST.")
        return self._grant(request, now)

    def issue(self, identity: Identity, now: float) -> str:
        """A token for an identity, as if it had asked for one at ``now``."""
        issued = int(now)
        claims = {
            "iam_id": identity.iam_id,
            "id": identity.iam_id,
            "realmid": "IBMid",
            "jti": str(self._uuid()),
            "identifier": identity.iam_id.removeprefix("IBMid-"),
            "name": identity.name,
            "sub": identity.name or identity.iam_id,
            "account": {"valid": True, "bss": identity.account},
            "iat": issued,
            "exp": issued + self._token_lasts,
            "iss": ISSUER,
            "grant_type": API_KEY_GRANT,
            "scope": "ibm openid",
            "client_id": "default",
        }
        return write_token(self._signer, "keychaos", claims)

    def verify(self, token: str, now: float) -> Identity | None:
        """Who the token stands for; None when it is not ours, has expired, or they are not active.

        A token is verified once and then remembered, so a busy caller costs no signature check.
        """
        known = self._verified.get(token)
        if known is None:
            known = self._read(token)
            if known is None:
                return None
            if len(self._verified) >= REMEMBERED:
                self._verified.clear()
            self._verified[token] = known
        identity, expires = known
        return identity if now < expires else None

    def forget(self) -> None:
        """Verify every token anew, as a process does that has just started."""
        self._verified.clear()

    def _read(self, token: str) -> tuple[Identity, float] | None:
        claims = read_token(self._signer, token)
        if claims is None:
            return None
        identity = self._by_iam_id.get(str(claims.get("iam_id")))
        expires = claims.get("exp")
        if identity is None or not identity.active or not isinstance(expires, int):
            return None
        return identity, float(expires)

    def _grant(self, request: Request, now: float) -> Answer:
        try:
            form = parse_qs(request.body.decode())
        except ValueError:
            form = {}
        if form.get("grant_type", [""])[0] != API_KEY_GRANT:
            sentence = "Property missing or empty: grant_type"
            return self._error(HTTPStatus.BAD_REQUEST, "BXNIM0109E", sentence)
        api_key = form.get("apikey", [""])[0]
        if not api_key:
            sentence = "Property missing or empty: apikey"
            return self._error(HTTPStatus.BAD_REQUEST, "BXNIM0109E", sentence)
        identity = self._by_api_key.get(api_key)
        if identity is None:
            sentence = "Provided API key could not be found."
            return self._error(HTTPStatus.BAD_REQUEST, "BXNIM0415E", sentence)
        if not identity.active:
            sentence = "The user is not active."
            return self._error(HTTPStatus.BAD_REQUEST, "BXNIM0410E", sentence)
        return self._token_answer(identity, now)

    def _token_answer(self, identity: Identity, now: float) -> Answer:
        document = {
            "access_token": self.issue(identity, now),
            "refresh_token": "not_supported",
            "token_type": "Bearer",
            "expires_in": self._token_lasts,
            "expiration": int(now) + self._token_lasts,
            "scope": "ibm openid",
        }
        return _json(HTTPStatus.OK, document)

    def _error(self, status: HTTPStatus, code: str, sentence: str) -> Answer:
        context = {"requestId": self._uuid().hex, "requestType": "incoming.Identity_Token"}
        document = {"errorCode": code, "errorMessage": sentence, "context": context}
        return _json(status, document)

    def _uuid(self) -> UUID:
        return UUID(bytes=self._entropy(16), version=4)


def _json(status: HTTPStatus, document: Mapping[str, object]) -> Answer:
    headers = {"content-type": "application/json", "cache-control": "no-store"}
    return Answer(int(status), headers, orjson.dumps(document))
