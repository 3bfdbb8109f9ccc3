"""Policies of an instance."""

import pytest

from tests.service.caller import MATERIAL, Caller, envelope

PRIVATE = "private.us-south.kms.cloud.ibm.com"


def policy(kind: str, *, enabled: object = True, **attributes: object) -> dict[str, object]:
    rule: dict[str, object] = {"enabled": enabled}
    if attributes:
        rule["attributes"] = attributes
    return {"policy_type": kind, "policy_data": rule}


def put(caller: Caller, *resources: object, query: str = "") -> None:
    body = envelope(*resources, kind="policy")
    assert caller.call("PUT", f"instance/policies{query}", body).status == 204


def test_only_policies_that_were_set_are_told(south: Caller) -> None:
    assert south.ok("GET", "instance/policies")["resources"] == []
    south.headers["Host"] = PRIVATE
    put(south, policy("allowedNetwork", allowed_network="private-only"), policy("metrics"))
    listed = south.ok("GET", "instance/policies")["resources"]
    assert [each["policy_type"] for each in listed] == ["allowedNetwork", "metrics"]
    assert {"creationDate", "createdBy", "updatedBy", "lastUpdated"} < listed[0].keys()
    (only,) = south.ok("GET", "instance/policies?policy=allowedNetwork")["resources"]
    assert only["policy_data"]["attributes"] == {"allowed_network": "private-only"}


def test_attributes_that_are_left_out_have_their_documented_defaults(south: Caller) -> None:
    put(south, policy("keyCreateImportAccess", create_root_key=False))
    (only,) = south.ok("GET", "instance/policies")["resources"]
    assert only["policy_data"]["attributes"] == {
        "create_root_key": False,
        "create_standard_key": True,
        "import_root_key": True,
        "import_standard_key": True,
        "enforce_token": False,
    }


def test_the_private_port_is_told_while_an_allowed_ip_policy_is_in_force(south: Caller) -> None:
    path = "instance/allowed_ip_port"
    assert south.ok("GET", path)["resources"] == []
    put(south, policy("allowedIP", allowed_ip=["192.0.2.0/24", "2001:db8::/32"]))
    assert set(south.ok("GET", path)["resources"][0]) == {"private_endpoint_port"}
    put(south, policy("allowedIP", enabled=False))
    assert south.ok("GET", path)["resources"] == []


@pytest.mark.parametrize(
    ("address", "answered"),
    [
        *(("192.0.2.7", True), ("2001:db8::7", True), ("::ffff:192.0.2.7", True)),
        *(("127.0.0.1", False), ("2001:db9::1", False), ("::ffff:127.0.0.1", False)),
    ],
)
def test_an_address_that_is_not_allowed_is_turned_away_and_cannot_change_that(
    south: Caller, address: str, *, answered: bool
) -> None:
    put(south, policy("allowedIP", allowed_ip=["192.0.2.0/24", "2001:db8::/32"]))
    south.address = address
    lifted = envelope(policy("allowedIP", enabled=False), kind="policy")

    assert south.call("GET", "keys").status == (200 if answered else 401)
    assert south.call("PUT", "instance/policies", lifted).status == (204 if answered else 401)
    south.address = "127.0.0.1"
    assert south.call("GET", "keys").status == (200 if answered else 401)


def test_who_comes_by_ipv6_to_a_policy_that_knows_ipv4_alone_is_told_so(south: Caller) -> None:
    put(south, policy("allowedIP", allowed_ip=["192.0.2.0/24"]))
    south.address = "2001:db8::7"
    assert south.refused("GET", "keys") == "403 FEATURE_RESTRICTED_ERR"


def test_a_private_only_instance_answers_by_its_private_endpoint_alone(south: Caller) -> None:
    put(south, policy("allowedNetwork", allowed_network="private-only"))
    lifted = envelope(policy("allowedNetwork", enabled=False), kind="policy")
    for public in ({}, {"Host": "us-south.kms.cloud.ibm.com"}):
        assert south.refused("GET", "keys", **public) == "401"
        assert south.refused("PUT", "instance/policies", lifted, **public) == "401"
    assert south.call("GET", "keys", Host=PRIVATE).status == 200
    assert south.call("PUT", "instance/policies", lifted, Host=PRIVATE).status == 204
    assert south.call("GET", "keys").status == 200


@pytest.mark.parametrize(
    ("resources", "query", "code"),
    [
        ([policy("unknown")], "", "400 BAD_BODY_ERR"),
        ([{**policy("metrics"), "extra": 1}], "", "400 BAD_BODY_ERR"),
        ([{"policy_type": "metrics"}], "", "400 BAD_BODY_ERR"),
        ([{"policy_type": ["metrics"], "policy_data": {}}], "", "400 BAD_BODY_ERR"),
        ([policy("metrics", enabled=None)], "", "400 BAD_BODY_ERR"),
        ([policy("metrics", more=1)], "", "400 BAD_BODY_ERR"),
        ([policy("allowedNetwork")], "", "400 INVALID_FIELD_ERR"),
        ([policy("allowedNetwork", allowed_network="moon")], "", "400 INVALID_FIELD_ERR"),
        ([policy("allowedIP", allowed_ip=["here"])], "", "400 INVALID_FIELD_ERR"),
        ([policy("allowedIP", allowed_ip=[])], "", "400 INVALID_FIELD_ERR"),
        ([policy("rotation", interval_month=13)], "", "400 INVALID_FIELD_ERR"),
        ([policy("rotation")], "", "400 INVALID_FIELD_ERR"),
        ([policy("metrics"), policy("metrics")], "", "400 NUM_COLLECTION_RESOURCE_ERR"),
        ([policy("metrics")], "?policy=rotation", "400 BODY_QUERY_PARAM_MISMATCH_ERR"),
    ],
)
def test_a_bad_policy_is_refused_and_sets_nothing(
    south: Caller, resources: list[object], query: str, code: str
) -> None:
    body = envelope(policy("dualAuthDelete"), *resources, kind="policy")
    if query or len(resources) > 1:
        body = envelope(*resources, kind="policy")
    assert south.refused("PUT", f"instance/policies{query}", body) == code
    assert south.ok("GET", "instance/policies")["resources"] == []


def test_policies_bind_keys_that_are_made_after_them(south: Caller) -> None:
    before = south.create()["id"]
    put(south, policy("rotation", interval_month=2), policy("dualAuthDelete"))
    assert south.ok("GET", f"keys/{before}/policies")["resources"] == []
    after = south.create()
    assert after["rotation"] == {"enabled": True, "interval_month": 2}
    assert after["dualAuthDelete"]["enabled"] is True
    assert "rotation" not in south.create(payload=MATERIAL)
    assert "rotation" not in south.create(extractable=True)
