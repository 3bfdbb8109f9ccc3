"""A wrapped data key opens under equal material, and under nothing else."""

from base64 import b64decode, b64encode

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.service.keys import KeyVersion
from chaos.service.refusal import Refusal
from chaos.service.wdek import seal, unseal

materials = st.sampled_from([16, 24, 32]).flatmap(lambda n: st.binary(min_size=n, max_size=n))
nonces = st.binary(min_size=12, max_size=12)


def version(material: bytes, name: str = "here") -> KeyVersion:
    return KeyVersion(name, 0.0, material)


def code(versions: list[KeyVersion], text: str, aad: bytes = b"") -> str:
    with pytest.raises(Refusal) as caught:
        unseal(versions, text, aad)
    return f"{caught.value.status} {caught.value.code}"


@given(materials, st.binary(max_size=200), st.binary(max_size=50), nonces)
def test_what_was_wrapped_opens_in_another_region_with_the_same_material(
    material: bytes, plaintext: bytes, aad: bytes, nonce: bytes
) -> None:
    wrapped = seal(version(material, "primary"), plaintext, aad, nonce)
    backup = version(material, "backup")
    assert unseal([backup], wrapped, aad) == (backup, plaintext)


@given(materials, materials, st.binary(max_size=40), nonces)
def test_other_material_does_not_open_it(
    material: bytes, other: bytes, plaintext: bytes, nonce: bytes
) -> None:
    wrapped = seal(version(material), plaintext, b"", nonce)
    expected = unseal([version(material)], wrapped, b"")[1]
    assert expected == plaintext
    if other != material:
        assert code([version(other)], wrapped) == "422 UNPROCESSABLE_CIPHERTEXT_ERR"


@given(st.binary(max_size=64), nonces, st.integers(min_value=0, max_value=5))
def test_the_version_that_wrapped_it_is_found_whatever_the_handle_says(
    plaintext: bytes, nonce: bytes, wrapper: int
) -> None:
    versions = [version(bytes([number]) * 32, f"v{number}") for number in range(6)]
    document = orjson.loads(b64decode(seal(versions[wrapper], plaintext, b"", nonce)))
    for handle in ("v0", "v5", "somewhere else", None, 7):
        text = b64encode(orjson.dumps({**document, "handle": handle})).decode()
        assert unseal(versions, text, b"") == (versions[wrapper], plaintext)


def test_other_authenticated_values_do_not_open_it() -> None:
    key = version(bytes(range(32)))
    wrapped = seal(key, b"dek", b'["a","b"]', bytes(12))
    assert code([key], wrapped, b'["ab"]') == "422 UNPROCESSABLE_CIPHERTEXT_ERR"
    assert code([key], wrapped) == "422 UNPROCESSABLE_CIPHERTEXT_ERR"


def test_the_document_has_the_fields_that_the_service_publishes() -> None:
    document = orjson.loads(b64decode(seal(version(bytes(32)), b"dek", b"", bytes(12))))
    assert set(document) == {"ciphertext", "iv", "version", "handle"}
    assert document["version"] == "4.0.0"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not base64!",
        "é",
        b64encode(b"no json").decode(),
        b64encode(b"[]").decode(),
        b64encode(b"7").decode(),
        b64encode(b'"text"').decode(),
        b64encode(b"{}").decode(),
        b64encode(b'{"iv": 1, "ciphertext": 2}').decode(),
        b64encode(b'{"iv": "AAAA", "ciphertext": "AAAA"}').decode(),
        b64encode(b'{"iv": "AAAAAAAAAAAAAAAA", "ciphertext": "AAAA"}').decode(),
    ],
)
def test_what_is_no_wrapped_key_is_an_invalid_field(text: str) -> None:
    assert code([version(bytes(32))], text) == "400 INVALID_FIELD_ERR"


@given(st.text(max_size=80) | st.binary(max_size=120).map(lambda raw: b64encode(raw).decode()))
def test_no_text_at_all_is_an_error_of_ours(text: str) -> None:
    assert code([version(bytes(32))], text).split()[0] in ("400", "422")
