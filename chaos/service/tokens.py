"""Access tokens: JSON Web Tokens (RFC 7519), really signed and really verified.

SDKs insist on ``RS256``; the simulator signs with a shared secret instead (``HS512``), because an
RSA key cannot be drawn from a seed.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Mapping
from typing import Protocol

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key


class Signer(Protocol):
    """How tokens are signed and verified."""

    algorithm: str

    def sign(self, signed: bytes) -> bytes:
        """The signature of these bytes."""

    def verify(self, signature: bytes, signed: bytes) -> bool:
        """Whether the signature is of these bytes."""


class RsaSigner:
    """Signs as IAM does, with RSA and SHA-256."""

    algorithm = "RS256"

    def __init__(self, key: RSAPrivateKey) -> None:
        self._key = key
        self._public = key.public_key()

    @classmethod
    def from_pem(cls, pem: str) -> "RsaSigner":
        """A signer from an unencrypted PEM private key; ValueError when it is none."""
        key = load_pem_private_key(pem.encode(), password=None)
        if not isinstance(key, RSAPrivateKey):
            raise ValueError("The signing key must be an RSA private key.")  # noqa: TRY004 (its content is wrong)
        return cls(key)

    def sign(self, signed: bytes) -> bytes:
        """The signature of these bytes."""
        return self._key.sign(signed, PKCS1v15(), SHA256())

    def verify(self, signature: bytes, signed: bytes) -> bool:
        """Whether the signature is of these bytes."""
        try:
            self._public.verify(signature, signed, PKCS1v15(), SHA256())
        except InvalidSignature:
            return False
        return True


class SecretSigner:
    """Signs with a shared secret: for virtual time, where the secret comes from the seed."""

    algorithm = "HS512"

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def sign(self, signed: bytes) -> bytes:
        """The signature of these bytes."""
        return hmac.digest(self._secret, signed, "sha512")

    def verify(self, signature: bytes, signed: bytes) -> bool:
        """Whether the signature is of these bytes."""
        return hmac.compare_digest(signature, self.sign(signed))


def write_token(signer: Signer, key_id: str, claims: Mapping[str, object]) -> str:
    """A signed token in compact form."""
    header = {"kid": key_id, "alg": signer.algorithm, "typ": "JWT"}
    signed = b".".join((_encode(orjson.dumps(header)), _encode(orjson.dumps(claims))))
    return b".".join((signed, _encode(signer.sign(signed)))).decode()


def read_token(signer: Signer, token: str) -> dict[str, object] | None:
    """The claims of a token that this signer signed, None of any other text."""
    try:
        head, claims, signature = token.encode("ascii").split(b".")
        header = orjson.loads(_decode(head))
        if not isinstance(header, dict) or header.get("alg") != signer.algorithm:
            return None
        if not signer.verify(_decode(signature), head + b"." + claims):
            return None
        content = orjson.loads(_decode(claims))
    except (ValueError, Error):
        return None
    return content if isinstance(content, dict) else None


def is_parsable(token: str) -> bool:
    """Whether a text has the form of a token, whoever may have signed it."""
    try:
        head, claims, _ = token.encode("ascii").split(b".")
        return all(isinstance(orjson.loads(_decode(part)), dict) for part in (head, claims))
    except (ValueError, Error):
        return False


def issued_at(token: str) -> int | None:
    """When a token says that it was issued, in seconds since 1970; nothing of it is verified."""
    try:
        claims = orjson.loads(_decode(token.encode("ascii").split(b".")[1]))
    except (ValueError, Error, IndexError):
        return None
    issued = claims.get("iat") if isinstance(claims, dict) else None
    return issued if isinstance(issued, int) else None


def _encode(plain: bytes) -> bytes:
    return urlsafe_b64encode(plain).rstrip(b"=")


def _decode(text: bytes) -> bytes:
    """The bytes that a text stands for; ValueError where another text stands for the same.

    The decoder passes over what is not its alphabet and over bits that it does not need, so one
    signature could be written in many ways.
    """
    plain = urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    if _encode(plain) != text:
        raise ValueError("The text is not written as the encoder writes it.")
    return plain
