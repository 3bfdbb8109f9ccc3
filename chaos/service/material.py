"""Key material that a caller brings."""

from chaos.service.bodies import Document, decoded
from chaos.service.refusal import bad_body, invalid_field

ROOT_SIZES = (16, 24, 32)


def imported_material(body: Document) -> bytes:
    """The material of a root key as it was sent."""
    material = decoded(body["payload"], "payload")
    if len(material) not in ROOT_SIZES:
        raise invalid_field("payload", "The field `payload` must encode 16, 24 or 32 bytes")
    require_nonzero(material)
    return material


def require_nonzero(material: bytes) -> None:
    """Refuse material of nothing but zero bits."""
    if not any(material):
        raise bad_body("The key must not be zero-valued", field="payload")
