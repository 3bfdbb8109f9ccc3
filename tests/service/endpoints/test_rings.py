"""Key rings: fifty to an instance, and what keeps one from being deleted."""

import pytest

from tests.service.caller import Caller, envelope


def test_rings_are_made_listed_and_removed(south: Caller) -> None:
    assert south.call("POST", "key_rings/blue").status == 201
    listed = south.ok("GET", "key_rings?totalCount=true")
    assert [ring["id"] for ring in listed["resources"]] == ["default", "blue"]
    assert listed["metadata"]["totalCount"] == 2
    assert set(listed["resources"][1]) == {"id", "creationDate", "createdBy"}
    assert south.call("DELETE", "key_rings/blue").status == 204
    assert south.refused("DELETE", "key_rings/blue") == "404 KEY_RING_NOT_FOUND_ERR"


@pytest.mark.parametrize("name", ["a", "a" * 101, "with%20space", "%2F%2F"])
def test_a_ring_of_the_wrong_shape_is_refused(south: Caller, name: str) -> None:
    assert south.refused("POST", f"key_rings/{name}") == "400 INVALID_FIELD_ERR"


def test_default_is_reserved(south: Caller) -> None:
    assert south.refused("POST", "key_rings/default") == "409 KEY_RING_NOT_UNIQUE_ERR"
    assert south.refused("DELETE", "key_rings/default") == "400 INVALID_FIELD_ERR"


def test_an_instance_has_fifty_rings_at_most(south: Caller) -> None:
    for number in range(50):
        south.ok("POST", f"key_rings/ring-{number}")
    assert south.refused("POST", "key_rings/one-more") == "409 KEY_RING_LIMIT_ERR"


def test_live_keys_keep_a_ring_and_destroyed_ones_move_by_force(south: Caller) -> None:
    south.ok("POST", "key_rings/blue")
    key = south.create(ring="blue")["id"]
    assert south.refused("DELETE", "key_rings/blue?force=true") == "409 KEY_RING_NOT_EMPTY_ERR"
    south.call("DELETE", f"keys/{key}")
    assert south.refused("DELETE", "key_rings/blue") == "409 KEY_RING_NOT_EMPTY_ERR"
    assert south.call("DELETE", "key_rings/blue?force=true").status == 204
    assert south.key(key)["keyRingID"] == "default"


def test_a_key_is_made_only_in_a_ring_that_exists(south: Caller) -> None:
    body = envelope({"name": "key"})
    code = south.refused("POST", "keys", body, X_Kms_Key_Ring="nowhere")
    assert code == "404 KEY_RING_NOT_FOUND_ERR"
    south.ok("POST", "key_rings/blue")
    assert south.create(ring="blue")["keyRingID"] == "blue"
