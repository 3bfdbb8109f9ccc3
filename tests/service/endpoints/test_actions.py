"""Actions: wrap, unwrap, rewrap, rotate and what becomes of wrapped keys."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.service.keys import ROTATION_RESTS
from tests.service.caller import MATERIAL, OTHER_MATERIAL, Caller, regions

WRAP, UNWRAP = "keys/{}/actions/wrap", "keys/{}/actions/unwrap"


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b"  ", b'{"plaintext": null}'])
def test_nothing_to_wrap_means_a_new_data_key(south: Caller, body: bytes) -> None:
    key = south.create()["id"]
    wrapped = south.ok("POST", WRAP.format(key), body)
    assert len(wrapped["plaintext"]) == 44
    assert south.unwrap(key, wrapped["ciphertext"])["plaintext"] == wrapped["plaintext"]


@given(
    plaintext=st.binary(min_size=1, max_size=100), aad=st.lists(st.text(max_size=20), max_size=4)
)
def test_any_plaintext_comes_back_under_the_same_aad(plaintext: bytes, aad: list[str]) -> None:
    (south,) = regions("us-south")
    key = south.create()["id"]
    encoded = b64encode(plaintext).decode()
    wrapped = south.wrap(key, plaintext=encoded, aad=aad)
    assert "plaintext" not in wrapped
    assert south.unwrap(key, wrapped["ciphertext"], aad=aad)["plaintext"] == encoded
    other = {"ciphertext": wrapped["ciphertext"], "aad": [*aad, "more"]}
    assert south.refused("POST", UNWRAP.format(key), other) == "422 UNPROCESSABLE_CIPHERTEXT_ERR"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "400 BAD_BODY_ERR"),
        ({"plaintext": "no base64"}, "400 INVALID_FIELD_ERR"),
        ({"plaintext": ""}, "400 INVALID_FIELD_ERR"),
        ({"plaintext": 7}, "400 BAD_BODY_ERR"),
        ({"plaintext": b64encode(bytes(8000)).decode()}, "400 INVALID_FIELD_ERR"),
        ({"aad": "text"}, "400 BAD_BODY_ERR"),
        ({"aad": ["x" * 256]}, "400 INVALID_FIELD_ERR"),
        ({"ciphertext": "x"}, "400 BAD_BODY_ERR"),
    ],
)
def test_what_cannot_be_wrapped_is_refused(south: Caller, body: object, code: str) -> None:
    assert south.refused("POST", WRAP.format(south.create()["id"]), body) == code


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "400 NO_BODY_ERR"),
        (b"{}", "400 NO_BODY_ERR"),
        ({"ciphertext": None}, "400 INVALID_FIELD_ERR"),
        ({"ciphertext": 7}, "400 INVALID_FIELD_ERR"),
        ({"ciphertext": "no base64"}, "400 INVALID_FIELD_ERR"),
        ({"plaintext": "AAAA"}, "400 BAD_BODY_ERR"),
    ],
)
@pytest.mark.parametrize("action", ["unwrap", "rewrap"])
def test_what_is_no_wrapped_key_is_refused(
    south: Caller, action: str, body: object, code: str
) -> None:
    key = south.create()["id"]
    assert south.refused("POST", f"keys/{key}/actions/{action}", body) == code


def test_a_standard_key_does_nothing_but_be_read(south: Caller) -> None:
    key = south.create(extractable=True)["id"]
    for action in ("wrap", "rotate", "disable", "enable", "sync"):
        assert south.refused("POST", f"keys/{key}/actions/{action}") == "400 KEY_ROOT_REQ_ERR"
    assert south.refused("GET", f"keys/{key}/versions") == "400 KEY_ROOT_REQ_ERR"


def test_after_a_rotation_old_wrapped_keys_open_and_come_back_wrapped_anew(south: Caller) -> None:
    key = south.create()["id"]
    old = south.wrap(key)
    south.act(key, "rotate")
    opened = south.unwrap(key, old["ciphertext"])
    assert opened["plaintext"] == old["plaintext"]
    assert opened["keyVersion"] == old["keyVersion"]
    newest = south.key(key)["keyVersion"]["id"]
    assert opened["rewrappedKeyVersion"] == {"id": newest}
    again = south.unwrap(key, opened["ciphertext"])
    assert again == {"plaintext": old["plaintext"], "keyVersion": {"id": newest}}


def test_rewrap_tells_both_versions_and_no_plaintext(south: Caller) -> None:
    key = south.create()["id"]
    old = south.wrap(key, aad=["ledger"])
    south.act(key, "rotate")
    body = {"ciphertext": old["ciphertext"], "aad": ["ledger"]}
    rewrapped = south.ok("POST", f"keys/{key}/actions/rewrap", body)
    assert set(rewrapped) == {"ciphertext", "keyVersion", "rewrappedKeyVersion"}
    assert rewrapped["keyVersion"] == old["keyVersion"]
    opened = south.unwrap(key, rewrapped["ciphertext"], aad=["ledger"])
    assert opened["plaintext"] == old["plaintext"]


def test_a_generated_key_takes_no_material_and_an_imported_one_needs_it(south: Caller) -> None:
    generated, imported = south.create()["id"], south.create(payload=MATERIAL)["id"]
    rotate = "keys/{}/actions/rotate"
    sent = {"payload": OTHER_MATERIAL}
    assert south.refused("POST", rotate.format(generated), sent) == "400 INVALID_QUERY_PARAM_ERR"
    for nothing in (b"", b"{}", b"null"):
        code = south.refused("POST", rotate.format(imported), nothing)
        assert code == "400 KEY_PAYLOAD_REQ_ERR"
        south.ok("POST", rotate.format(generated), nothing)
        south.now += ROTATION_RESTS
    south.act(imported, "rotate", sent)
    assert len(south.ok("GET", f"keys/{imported}/versions")["resources"]) == 2


def test_disable_and_enable_take_the_body_null_that_one_sdk_sends(south: Caller) -> None:
    key = south.create()["id"]
    south.act(key, "disable", b"null")
    assert south.refused("POST", WRAP.format(key)) == "409 KEY_ACTION_INVALID_STATE_ERR"
    south.now += 30
    south.act(key, "enable", b"null")
    south.wrap(key)


def test_a_delete_of_two_takes_two_people(south: Caller) -> None:
    key = south.create()["id"]
    rule = {"type": "application/vnd.ibm.kms.policy+json", "dualAuthDelete": {"enabled": True}}
    body = {"metadata": {"collectionTotal": 1}, "resources": [rule]}
    south.ok("PUT", f"keys/{key}/policies", body)
    other = south.as_role("Writer")
    other.act(key, "setKeyForDeletion")
    shown = south.key(key)["dualAuthDelete"]
    assert shown["keySetForDeletion"] is True
    assert "authExpiration" in shown
    other.act(key, "unsetKeyForDeletion")
    assert south.refused("DELETE", f"keys/{key}") == "409 AUTHORIZATIONS_NOT_MET"
    other.act(key, "setKeyForDeletion")
    assert south.call("DELETE", f"keys/{key}").status == 204
