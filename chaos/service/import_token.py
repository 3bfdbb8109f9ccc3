"""The import token: a public key under which a caller may bring key material in unseen.

The caller seals the material with RSA-OAEP-SHA256 under the token's public key, and the token's
nonce with AES-GCM under the material itself, which proves that both ends hold the same material.
"""

from base64 import b64encode
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chaos.service.refusal import Refusal, invalid_field

ALGORITHM = "RSAES_OAEP_SHA_256"
NONCE_SIZE = 12
MATERIAL_SIZES = (16, 24, 32)


@dataclass(slots=True)
class ImportToken:
    """One import token; an instance has at most one, a new one replaces it."""

    key: RSAPrivateKey = field(repr=False)
    nonce: bytes = field(repr=False)
    created: float
    expires: float
    retrievals: int
    remaining: int

    def retrieve(self, now: float) -> None:
        """Count one retrieval; refused when none is left."""
        self.require_valid(now)
        if self.remaining < 1:
            raise import_token_expired()
        self.remaining -= 1

    def require_valid(self, now: float) -> None:
        """Refuse a token whose time is over."""
        if now >= self.expires:
            raise import_token_expired()

    @property
    def public_pem(self) -> str:
        """The public key as the API gives it: base64 of PEM."""
        pem = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return b64encode(pem).decode()

    def open(self, sealed: bytes, encrypted_nonce: bytes, iv: bytes) -> bytes:
        """The material that was sealed for this token, once its nonce has proved it."""
        try:
            material = self.key.decrypt(sealed, OAEP(MGF1(SHA256()), SHA256(), None))
        except ValueError:
            sentence = "The field `payload` was not encrypted with the import token"
            raise invalid_field("payload", sentence) from None
        if len(material) not in MATERIAL_SIZES:
            raise invalid_field("payload", "The key material must have 16, 24 or 32 bytes")
        try:
            nonce = AESGCM(material).decrypt(iv, encrypted_nonce, None)
        except (InvalidTag, ValueError):
            sentence = "The provided encrypted nonce was not encrypted with this key and iv"
            raise Refusal(400, "INCORRECT_NONCE_IV_ERR", sentence) from None
        if nonce != self.nonce:
            sentence = "The encrypted nonce given does not match the existing nonce"
            raise Refusal(400, "INCORRECT_NONCE_ERR", sentence)
        return material


def import_token_expired() -> Refusal:
    """There is no import token that can still be used."""
    return Refusal(409, "IMPORT_TOKEN_EXPIRED_ERR", "The import token has expired")
