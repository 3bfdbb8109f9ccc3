"""The door of a region: who gets in, what a tenant can reach, and how answers look."""

import time

import orjson
import pytest

from chaos.exchange import Request
from chaos.service.clock import Clock
from chaos.service.roles import Role
from chaos.service.routes import ROUTES, Route
from chaos.service.tokens import SecretSigner, write_token
from tests.service.caller import EPOCH, MATERIAL, OTHER_MATERIAL, Caller, Noting, envelope, regions


def named(route: Route) -> str:
    return f"{route.method} {route.path} {route.action}".strip()


UNKNOWN = "00000000-0000-4000-8000-000000000000"
FOREIGN = write_token(SecretSigner(b"another's"), "kid", {"iam_id": "IBMid-account-1"})


def test_a_key_is_made_and_wraps_and_unwraps(south: Caller) -> None:
    key = south.create()
    wrapped = south.wrap(key["id"])
    assert wrapped["keyVersion"] == {"id": key["keyVersion"]["id"]}
    opened = south.unwrap(key["id"], wrapped["ciphertext"])
    assert opened == {"plaintext": wrapped["plaintext"], "keyVersion": wrapped["keyVersion"]}


def test_a_duplicate_key_opens_what_the_other_region_wrapped_until_one_of_them_rotates(
    pair: tuple[Caller, Caller],
) -> None:
    south, east = pair
    primary = south.create(payload=MATERIAL)["id"]
    backup = east.create(payload=MATERIAL)["id"]
    assert primary != backup
    before = south.wrap(primary)
    assert east.unwrap(backup, before["ciphertext"])["plaintext"] == before["plaintext"]

    south.act(primary, "rotate", {"payload": OTHER_MATERIAL})
    drifted = south.wrap(primary)
    body = {"ciphertext": drifted["ciphertext"]}
    code = east.refused("POST", f"keys/{backup}/actions/unwrap", body)
    assert code == "422 UNPROCESSABLE_CIPHERTEXT_ERR"

    east.act(backup, "rotate", {"payload": OTHER_MATERIAL})
    assert east.unwrap(backup, drifted["ciphertext"])["plaintext"] == drifted["plaintext"]
    again = east.unwrap(backup, before["ciphertext"])
    assert again["plaintext"] == before["plaintext"]
    assert again["rewrappedKeyVersion"]["id"] == east.key(backup)["keyVersion"]["id"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": f"Bearer {FOREIGN}"},
        {"Authorization": "Basic Zm9vOmJhcg=="},
        {"Bluemix_Instance": ""},
        {"Bluemix_Instance": UNKNOWN},
    ],
)
def test_without_a_good_token_and_an_own_instance_nobody_gets_in(
    south: Caller, headers: dict[str, str]
) -> None:
    answer = south.call("GET", "keys", **headers)
    assert answer.status == 401
    assert "reasons" not in orjson.loads(answer.body)["resources"][0]


@pytest.mark.parametrize("token", ["garbage", "a.b.c", FOREIGN + ".", "." + FOREIGN, "\xe9.b.c"])
def test_what_is_no_token_is_told_so_and_not_that_it_may_not(south: Caller, token: str) -> None:
    code = south.refused("GET", "keys", Authorization=f"Bearer {token}")
    assert code == "400 BEARER_SUB_EXTRACTION_ERR"
    answer = south.call("GET", "keys", Authorization=f"Bearer {token}")
    assert token.encode() not in answer.body


@pytest.mark.parametrize("route", ROUTES, ids=named)
def test_no_route_answers_who_has_no_good_token(route: Route) -> None:
    (south,) = regions("us-south")
    path = route.path.replace("*", south.create()["id"])
    if route.action:
        path += f"?action={route.action}"
    method = route.method
    for sent in ("", "Bearer ", f"Bearer {FOREIGN}"):
        assert south.call(method, path, Authorization=sent).status == 401
    assert south.call(method, path, Authorization="Bearer garbage").status == 400
    assert [each["state"] for each in south.ok("GET", "keys")["resources"]] == [1]


def test_a_token_expires_by_the_callers_clock(south: Caller) -> None:
    token = south.service.iam.issue(south.identity, south.now)
    south.headers["Authorization"] = f"Bearer {token}"
    south.now += 3599
    assert south.call("GET", "keys").status == 200
    south.now += 1
    assert south.call("GET", "keys").status == 401


@pytest.mark.parametrize("route", ROUTES, ids=named)
def test_no_route_answers_a_foreign_tenant(route: Route) -> None:
    mine, theirs = regions("us-south", tenants=2)
    key = mine.create(aliases=["my-alias"])
    path = route.path.replace("*", key["id"])
    if route.action:
        path += f"?action={route.action}"
    method = route.method
    answer = theirs.call(method, path, None, Bluemix_Instance=mine.instance.id)
    assert answer.status == 401
    own = theirs.call(method, path, None)
    assert key["id"].encode() not in own.body
    assert mine.key(key["id"])["state"] == 1


def test_a_tenant_cannot_count_anothers_keys() -> None:
    mine, theirs = regions("us-south", tenants=2)
    mine.create()
    assert mine.call("HEAD", "keys").headers["key-total"] == "1"
    assert theirs.call("HEAD", "keys").headers["key-total"] == "0"
    assert theirs.refused("GET", "keys/" + mine.create()["id"]) == "404 KEY_NOT_FOUND_ERR"


ORDER: tuple[Role, ...] = ("Reader", "ReaderPlus", "Writer", "Manager")


@pytest.mark.parametrize("route", ROUTES, ids=named)
def test_a_role_below_the_routes_own_is_refused_and_the_own_is_not(route: Route) -> None:
    (south,) = regions("us-south")
    needs: Role = route.role
    path = route.path.replace("*", UNKNOWN)
    if route.action:
        path += f"?action={route.action}"
    method = route.method
    below: tuple[Role, ...] = ORDER[: ORDER.index(needs)] if needs in ORDER else ORDER
    if needs == "KmipAdapterManager":
        below = ("Reader", "ReaderPlus", "Writer", "KeyPurge")
    for role in below:
        assert south.as_role(role).call(method, path).status == 401, role
    assert south.as_role(needs).call(method, path).status != 401


def test_a_reader_sees_no_key_but_its_metadata(south: Caller) -> None:
    key = south.create(extractable=True)["id"]
    reader = south.as_role("Reader")
    assert reader.call("GET", f"keys/{key}").status == 401
    assert reader.call("GET", f"keys/{key}/metadata").status == 200
    assert "payload" in south.as_role("ReaderPlus").ok("GET", f"keys/{key}")["resources"][0]


def test_who_manages_kmip_picks_a_root_key_and_does_nothing_else_with_it(south: Caller) -> None:
    key = south.create()["id"]
    someone = south.as_role("KmipAdapterManager")
    profile = {"profile": "native_1.0", "profile_data": {"crk_id": key}}
    someone.ok("POST", "kmip_adapters", envelope({"name": "vmware", **profile}))
    for method, path in (("GET", "keys"), ("HEAD", "keys"), ("GET", "key_rings")):
        assert someone.call(method, path).status == 200
    for method, path in (("GET", f"keys/{key}"), ("POST", f"keys/{key}/actions/wrap")):
        assert someone.call(method, path).status == 401


def test_every_answer_echoes_the_correlation_id_or_gives_one(south: Caller) -> None:
    for path in ("keys", "nothing", "keys/" + UNKNOWN):
        assert south.call("GET", path, Correlation_Id="abc").headers["correlation-id"] == "abc"
        assert len(south.call("GET", path).headers["correlation-id"]) == 36


def test_answers_have_the_media_types_that_ibms_sdk_needs(south: Caller) -> None:
    key = south.create()["id"]
    made = south.call("POST", "keys", envelope({"name": "another"}))
    assert made.headers["content-type"] == "application/vnd.ibm.kms.key+json"
    wrapped = south.call("POST", f"keys/{key}/actions/wrap", {})
    assert wrapped.headers["content-type"] == "application/vnd.ibm.kms.key_action_wrap+json"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "nothing", 404),
        ("GET", "keys/", 404),
        ("GET", "", 404),
        ("GET", "keys/a/b/c/d/e", 404),
        ("POST", "keys/a/actions/explode", 404),
        ("PUT", "keys", 405),
        ("GET", "keys/a/actions/wrap", 405),
        ("POST", "keys/registrations", 405),
        ("PUT", "keys?action=wrap", 405),
    ],
)
def test_what_is_no_route_is_not_found_or_not_allowed(
    south: Caller, method: str, path: str, status: int
) -> None:
    assert south.call(method, path).status == status


def test_a_path_outside_the_api_is_not_found(south: Caller) -> None:
    assert south.service.answer(Request("GET", "/"), EPOCH).status == 404


@pytest.mark.parametrize("query", ["", "?action=", "?action=explode", "?action=unknown"])
def test_the_legacy_form_without_a_known_action_says_that_it_wants_one(
    south: Caller, query: str
) -> None:
    path = f"keys/{south.create()['id']}{query}"
    assert south.refused("POST", path) == "400 INVALID_QUERY_PARAM_ERR"
    assert south.as_role("KeyPurge").call("POST", path).status == 401


def test_an_action_is_no_more_than_an_unknown_parameter_elsewhere(south: Caller) -> None:
    key = south.create()["id"]
    for method, path in (("GET", "keys"), ("GET", f"keys/{key}"), ("HEAD", "keys")):
        assert south.call(method, f"{path}?action=wrap").status == 200
    body = envelope({"name": "another"})
    assert south.call("POST", "keys?action=rotate", body).status == 201
    assert south.call("POST", f"keys/{key}/actions/wrap?action=disable").status == 200


@pytest.mark.parametrize("action", ["wrap", "rotate", "disable"])
def test_the_legacy_form_of_an_action_does_the_same(south: Caller, action: str) -> None:
    key = south.create()["id"]
    answer = south.call("POST", f"keys/{key}?action={action}", b"")
    assert answer.status == (200 if action == "wrap" else 204)


def test_a_key_is_found_by_its_alias_everywhere(south: Caller) -> None:
    key = south.create(aliases=["ledger"])["id"]
    wrapped = south.wrap("ledger")
    assert south.unwrap("ledger", wrapped["ciphertext"])["plaintext"] == wrapped["plaintext"]
    assert south.key("ledger")["id"] == key


def test_a_key_is_found_only_in_its_own_ring_when_the_ring_is_named(south: Caller) -> None:
    south.call("POST", "key_rings/blue")
    key = south.create(ring="blue")["id"]
    path = f"keys/{key}/metadata"
    assert south.call("GET", path, X_Kms_Key_Ring="blue").status == 200
    assert south.refused("GET", path, X_Kms_Key_Ring="default") == "404 KEY_NOT_FOUND_ERR"


def test_a_scaled_clock_shortens_what_is_timed_in_the_service_and_not_the_token(
    south: Caller,
) -> None:
    south.service.clock = Clock(scale=3600.0, epoch=EPOCH)
    key = south.create()["id"]
    south.act(key, "disable")
    assert south.refused("POST", f"keys/{key}/actions/enable") == "409 REQ_TOO_EARLY_ERR"
    south.now += 0.01
    south.act(key, "enable")
    token = south.service.iam.issue(south.identity, south.now)
    south.headers["Authorization"] = f"Bearer {token}"
    south.now += 3000
    assert south.call("GET", "keys").status == 200


def test_a_change_is_kept_before_it_is_acknowledged_and_a_reading_is_not(south: Caller) -> None:
    kept: list[int] = []
    south.service._storage = Noting(kept)
    key = south.create()["id"]
    assert kept == [1]
    south.wrap(key)
    south.ok("GET", "keys")
    assert kept == [1]
    south.act(key, "disable")
    assert kept == [1, 1]


def test_the_same_seed_gives_the_same_answers() -> None:
    def play() -> list[object]:
        south, east = regions("us-south", "us-east", seed=3)
        key = south.create()
        return [key, south.wrap(key["id"]), east.create(), south.call("GET", "nothing")]

    assert play() == play()


def test_wrap_and_unwrap_are_quick_enough_to_be_called_by_a_simulator(south: Caller) -> None:
    """A wide bound, as machines are busy: it would catch a signature check or a copy per call."""
    key = south.create()["id"]
    token = south.service.iam.issue(south.identity, south.now)
    headers = (("Authorization", f"Bearer {token}"), ("Bluemix-Instance", south.instance.id))
    request = Request("POST", f"/api/v2/keys/{key}/actions/wrap", headers)
    south.service.answer(request, south.now)
    begun = time.process_time()
    for _ in range(2000):
        south.service.answer(request, south.now)
    assert (time.process_time() - begun) / 2000 < 200e-6
