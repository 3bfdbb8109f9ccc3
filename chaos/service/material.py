"""Key material that a caller brings, in the open or sealed for an import token."""

from chaos.service.admitted import Admitted
from chaos.service.bodies import Document, decoded, text
from chaos.service.import_token import ALGORITHM, MATERIAL_SIZES, import_token_expired
from chaos.service.keys import KeyVersion
from chaos.service.refusal import Refusal, bad_body, invalid_field

STANDARD_PAYLOAD_AT_MOST = 10_000
SEALED_FIELDS = frozenset({"encryptedNonce", "iv", "encryptionAlgorithm"})


def root_version(asked: Admitted, body: Document) -> KeyVersion:
    """A key version of the sent material, or of material drawn here when none was sent."""
    if body.get("payload") is None:
        _require_nothing_sealed(body)
        return asked.instance.new_version(asked.now)
    material = _sent(asked, body)
    if len(material) not in MATERIAL_SIZES:
        raise invalid_field("payload", "The field `payload` must encode 16, 24 or 32 bytes")
    _require_nonzero(material)
    return KeyVersion(asked.instance.new_id(), asked.now, material)


def standard_payload(asked: Admitted, body: Document) -> bytes:
    """The content of a standard key."""
    if body.get("payload") is None:
        _require_nothing_sealed(body)
        return asked.instance.new_version(asked.now).material
    payload = _sent(asked, body)
    if not 0 < len(payload) <= STANDARD_PAYLOAD_AT_MOST:
        sentence = f"The field `payload` must encode 1 to {STANDARD_PAYLOAD_AT_MOST} bytes"
        raise invalid_field("payload", sentence)
    _require_nonzero(payload)
    return payload


def _is_sealed(body: Document) -> bool:
    return any(body.get(name) is not None for name in SEALED_FIELDS)


def _require_nothing_sealed(body: Document) -> None:
    """Who seals means to bring material, and must not be given a key of ours instead."""
    if _is_sealed(body):
        raise bad_body("the field `payload` must be given with what it was sealed with", "payload")


def _sent(asked: Admitted, body: Document) -> bytes:
    payload = decoded(body["payload"], "payload")
    if not _is_sealed(body):
        _require_unsealed_allowed(asked)
        return payload
    algorithm = text(body, "encryptionAlgorithm", 1, 64, ALGORITHM)
    if algorithm != ALGORITHM:
        sentence = f"The field `encryptionAlgorithm` must be {ALGORITHM}"
        raise invalid_field("encryptionAlgorithm", sentence)
    nonce, iv = decoded(body.get("encryptedNonce"), "encryptedNonce"), decoded(body.get("iv"), "iv")
    token = asked.instance.import_token
    if token is None:
        raise import_token_expired()
    token.require_valid(asked.now)
    return token.open(payload, nonce, iv)


def _require_unsealed_allowed(asked: Admitted) -> None:
    policy = asked.instance.policies.get("keyCreateImportAccess")
    if policy is not None and policy.enabled and policy.attributes.get("enforce_token"):
        sentence = "KeyCreateImportAccess instance policy does not allow this action"
        raise Refusal(409, "KEY_CREATE_IMPORT_ACCESS_ERR", sentence)


def _require_nonzero(material: bytes) -> None:
    if not any(material):
        raise bad_body("the key must not be zero-valued", field="payload")
