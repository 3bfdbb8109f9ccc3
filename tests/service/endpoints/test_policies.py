"""Policies of a key: rotation and dual authorisation."""

import pytest

from chaos.service.keys import MONTH
from tests.service.caller import MATERIAL, Caller, Noting, envelope

POLICY = "application/vnd.ibm.kms.policy+json"


def rotation(**rule: object) -> dict[str, object]:
    return {"type": POLICY, "rotation": rule}


def dual(*, enabled: object = True) -> dict[str, object]:
    return {"type": POLICY, "dualAuthDelete": {"enabled": enabled}}


def put(caller: Caller, key: str, *resources: object, query: str = "") -> list[dict[str, object]]:
    body = envelope(*resources, kind="policy")
    shown: list[dict[str, object]] = caller.ok("PUT", f"keys/{key}/policies{query}", body)[
        "resources"
    ]
    return shown


def test_only_policies_that_were_set_are_told(south: Caller) -> None:
    key = south.create()["id"]
    assert south.ok("GET", f"keys/{key}/policies")["resources"] == []
    (answer,) = put(south, key, rotation(interval_month=3), query="?policy=rotation")
    assert answer["rotation"] == {"enabled": True, "interval_month": 3}
    assert str(answer["crn"]).endswith(f":policy:{answer['id']}")
    (second,) = put(south, key, dual(enabled=False))
    assert second["dualAuthDelete"] == {"enabled": False}
    assert len(south.ok("GET", f"keys/{key}/policies")["resources"]) == 2
    only = south.ok("GET", f"keys/{key}/policies?policy=rotation")["resources"]
    assert [each["rotation"]["interval_month"] for each in only] == [3]


def test_enabling_alone_keeps_the_interval(south: Caller) -> None:
    key = south.create()["id"]
    put(south, key, rotation(interval_month=5))
    put(south, key, rotation(enabled=False))
    assert south.key(key)["rotation"] == {"enabled": False, "interval_month": 5}
    put(south, key, rotation(enabled=True))
    assert south.key(key)["rotation"] == {"enabled": True, "interval_month": 5}


@pytest.mark.parametrize(
    ("resources", "query", "code"),
    [
        ([rotation(interval_month=0)], "", "400 INVALID_FIELD_ERR"),
        ([rotation(interval_month=13)], "", "400 INVALID_FIELD_ERR"),
        ([rotation(interval_month="3")], "", "400 BAD_BODY_ERR"),
        ([rotation(interval_month=2.5)], "", "400 BAD_BODY_ERR"),
        ([rotation(enabled=True)], "", "400 INVALID_FIELD_ERR"),
        ([rotation(interval_month=3, more=1)], "", "400 BAD_BODY_ERR"),
        ([{"type": POLICY}], "", "400 BAD_BODY_ERR"),
        ([{"type": {}, "rotation": {"interval_month": 3}}], "", "400 BAD_BODY_ERR"),
        ([{**dual(), **rotation(interval_month=3)}], "", "400 BAD_BODY_ERR"),
        ([dual(enabled=None)], "", "400 BAD_BODY_ERR"),
        ([], "", "400 BAD_BODY_ERR"),
        ([dual()], "?policy=rotation", "400 BODY_QUERY_PARAM_MISMATCH_ERR"),
        ([dual(), dual()], "", "400 NUM_COLLECTION_RESOURCE_ERR"),
        ([dual()], "?policy=unknown", "400 INVALID_QUERY_PARAM_ERR"),
    ],
)
def test_a_bad_policy_is_refused_and_sets_nothing(
    south: Caller, resources: list[object], query: str, code: str
) -> None:
    key = south.create()["id"]
    body = envelope(*resources, kind="policy")
    assert south.refused("PUT", f"keys/{key}/policies{query}", body) == code
    assert south.ok("GET", f"keys/{key}/policies")["resources"] == []


def test_the_total_must_count_the_resources(south: Caller) -> None:
    body = envelope(dual(), kind="policy", total=2)
    code = south.refused("PUT", f"keys/{south.create()['id']}/policies", body)
    assert code == "400 COLLECTION_TOTAL_MISMATCH_ERR"


def test_rotation_is_for_generated_root_keys(south: Caller) -> None:
    body = envelope(rotation(interval_month=1), kind="policy")
    standard, imported = south.create(extractable=True)["id"], south.create(payload=MATERIAL)["id"]
    assert south.refused("PUT", f"keys/{standard}/policies", body) == "400 KEY_ROOT_REQ_ERR"
    assert south.refused("PUT", f"keys/{imported}/policies", body) == "400 INVALID_FIELD_ERR"


def test_dual_authorisation_cannot_be_taken_back(south: Caller) -> None:
    key = south.create()["id"]
    put(south, key, dual())
    body = envelope(dual(enabled=False), kind="policy")
    code = south.refused("PUT", f"keys/{key}/policies", body)
    assert code == "409 DUAL_AUTH_IRREVERSIBLE_ERR"


def test_a_rotation_policy_rotates_the_key_and_old_wrapped_keys_still_open(south: Caller) -> None:
    key = south.create()["id"]
    put(south, key, rotation(interval_month=1))
    wrapped = south.wrap(key)
    kept: list[int] = []
    south.service._storage = Noting(kept)
    south.now += MONTH
    opened = south.unwrap(key, wrapped["ciphertext"])
    assert opened["plaintext"] == wrapped["plaintext"]
    assert opened["rewrappedKeyVersion"] != opened["keyVersion"]
    assert kept, "a version that was drawn by time is kept before anything is wrapped with it"
