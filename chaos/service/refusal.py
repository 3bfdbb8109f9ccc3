"""What the service says when it will not: HTTP status, reason code and a sentence.

The codes and the shape of the body are Key Protect's published ones.
"""

from http import HTTPStatus

import orjson

from chaos.exchange import Answer

ERROR_MEDIA = "application/vnd.ibm.kms.error+json"
MORE_ABOUT = "https://cloud.ibm.com/apidocs/key-protect"


class Refusal(Exception):  # noqa: N818 (an answer, not an error of ours)
    """A request that is answered with an error: raised anywhere in the service, caught at its door.

    ``code`` is the reason code, empty for refusals that carry no ``reasons`` (no access, no such
    path). ``field`` names the part of the request that is at fault. The sentence never holds key
    material, tokens or plaintext.
    """

    def __init__(self, status: int, code: str, sentence: str, *, field: str = "") -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code
        self.sentence = sentence
        self.field = field

    def body(self, failed: str) -> bytes:
        """The error document; ``failed`` says which action came to nothing."""
        phrase = HTTPStatus(self.status).phrase
        if not self.code:
            resource: dict[str, object] = {"errorMsg": f"{phrase}: {self.sentence}"}
        else:
            message = f"{phrase}: {failed}: Please see `reasons` for more details ({self.code})"
            resource = {"errorMsg": message, "reasons": [self._reason()]}
        metadata = {"collectionType": ERROR_MEDIA, "collectionTotal": 1}
        return orjson.dumps({"metadata": metadata, "resources": [resource]})

    def answer(self, failed: str, correlation: str) -> Answer:
        """The error as an HTTP answer."""
        headers = {"content-type": ERROR_MEDIA, "correlation-id": correlation}
        return Answer(self.status, headers, self.body(failed))

    def _reason(self) -> dict[str, object]:
        reason: dict[str, object] = {
            "code": self.code,
            "message": self.sentence,
            "status": self.status,
            "moreInfo": MORE_ABOUT,
        }
        if self.field:
            reason["target"] = {"type": "field", "name": self.field}
        return reason


def unauthorized() -> Refusal:
    """No token, a bad or expired one, or no role: Key Protect answers 401 to all of them."""
    sentence = "The user does not have access to the specified resource"
    return Refusal(HTTPStatus.UNAUTHORIZED, "", sentence)


def bad_body(sentence: str, field: str = "") -> Refusal:
    """The body cannot be read as what this path takes."""
    return Refusal(HTTPStatus.BAD_REQUEST, "BAD_BODY_ERR", sentence, field=field)


def invalid_field(field: str, sentence: str) -> Refusal:
    """One field of an otherwise readable body is out of its bounds."""
    return Refusal(HTTPStatus.BAD_REQUEST, "INVALID_FIELD_ERR", sentence, field=field)


def invalid_query(name: str, sentence: str) -> Refusal:
    """A query parameter is out of its bounds."""
    return Refusal(HTTPStatus.BAD_REQUEST, "INVALID_QUERY_PARAM_ERR", sentence, field=name)


def no_such_key() -> Refusal:
    """Unknown, purged, in another ring or another tenant's: the answers do not differ."""
    return Refusal(HTTPStatus.NOT_FOUND, "KEY_NOT_FOUND_ERR", "key does not exist")


def wrong_state() -> Refusal:
    """The key's state does not allow the action."""
    sentence = "Key is not in a valid state"
    return Refusal(HTTPStatus.CONFLICT, "KEY_ACTION_INVALID_STATE_ERR", sentence)


def too_early(sentence: str) -> Refusal:
    """The action is allowed, only not yet."""
    return Refusal(HTTPStatus.CONFLICT, "REQ_TOO_EARLY_ERR", sentence)


def deleted() -> Refusal:
    """Any use of a destroyed key."""
    sentence = "Key has already been deleted. Please delete references to this key."
    return Refusal(HTTPStatus.GONE, "KEY_DELETED_ERR", sentence)
