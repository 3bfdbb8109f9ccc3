"""The envelope: data under a data key, and beside it the data key under the root key.

Layout: ``KC1``, SHA-256 of the data key (32 bytes), length of the wrapped data key (2, big-endian),
the wrapped data key, nonce (12), AES-GCM ciphertext with its tag. The layout's name and the
caller's context are authenticated; the wrapped form is not, so that a rewrapped one can take its
place without touching the data. The digest of a random key gives nothing away, and lets a wrong
data key be told from a right one before it is used.
"""

import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC = b"KC1"
NONCE_BYTES = 12
KEY_BYTES = frozenset({16, 24, 32})
_DIGEST_BYTES, _LENGTH_BYTES, _TAG_BYTES = 32, 2, 16
_HEAD_BYTES = len(MAGIC) + _DIGEST_BYTES + _LENGTH_BYTES
_LONGEST = 0xFFFF


class EnvelopeError(ValueError):
    """The bytes are no envelope of ours, or not what was sealed: cut, altered, another context."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """An envelope taken apart; ``digest`` is SHA-256 of its data key in hex."""

    digest: str
    wrapped: str
    nonce: bytes
    sealed: bytes

    def __bytes__(self) -> bytes:
        wrapped = self.wrapped.encode()
        length = len(wrapped).to_bytes(_LENGTH_BYTES, "big")
        return b"".join(
            (MAGIC, bytes.fromhex(self.digest), length, wrapped, self.nonce, self.sealed)
        )


def seal(data: bytes, key: bytes, wrapped: str, nonce: bytes, context: bytes = b"") -> Envelope:
    """Encrypt data under a data key. A nonce must never be used twice with one key."""
    if len(wrapped.encode()) > _LONGEST:
        raise EnvelopeError("the wrapped data key is longer than an envelope can hold")
    sealed = AESGCM(key).encrypt(nonce, data, MAGIC + context)
    return Envelope(hashlib.sha256(key).hexdigest(), wrapped, nonce, sealed)


def parse(envelope: bytes) -> Envelope:
    """Take an envelope apart. Raises EnvelopeError."""
    if not envelope.startswith(MAGIC) or len(envelope) < _HEAD_BYTES:
        raise EnvelopeError("these bytes are no envelope of this library")
    digest = envelope[len(MAGIC) : len(MAGIC) + _DIGEST_BYTES]
    length = int.from_bytes(envelope[_HEAD_BYTES - _LENGTH_BYTES : _HEAD_BYTES], "big")
    wrapped = envelope[_HEAD_BYTES : _HEAD_BYTES + length]
    rest = envelope[_HEAD_BYTES + length :]
    if len(wrapped) < length or len(rest) < NONCE_BYTES + _TAG_BYTES:
        raise EnvelopeError("the envelope is cut short")
    try:
        text = wrapped.decode("ascii")
    except UnicodeDecodeError as error:
        raise EnvelopeError("the envelope's wrapped data key is no text") from error
    return Envelope(digest.hex(), text, rest[:NONCE_BYTES], rest[NONCE_BYTES:])


def unseal(envelope: Envelope, key: bytes, context: bytes = b"") -> bytes:
    """Decrypt what an envelope holds. Raises EnvelopeError unless every bit is as it was sealed."""
    try:
        return AESGCM(key).decrypt(envelope.nonce, envelope.sealed, MAGIC + context)
    except InvalidTag as error:
        raise EnvelopeError("the envelope was altered, or its context is another") from error
