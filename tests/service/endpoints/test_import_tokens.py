"""Secure import: the material is sealed for the token, and its nonce proves it."""

from base64 import b64decode, b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from tests.service.caller import MATERIAL, Caller, envelope

RAW = b64decode(MATERIAL)
IV = bytes(range(12))


def encoded(raw: bytes) -> str:
    return b64encode(raw).decode()


def sealed(token: dict[str, str], material: bytes = RAW, **changed: Any) -> dict[str, Any]:
    public = load_pem_public_key(b64decode(token["payload"]))
    assert isinstance(public, RSAPublicKey)
    nonce = AESGCM(material).encrypt(IV, b64decode(token["nonce"]), None)
    return {
        "payload": encoded(public.encrypt(material, OAEP(MGF1(SHA256()), SHA256(), None))),
        "encryptedNonce": encoded(nonce),
        "iv": encoded(IV),
        "encryptionAlgorithm": "RSAES_OAEP_SHA_256",
        **changed,
    }


def new_token(caller: Caller, **body: object) -> dict[str, str]:
    caller.ok("POST", "import_token", body)
    token: dict[str, str] = caller.ok("GET", "import_token")
    return token


def test_sealed_material_is_the_same_material(pair: tuple[Caller, Caller]) -> None:
    south, east = pair
    imported = south.create(**sealed(new_token(south)))
    assert imported["imported"] is True
    wrapped = south.wrap(imported["id"])
    backup = east.create(payload=MATERIAL)["id"]
    assert east.unwrap(backup, wrapped["ciphertext"])["plaintext"] == wrapped["plaintext"]


def test_a_key_is_rotated_with_sealed_material(south: Caller) -> None:
    key = south.create(payload=MATERIAL)["id"]
    south.act(key, "rotate", sealed(new_token(south), bytes(range(2, 34))))
    assert len(south.ok("GET", f"keys/{key}/versions")["resources"]) == 2


def test_a_token_tells_how_often_it_may_still_be_retrieved(south: Caller) -> None:
    made = south.ok("POST", "import_token", {"expiration": 600.0, "maxAllowedRetrievals": 2.0})
    assert (made["maxAllowedRetrievals"], made["remainingRetrievals"]) == (2, 2)
    assert "payload" not in made
    assert south.ok("GET", "import_token")["remainingRetrievals"] == 1
    assert south.ok("GET", "import_token")["remainingRetrievals"] == 0
    assert south.refused("GET", "import_token") == "409 IMPORT_TOKEN_EXPIRED_ERR"


def test_a_token_expires_for_retrieval_and_for_import(south: Caller) -> None:
    assert south.refused("GET", "import_token") == "409 IMPORT_TOKEN_EXPIRED_ERR"
    body = sealed(new_token(south, expiration=300, maxAllowedRetrievals=5))
    south.now += 300
    assert south.refused("GET", "import_token") == "409 IMPORT_TOKEN_EXPIRED_ERR"
    key = envelope({"name": "key", "extractable": False, **body})
    assert south.refused("POST", "keys", key) == "409 IMPORT_TOKEN_EXPIRED_ERR"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"iv": encoded(bytes(12))}, "400 INCORRECT_NONCE_IV_ERR"),
        ({"iv": encoded(b"short")}, "400 INCORRECT_NONCE_IV_ERR"),
        ({"encryptedNonce": encoded(bytes(28))}, "400 INCORRECT_NONCE_IV_ERR"),
        (
            {"encryptedNonce": encoded(AESGCM(RAW).encrypt(IV, bytes(12), None))},
            "400 INCORRECT_NONCE_ERR",
        ),
        ({"encryptedNonce": None}, "400 BAD_BODY_ERR"),
        ({"payload": MATERIAL}, "400 INVALID_FIELD_ERR"),
        ({"encryptionAlgorithm": "ROT13"}, "400 INVALID_FIELD_ERR"),
    ],
)
def test_what_was_not_sealed_for_the_token_is_refused(
    south: Caller, changed: dict[str, Any], code: str
) -> None:
    body = {"name": "key", "extractable": False, **sealed(new_token(south), **changed)}
    assert south.refused("POST", "keys", envelope(body)) == code


@pytest.mark.parametrize(
    "body", [{"expiration": 299}, {"expiration": 86401}, {"maxAllowedRetrievals": 0}]
)
def test_a_token_has_its_bounds(south: Caller, body: object) -> None:
    assert south.refused("POST", "import_token", body) == "400 INVALID_FIELD_ERR"


def test_an_instance_can_insist_on_sealed_material(south: Caller) -> None:
    rule = {"enabled": True, "attributes": {"enforce_token": True}}
    policy = {"policy_type": "keyCreateImportAccess", "policy_data": rule}
    south.ok("PUT", "instance/policies", envelope(policy, kind="policy"))
    key = envelope({"name": "key", "extractable": False, "payload": MATERIAL})
    assert south.refused("POST", "keys", key) == "409 KEY_CREATE_IMPORT_ACCESS_ERR"
    south.create(**sealed(new_token(south)))


def test_a_region_without_a_source_of_rsa_keys_says_so(south: Caller) -> None:
    south.service._rsa_key = None
    assert south.refused("POST", "import_token") == "501"
