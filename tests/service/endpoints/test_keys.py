"""Keys: what can be made, what is shown, what is refused, and that a refusal changes nothing."""

from base64 import b64encode

import orjson
import pytest

from chaos.service.bodies import written
from chaos.service.keys import DAY, PURGE_WAITS, PURGED_AFTER
from tests.service.caller import EPOCH, MATERIAL, Caller, envelope


def test_a_new_root_key_shows_what_sdks_look_for_and_never_its_material(south: Caller) -> None:
    key = south.create(description="for the ledger", tags=["one", "two words"])
    assert key["deleted"] is False
    assert key["state"] == 1
    assert key["imported"] is False
    assert key["keyRingID"] == "default"
    assert key["algorithmMetadata"] == {"bitLength": "256", "mode": "Deprecated"}
    assert key["crn"].startswith(
        f"crn:v1:bluemix:public:kms:us-south:a/account-1:{south.instance.id}:key:"
    )
    assert key["tags"] == ["one", "two words"]
    assert not {"payload", "lastUpdateDate", "lastRotateDate"} & key.keys()
    south.act(key["id"], "rotate")
    rotated = south.key(key["id"])
    assert rotated["lastUpdateDate"] == rotated["lastRotateDate"] == written(EPOCH)


def test_a_standard_key_is_read_with_its_payload_and_listed_without(south: Caller) -> None:
    payload = b64encode(b"any secret").decode()
    key = south.create(extractable=True, payload=payload)
    assert key["payload"] == payload
    assert south.ok("GET", f"keys/{key['id']}")["resources"][0]["payload"] == payload
    assert "payload" not in south.key(key["id"])
    assert "payload" not in south.ok("GET", "keys")["resources"][0]
    assert "keyVersion" not in key


@pytest.mark.parametrize(
    ("resource", "code"),
    [
        ({}, "400 BAD_BODY_ERR"),
        ({"name": "x"}, "400 INVALID_FIELD_ERR"),
        ({"name": "x" * 91}, "400 INVALID_FIELD_ERR"),
        ({"name": 7}, "400 BAD_BODY_ERR"),
        ({"name": "key", "type": {}}, "400 BAD_BODY_ERR"),
        ({"name": "key", "extractable": "no"}, "400 BAD_BODY_ERR"),
        ({"name": "key", "unknown": 1}, "400 BAD_BODY_ERR"),
        ({"name": "key", "description": "x"}, "400 INVALID_FIELD_ERR"),
        ({"name": "key", "tags": ["x" * 31]}, "400 INVALID_FIELD_ERR"),
        ({"name": "key", "tags": ["a,b"]}, "400 INVALID_FIELD_ERR"),
        ({"name": "key", "tags": "a"}, "400 BAD_BODY_ERR"),
        ({"name": "key", "tags": ["a"] * 31}, "400 INVALID_FIELD_ERR"),
        ({"name": "key", "payload": "no base64"}, "400 INVALID_FIELD_ERR"),
        ({"name": "key", "payload": b64encode(bytes(7)).decode()}, "400 INVALID_FIELD_ERR"),
        ({"name": "key", "payload": b64encode(bytes(32)).decode()}, "400 BAD_BODY_ERR"),
        ({"name": "key", "payload": ""}, "400 INVALID_FIELD_ERR"),
        ({"name": "key", "expirationDate": "tomorrow"}, "400 INVALID_FIELD_ERR"),
        ({"name": "key", "expirationDate": "2001-01-01T00:00:00Z"}, "400 INVALID_FIELD_ERR"),
        ({"name": "key", "expirationDate": "2101-01-01T00:00:00"}, "400 INVALID_FIELD_ERR"),
        ({"name": "key", "expirationDate": "9999-12-31T23:59:59-14:00"}, "400 INVALID_FIELD_ERR"),
        ({"name": "key", "aliases": ["a"]}, "400 INVALID_FIELD_ERR"),
        ({"name": "key", "aliases": ["fine", "fine"]}, "409 KEY_ALIAS_NOT_UNIQUE_ERR"),
        ({"name": "key", "rotation": {"enabled": True}}, "400 BAD_BODY_ERR"),
    ],
)
def test_a_bad_resource_is_refused_and_makes_nothing(
    south: Caller, resource: dict[str, object], code: str
) -> None:
    body = envelope({"extractable": False, **resource})
    assert south.refused("POST", "keys", body) == code
    assert south.call("HEAD", "keys").headers["key-total"] == "0"
    assert not south.instance.aliases


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"{",
        b"[]",
        b"7",
        b"\xff\xfe",
        b'{"resources": []}',
        b'{"metadata": {}, "resources": [{"name": "key"}]}',
        b'{"metadata": {"a": 1}, "resources": []}',
        b'{"metadata": {"a": 1}, "resources": [1]}',
        b'{"metadata": {"a": 1}, "resources": [{"name": "one"}, {"name": "two"}]}',
        b'{"metadata": {"a": 1}, "resources": "key"}',
        b'{"metadata": {"a": 1}, "resources": [{"name": "key"}], "more": 1}',
    ],
)
def test_a_body_that_is_no_envelope_of_one_key_is_refused(south: Caller, body: bytes) -> None:
    assert south.refused("POST", "keys", body) == "400 BAD_BODY_ERR"


def test_field_names_are_read_in_any_case(south: Caller) -> None:
    south.call("POST", "key_rings/blue")
    key = south.create(Tags=["go"])
    assert key["tags"] == ["go"]
    moved = south.ok("PATCH", f"keys/{key['id']}", {"KeyRingID": "blue"})
    assert moved["resources"][0]["keyRingID"] == "blue"


def test_a_key_moves_only_to_a_ring_that_exists_and_only_by_its_id(south: Caller) -> None:
    key = south.create(aliases=["ledger"])["id"]
    move = {"keyRingID": "nowhere"}
    assert south.refused("PATCH", f"keys/{key}", move) == "404 KEY_RING_NOT_FOUND_ERR"
    assert south.refused("PATCH", f"keys/{key}") == "400 NO_BODY_ERR"
    move = {"keyRingID": "default"}
    assert south.refused("PATCH", "keys/ledger", move) == "404 KEY_NOT_FOUND_ERR"


def test_a_deleted_key_is_shown_and_hidden_restored_and_purged(south: Caller) -> None:
    key = south.create()
    wrapped = south.wrap(key["id"])
    assert south.call("DELETE", f"keys/{key['id']}").status == 204
    gone = south.key(key["id"])
    assert gone["deleted"] is True
    assert gone["state"] == 5
    assert gone["deletedBy"] == south.identity.iam_id
    assert (gone["restoreAllowed"], gone["purgeAllowed"]) == (True, False)
    assert gone["restoreExpirationDate"] == written(EPOCH + 30 * DAY)
    assert gone["purgeScheduledOn"] == written(EPOCH + PURGED_AFTER)
    assert south.ok("GET", "keys")["resources"] == []
    assert south.refused("DELETE", f"keys/{key['id']}") == "410 KEY_DELETED_ERR"

    south.now += 31
    restored = south.ok("POST", f"keys/{key['id']}/restore", {})["resources"][0]
    assert restored["state"] == 1
    assert south.unwrap(key["id"], wrapped["ciphertext"])["plaintext"] == wrapped["plaintext"]

    answer = south.call("DELETE", f"keys/{key['id']}", Prefer="return=representation")
    assert answer.status == 200
    assert orjson.loads(answer.body)["resources"][0]["state"] == 5
    assert south.refused("DELETE", f"keys/{key['id']}/purge") == "409 REQ_TOO_EARLY_ERR"
    south.now += PURGE_WAITS
    assert south.call("DELETE", f"keys/{key['id']}/purge").status == 204
    assert south.refused("GET", f"keys/{key['id']}/metadata") == "404 KEY_NOT_FOUND_ERR"


def test_a_deleted_standard_key_is_read_without_its_payload(south: Caller) -> None:
    key = south.create(extractable=True)["id"]
    south.call("DELETE", f"keys/{key}")
    document = south.ok("GET", f"keys/{key}")["resources"][0]
    assert document["state"] == 5
    assert "payload" not in document


def test_ninety_days_after_its_deletion_a_key_and_its_alias_are_gone(south: Caller) -> None:
    key = south.create(aliases=["ledger"])["id"]
    south.call("DELETE", f"keys/{key}")
    south.now += PURGED_AFTER
    assert south.refused("GET", f"keys/{key}") == "404 KEY_NOT_FOUND_ERR"
    assert south.create(aliases=["ledger"])["aliases"] == ["ledger"]


def test_an_expired_key_unwraps_and_does_not_wrap(south: Caller) -> None:
    key = south.create(expirationDate=written(EPOCH + 60))["id"]
    wrapped = south.wrap(key)
    south.now += 60
    code = south.refused("POST", f"keys/{key}/actions/wrap", {})
    assert code == "409 KEY_ACTION_INVALID_STATE_ERR"
    assert south.unwrap(key, wrapped["ciphertext"])["plaintext"] == wrapped["plaintext"]
    assert south.key(key)["state"] == 3


def test_overrides_stand_instead_of_the_instances_policies(south: Caller) -> None:
    dual = {"policy_type": "dualAuthDelete", "policy_data": {"enabled": True}}
    south.ok("PUT", "instance/policies", envelope(dual, kind="policy"))
    assert south.create()["dualAuthDelete"] == {"enabled": True, "keySetForDeletion": False}
    rotation = {"enabled": True, "interval_month": 3}
    resource = {"name": "key", "extractable": False, "rotation": rotation}
    made = south.ok("POST", "keys_with_policy_overrides", envelope(resource))["resources"][0]
    assert made["dualAuthDelete"] == {"enabled": False}
    assert made["rotation"] == rotation


def test_import_and_create_can_be_forbidden_by_the_instance(south: Caller) -> None:
    attributes = {"create_root_key": False, "import_standard_key": False}
    rule = {"enabled": True, "attributes": attributes}
    policy = {"policy_type": "keyCreateImportAccess", "policy_data": rule}
    south.ok("PUT", "instance/policies", envelope(policy, kind="policy"))
    code = "409 KEY_CREATE_IMPORT_ACCESS_ERR"
    assert south.refused("POST", "keys", envelope({"name": "k1", "extractable": False})) == code
    south.create(payload=MATERIAL)
    south.create(extractable=True)
    imported = {"name": "k2", "extractable": True, "payload": MATERIAL}
    assert south.refused("POST", "keys", envelope(imported)) == code


def test_a_key_that_protects_something_is_deleted_only_by_force(south: Caller) -> None:
    key = south.create()["id"]
    south.protect(key)
    assert south.refused("DELETE", f"keys/{key}") == "409 PROTECTED_RESOURCE_ERR"
    south.protect(key, holds=True)
    assert south.refused("DELETE", f"keys/{key}?force=true") == "409 PREV_KEY_DEL_ERR"
    south.instance.registrations.pop()
    assert south.call("DELETE", f"keys/{key}?force=true").status == 204
    assert south.ok("GET", f"keys/{key}/registrations")["resources"] == []


def test_a_key_may_expire_at_the_very_end(south: Caller) -> None:
    made = south.create(expirationDate="9999-12-31T23:59:59Z")
    assert made["expirationDate"] == "9999-12-31T23:59:59Z"
    south.act(made["id"], "rotate")
    south.ok("DELETE", f"keys/{made['id']}")
    assert south.key(made["id"])["expirationDate"] == "9999-12-31T23:59:59Z"
