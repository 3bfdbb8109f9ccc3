"""Import tokens: how often and how long."""

from base64 import b64decode

from cryptography.hazmat.primitives.serialization import load_pem_public_key

from chaos.service.import_token import ImportToken
from tests.service.caller import refusal_of, rsa_key


def token(retrievals: int = 2) -> ImportToken:
    return ImportToken(rsa_key(), bytes(12), 0.0, 600.0, retrievals, retrievals)


def test_it_is_retrieved_so_often_and_not_once_more() -> None:
    made = token()
    made.retrieve(0.0)
    made.retrieve(599.9)
    refused = refusal_of(lambda: made.retrieve(0.0))
    assert refused is not None
    assert refused.code == "IMPORT_TOKEN_EXPIRED_ERR"
    assert made.remaining == 0


def test_the_last_retrieval_may_still_be_used_for_import() -> None:
    made = token(1)
    made.retrieve(0.0)
    made.require_valid(599.9)
    assert refusal_of(lambda: made.require_valid(600.0)) is not None


def test_the_public_key_is_base64_of_pem_and_nothing_private_is_shown() -> None:
    made = token()
    public = load_pem_public_key(b64decode(made.public_pem))
    assert public == rsa_key().public_key()
    assert "key" not in repr(made)


def test_what_is_no_ciphertext_of_ours_is_refused() -> None:
    for sealed in (b"", b"short", bytes(256), bytes(300)):
        refused = refusal_of(lambda sealed=sealed: token().open(sealed, b"", b""))  # type: ignore[misc] # bound now
        assert refused is not None
        assert refused.status == 400
