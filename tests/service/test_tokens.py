"""JSON Web Tokens: signed and read back."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from chaos.service.tokens import (
    RsaSigner,
    SecretSigner,
    Signer,
    is_parsable,
    read_token,
    write_token,
)
from tests.service.caller import rsa_key

claims = st.dictionaries(st.text(max_size=8), st.text(max_size=8) | st.integers(0, 2**53))


def signers() -> list[Signer]:
    return [RsaSigner(rsa_key()), SecretSigner(b"secret")]


@given(claims)
def test_what_was_written_is_read_by_the_same_signer_and_by_no_other(
    content: dict[str, object],
) -> None:
    first, second = signers()
    for mine, other in ((first, second), (second, first)):
        token = write_token(mine, "kid", content)
        assert token.count(".") == 2
        assert read_token(mine, token) == content
        assert read_token(other, token) is None


def test_a_key_of_another_kind_is_no_signing_key() -> None:
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with pytest.raises(ValueError, match="RSA"):
        RsaSigner.from_pem(pem)


@pytest.mark.parametrize("text", ["", ".", "..", "a.b", "a.b.c.d", "é.b.c", "e30.e30.e30"])
def test_what_is_no_token_is_none(text: str) -> None:
    for signer in signers():
        assert read_token(signer, text) is None


def test_claims_that_are_no_object_are_none() -> None:
    signer = SecretSigner(b"secret")
    forged = write_token(signer, "kid", ["a list"])  # type: ignore[arg-type] # as a forger would
    assert read_token(signer, forged) is None


@given(claims)
def test_a_token_is_parsable_whoever_signed_it_and_other_text_is_not(
    content: dict[str, object],
) -> None:
    token = write_token(SecretSigner(b"somebody's"), "kid", content)
    head, told, _ = token.split(".")
    assert is_parsable(token)
    assert is_parsable(f"{head}.{told}.")
    for text in (f"{head}.{told}", f"{head}..", f".{told}.", f"{head}.{told[1:]}.", "é.b.c"):
        assert not is_parsable(text)
