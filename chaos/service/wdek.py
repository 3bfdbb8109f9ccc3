"""Wrapped data encryption keys: what wrap gives out and unwrap takes back.

A WDEK is base64 of a JSON document with the AES-GCM ciphertext, its nonce, a version and a handle.
The handle only hints at the key version: a root key that was imported elsewhere with the same
material opens it too, so every version of the key is tried by its material.
"""

from binascii import Error, a2b_base64, b2a_base64
from collections.abc import Sequence

import orjson
from cryptography.exceptions import InvalidTag

from chaos.service.keys import KeyVersion
from chaos.service.refusal import Refusal, invalid_field

NONCE_SIZE = 12
TAG_SIZE = 16
_DOCUMENT = b'{"ciphertext":"%b","iv":"%b","version":"4.0.0","handle":"%b"}'


def seal(version: KeyVersion, plaintext: bytes, aad: bytes, nonce: bytes) -> str:
    """Wrap under one key version. ``aad`` is authenticated and not kept."""
    sealed = b2a_base64(version.cipher.encrypt(nonce, plaintext, aad), newline=False)
    # All of these are base64, hex and digits: no character of them needs escaping in JSON.
    document = _DOCUMENT % (sealed, b2a_base64(nonce, newline=False), version.handle)
    return b2a_base64(document, newline=False).decode()


def unseal(versions: Sequence[KeyVersion], text: str, aad: bytes) -> tuple[KeyVersion, bytes]:
    """The version whose material opens the WDEK, and the plaintext.

    400 INVALID_FIELD_ERR when the text is no WDEK, 422 UNPROCESSABLE_CIPHERTEXT_ERR when no version
    opens it with these additional authenticated values.
    """
    nonce, sealed, handle = _parse(text)
    for version in _likeliest_first(versions, handle):
        try:
            return version, version.cipher.decrypt(nonce, sealed, aad)
        except InvalidTag:
            continue
    sentence = "The ciphertext provided was not wrapped by this key"
    raise Refusal(422, "UNPROCESSABLE_CIPHERTEXT_ERR", sentence, field="ciphertext")


def _likeliest_first(versions: Sequence[KeyVersion], handle: object) -> Sequence[KeyVersion]:
    if len(versions) == 1:
        return versions
    hinted = [version for version in versions if version.id == handle]
    return [*hinted, *reversed(versions)]


def _parse(text: str) -> tuple[bytes, bytes, object]:
    try:
        document = orjson.loads(a2b_base64(text, strict_mode=True))
        nonce = a2b_base64(document["iv"], strict_mode=True)
        sealed = a2b_base64(document["ciphertext"], strict_mode=True)
    except (Error, ValueError, TypeError, KeyError, LookupError):
        raise _no_wdek() from None
    if len(nonce) != NONCE_SIZE or len(sealed) < TAG_SIZE:
        raise _no_wdek()
    return nonce, sealed, document.get("handle")


def _no_wdek() -> Refusal:
    return invalid_field(
        "ciphertext", "The field `ciphertext` must be a base64 encoded wrapped key"
    )
