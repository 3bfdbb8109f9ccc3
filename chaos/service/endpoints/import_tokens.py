"""Import tokens: one per instance, for bringing key material in unseen."""

from base64 import b64encode

from chaos.exchange import Answer
from chaos.service.admitted import Admitted
from chaos.service.bodies import Document, read_object, whole, written
from chaos.service.import_token import NONCE_SIZE, ImportToken, import_token_expired
from chaos.service.refusal import Refusal

_FIELDS = frozenset({"expiration", "maxAllowedRetrievals"})


def create(asked: Admitted) -> Answer:
    """Make a token; an earlier one is void."""
    body = read_object(asked.body, _FIELDS)
    lasts = whole(body, "expiration", 300, 86_400, 600)
    retrievals = whole(body, "maxAllowedRetrievals", 1, 500, 1)
    if asked.rsa_key is None:
        raise Refusal(501, "", "This region was made without a source of import token keys")
    token = ImportToken(
        asked.rsa_key(),
        asked.entropy(NONCE_SIZE),
        asked.now,
        asked.now + lasts,
        retrievals,
        retrievals,
    )
    asked.instance.import_token = token
    return asked.bare("import_token", _document(token))


def read(asked: Admitted) -> Answer:
    """Hand the public key and the nonce out, a limited number of times."""
    token = asked.instance.import_token
    if token is None:
        raise import_token_expired()
    token.retrieve(asked.now)
    nonce = b64encode(token.nonce).decode()
    document = {**_document(token), "payload": token.public_pem, "nonce": nonce}
    return asked.bare("import_token", document)


def _document(token: ImportToken) -> Document:
    return {
        "creationDate": written(token.created),
        "expirationDate": written(token.expires),
        "maxAllowedRetrievals": token.retrievals,
        "remainingRetrievals": token.remaining,
    }
