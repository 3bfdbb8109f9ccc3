"""What the service says when it will not: HTTP status, reason code and a sentence.

The codes and the shape of the body are Key Protect's published ones; where none is published (they
say so below) the code is ours and the status is what its clients can act on.
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
    return Refusal(401, "", "The user does not have access to the specified resource")


def no_subject() -> Refusal:
    """A bearer token that cannot even be parsed."""
    sentence = "Extracting the subject from the bearer token failed: it is not a JSON Web Token"
    return Refusal(400, "BEARER_SUB_EXTRACTION_ERR", sentence)


def bad_body(sentence: str, field: str = "") -> Refusal:
    """The body cannot be read as what this path takes."""
    begin = "Invalid body data was passed. Please ensure the data passed had valid formatting: "
    return Refusal(400, "BAD_BODY_ERR", begin + sentence, field=field)


def invalid_field(field: str, sentence: str) -> Refusal:
    """One field of an otherwise readable body is out of its bounds."""
    return Refusal(400, "INVALID_FIELD_ERR", sentence, field=field)


def invalid_query(name: str, sentence: str) -> Refusal:
    """A query parameter is out of its bounds."""
    return Refusal(400, "INVALID_QUERY_PARAM_ERR", sentence, field=name)


def no_body() -> Refusal:
    """The action cannot do without a body."""
    return Refusal(400, "NO_BODY_ERR", "Missing body in request")


def no_such_key() -> Refusal:
    """Unknown, purged, in another ring or another tenant's: the answers do not differ."""
    return Refusal(404, "KEY_NOT_FOUND_ERR", "key does not exist")


def not_found(kind: str) -> Refusal:
    """Something other than a key does not exist; code ours, after KEY_NOT_FOUND_ERR."""
    return Refusal(404, f"{kind.upper()}_NOT_FOUND_ERR", f"{kind.replace('_', ' ')} does not exist")


def already_there(kind: str) -> Refusal:
    """The name is taken; code ours, as none is published."""
    sentence = f"A {kind.replace('_', ' ')} with that name already exists in this instance"
    return Refusal(409, f"{kind.upper()}_NOT_UNIQUE_ERR", sentence)


def at_most(kind: str, limit: int) -> Refusal:
    """There are as many as there may be; code ours, as none is published."""
    sentence = f"No more than {limit} of them are allowed"
    return Refusal(409, f"{kind.upper()}_LIMIT_ERR", sentence)


def wrong_state() -> Refusal:
    """The key's state does not allow the action."""
    return Refusal(409, "KEY_ACTION_INVALID_STATE_ERR", "Key is not in a valid state")


def too_early(sentence: str) -> Refusal:
    """The action is allowed, only not yet."""
    return Refusal(409, "REQ_TOO_EARLY_ERR", f"The key was updated recently: {sentence}")


def deleted() -> Refusal:
    """Any use of a destroyed key."""
    sentence = "Key has already been deleted: Please delete references to this key"
    return Refusal(410, "KEY_DELETED_ERR", sentence)


def root_key_required() -> Refusal:
    """A standard key was asked to do what only a root key can."""
    sentence = "Requested action can only be completed with a root key"
    return Refusal(400, "KEY_ROOT_REQ_ERR", sentence)


def feature_restricted() -> Refusal:
    """What an instance policy cannot do: let IPv6 in where it knows IPv4 alone."""
    sentence = "This action is not permitted on this resource: the policy knows IPv4 addresses only"
    return Refusal(403, "FEATURE_RESTRICTED_ERR", sentence)


def service_only() -> Refusal:
    """What integrated services may do and users may not."""
    sentence = "This action can only be done by a service to service call"
    return Refusal(403, "SERVICE_ONLY_ERR", sentence)
