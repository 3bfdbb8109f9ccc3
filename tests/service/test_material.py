"""Material that callers bring."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.service.material import root_version, standard_payload
from tests.service.caller import MATERIAL, Caller, envelope, refusal_of
from tests.service.test_admitted import admitted


@given(st.binary(max_size=40))
def test_a_root_key_takes_16_24_or_32_bytes_that_are_not_all_zero(material: bytes) -> None:
    body: dict[str, object] = {"payload": b64encode(material).decode()}
    asked = admitted(writes=True)
    refused = refusal_of(lambda: root_version(asked, body))
    assert (refused is None) == (len(material) in (16, 24, 32) and any(material))
    if refused is None:
        assert root_version(asked, body).material == material


@given(st.binary(max_size=100))
def test_a_standard_key_takes_anything_that_is_not_all_zero(payload: bytes) -> None:
    body: dict[str, object] = {"payload": b64encode(payload).decode()}
    refused = refusal_of(lambda: standard_payload(admitted(writes=True), body))
    assert (refused is None) == any(payload)


def test_without_a_payload_32_bytes_are_drawn() -> None:
    asked = admitted(writes=True)
    assert len(root_version(asked, {}).material) == 32
    assert len(standard_payload(asked, {"payload": None})) == 32


def test_a_standard_payload_has_10_000_bytes_at_most() -> None:
    asked = admitted(writes=True)
    for size, fits in ((10_000, True), (10_001, False)):
        body: dict[str, object] = {"payload": b64encode(b"x" * size).decode()}
        refused = refusal_of(lambda body=body: standard_payload(asked, body))  # type: ignore[misc] # bound now
        assert (refused is None) == fits


@pytest.mark.parametrize("field", ["encryptedNonce", "iv", "encryptionAlgorithm"])
def test_who_seals_nothing_is_not_given_a_drawn_key_instead(south: Caller, field: str) -> None:
    sealed = {field: "RSAES_OAEP_SHA_256"}
    for extractable in (True, False):
        body = envelope({"name": "a-key", "extractable": extractable, **sealed})
        assert south.refused("POST", "keys", body) == "400 BAD_BODY_ERR"
    generated = south.create()["id"]
    rotate = f"keys/{generated}/actions/rotate"
    assert south.refused("POST", rotate, sealed) == "400 BAD_BODY_ERR"
    south.ok("POST", rotate, {field: None})
    imported = f"keys/{south.create(payload=MATERIAL)['id']}/actions/rotate"
    assert south.refused("POST", imported, sealed) == "400 KEY_PAYLOAD_REQ_ERR"
    assert south.call("HEAD", "keys").headers["key-total"] == "2"
