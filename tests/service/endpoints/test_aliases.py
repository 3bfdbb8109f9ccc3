"""Aliases: unique in an instance, five to a key."""

import pytest

from tests.service.caller import Caller, regions


def test_an_alias_is_given_found_and_taken_back(south: Caller) -> None:
    key = south.create()["id"]
    made = south.ok("POST", f"keys/{key}/aliases/ledger")["resources"][0]
    assert made["keyId"] == key
    assert made["alias"] == "ledger"
    assert south.key("ledger")["aliases"] == ["ledger"]
    assert south.call("DELETE", f"keys/{key}/aliases/ledger").status == 204
    assert south.refused("GET", "keys/ledger") == "404 KEY_NOT_FOUND_ERR"
    assert south.refused("DELETE", f"keys/{key}/aliases/ledger") == "404 KEY_ALIAS_NOT_FOUND_ERR"


@pytest.mark.parametrize(
    "alias",
    [
        "a",
        "a" * 91,
        "with%20space",
        "dot.dot",
        "%C3%A9%C3%A9",
        "keys",
        "Policies",
        "wrap",
        "1c1ba331-ec0a-4bd2-9ad9-ad2a3c1d7a4b",
    ],
)
def test_an_alias_of_the_wrong_shape_is_refused(south: Caller, alias: str) -> None:
    key = south.create()["id"]
    assert south.refused("POST", f"keys/{key}/aliases/{alias}") == "400 INVALID_FIELD_ERR"


def test_an_alias_is_unique_in_its_instance_and_only_there() -> None:
    mine, theirs = regions("us-south", tenants=2)
    first, second = mine.create(), mine.create()
    mine.ok("POST", f"keys/{first['id']}/aliases/ledger")
    code = mine.refused("POST", f"keys/{second['id']}/aliases/ledger")
    assert code == "409 KEY_ALIAS_NOT_UNIQUE_ERR"
    theirs.ok("POST", f"keys/{theirs.create()['id']}/aliases/ledger")
    assert mine.key("ledger")["id"] == first["id"]


def test_a_key_has_five_aliases_at_most(south: Caller) -> None:
    key = south.create(aliases=[f"alias-{number}" for number in range(5)])["id"]
    assert south.refused("POST", f"keys/{key}/aliases/sixth") == "409 KEY_ALIAS_LIMIT_ERR"


def test_the_alias_of_another_key_is_not_taken_back_through_this_one(south: Caller) -> None:
    south.create(aliases=["ledger"])
    other = south.create()["id"]
    assert south.refused("DELETE", f"keys/{other}/aliases/ledger") == "404 KEY_ALIAS_NOT_FOUND_ERR"
    assert south.key("ledger")["aliases"] == ["ledger"]


def test_a_destroyed_key_gets_no_alias(south: Caller) -> None:
    key = south.create()["id"]
    south.call("DELETE", f"keys/{key}")
    assert south.refused("POST", f"keys/{key}/aliases/ledger") == "410 KEY_DELETED_ERR"
