"""Registrations: read by users, made by services."""

from urllib.parse import quote

import pytest

from tests.service.caller import Caller


def test_registrations_are_listed_for_a_key_and_for_all(south: Caller) -> None:
    first, second = south.create("first")["id"], south.create("second")["id"]
    crn = south.protect(first)
    south.protect(second, resource="other", holds=True)
    (only,) = south.ok("GET", f"keys/{first}/registrations?totalCount=true")["resources"]
    assert only["keyId"] == first
    assert only["keyName"] == "first"
    assert only["resourceCrn"] == crn
    assert only["preventKeyDeletion"] is False
    assert len(south.ok("GET", "keys/registrations")["resources"]) == 2
    held = south.ok("GET", "keys/registrations?preventKeyDeletion=true")["resources"]
    assert [each["keyId"] for each in held] == [second]


def test_a_ring_restricts_which_registrations_are_listed(south: Caller) -> None:
    south.ok("POST", "key_rings/blue")
    blue, other = south.create(ring="blue")["id"], south.create()["id"]
    south.protect(blue)
    south.protect(other)
    for ring, keys in (("blue", [blue]), ("default", [other]), ("none", [])):
        path = "keys/registrations?totalCount=true"
        listed = south.ok("GET", path, X_Kms_Key_Ring=ring)
        assert [each["keyId"] for each in listed["resources"]] == keys
        assert listed["metadata"]["totalCount"] == len(keys)


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("crn:v1:bluemix:public:cloud-object-storage:global:a/account-1:cos:*:*", 2),
        ("crn:v1:bluemix:public:cloud-object-storage:global:a/account-1:cos:bucket:one", 1),
        ("crn:*:bucket:on?", 0),
        ("crn:*[o]ne", 0),
        ("nothing*", 0),
    ],
)
def test_a_crn_query_knows_no_wildcard_but_the_star(
    south: Caller, pattern: str, found: int
) -> None:
    key = south.create()["id"]
    south.protect(key, resource="one")
    south.protect(key, resource="two")
    query = "urlEncodedResourceCRNQuery=" + quote(quote(pattern, safe=""))
    listed = south.ok("GET", f"keys/{key}/registrations?{query}&totalCount=true&limit=1")
    assert listed["metadata"]["totalCount"] == found


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_only_services_make_and_change_them(south: Caller, method: str) -> None:
    path = f"keys/{south.create()['id']}/registrations/crn%3Av1%3Ax%2Fy"
    assert south.refused(method, path) == "403 SERVICE_ONLY_ERR"
    assert south.refused("POST", "event_ack") == "403 SERVICE_ONLY_ERR"
