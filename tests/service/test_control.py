"""The control API: faults in and out, and nobody else's business."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.exchange import Answer, Request
from chaos.service.front_door import FrontDoor
from tests.service.caller import EPOCH, Caller, regions
from tests.service.passage import CONTROL_TOKEN, Passage, status

THROTTLE = {"kind": "throttle", "retry_after": 2.0}


def test_a_fault_is_injected_seen_and_healed_with_its_counts() -> None:
    passage = Passage()
    answered, shown = passage.control("PUT", "faults/one", {**THROTTLE, "share": 1.0})
    assert answered == 200
    assert shown["fault"]["retry_after"] == 2.0
    assert status(passage.wrap()) == 429
    passage.now += 1.0
    assert passage.control("GET", "faults/one")[1]["counts"] == {
        "eligible": 1,
        "matched": 1,
        "injected": 1,
        "escaped": 0,
        "first": EPOCH,
        "last": EPOCH,
    }
    assert list(passage.control("GET", "faults")[1]["faults"]) == ["one"]
    assert passage.control("DELETE", "faults/one")[1]["counts"]["injected"] == 1
    assert status(passage.wrap()) == 200
    assert passage.control("GET", "faults/one")[0] == 404
    assert passage.control("DELETE", "faults/one")[0] == 404


def test_all_are_healed_at_once_and_told_one_last_time() -> None:
    passage = Passage()
    for name in ("one", "two"):
        passage.control("PUT", f"faults/{name}", THROTTLE)
    assert sorted(passage.control("DELETE", "faults")[1]["faults"]) == ["one", "two"]
    assert passage.control("GET", "faults")[1]["faults"] == {}
    assert status(passage.wrap()) == 200


def test_a_lease_runs_out_unless_it_is_renewed() -> None:
    passage = Passage()
    for name in ("kept", "left"):
        passage.control("PUT", f"faults/{name}", {**THROTTLE, "lease": 5.0})
    passage.now += 4.0
    assert passage.control("POST", "renew", {"names": ["kept", "none"]})[1] == {"renewed": ["kept"]}
    assert passage.control("GET", "faults/left")[1]["lease_left"] == 1.0
    passage.now += 4.0
    assert status(passage.wrap()) == 429
    assert list(passage.control("GET", "faults")[1]["faults"]) == ["kept"]
    assert passage.control("POST", "renew")[1] == {"renewed": ["kept"]}
    passage.now += 5.0
    assert status(passage.wrap()) == 200
    assert passage.control("POST", "renew")[1] == {"renewed": []}


def test_the_state_of_the_region_is_told() -> None:
    passage = Passage()
    passage.control("PUT", "faults/zone", {"kind": "zone_loss", "zone": 2})
    passage.control("PUT", "faults/few", {"kind": "capacity", "workers": 2, "service": 1.0})
    passage.wrap()
    told = passage.control("GET", "state")[1]
    assert told["zones"]["us-south-2"] == "down"
    assert told["capacity"]["workers"] == 2
    assert (told["now"], told["region"], told["waiting"]) == (EPOCH, "us-south", 0)


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("PUT", "faults/one", {"kind": "nothing"}, 400),
        ("PUT", "faults/one", b"{", 400),
        ("PUT", "faults/" + "x" * 101, THROTTLE, 400),
        ("PUT", "faults/one", {"kind": "key_deleted", "key": "none"}, 400),
        ("POST", "renew", {"names": "one"}, 400),
        ("POST", "renew", b"x", 400),
        ("POST", "faults/one", None, 405),
        ("PUT", "faults", THROTTLE, 405),
        ("GET", "renew", None, 405),
        ("POST", "state", None, 405),
        ("GET", "elsewhere", None, 404),
    ],
)
def test_a_mistake_is_told_in_one_sentence_and_changes_nothing(
    method: str, path: str, body: object, expected: int
) -> None:
    passage = Passage()
    answered, told = passage.control(method, path, body)
    assert answered == expected
    assert told["error"].endswith(".")
    assert passage.control("GET", "faults")[1]["faults"] == {}
    assert passage.door.conditions.quiet


def ask(door: FrontDoor, authorization: str) -> int:
    headers = (("Authorization", authorization),) if authorization else ()
    return status(door.receive(Request("GET", "/_keychaos/faults", headers), EPOCH))


def test_no_other_token_opens_it_and_its_own_opens_nothing_else(south: Caller) -> None:
    door = FrontDoor(south.service, control_token=CONTROL_TOKEN)
    issued = south.service.iam.issue(south.identity, EPOCH)
    assert ask(door, f"Bearer {CONTROL_TOKEN}") == 200
    for wrong in ("", issued, f"Bearer {issued}", CONTROL_TOKEN, f"Bearer {CONTROL_TOKEN}x"):
        assert ask(door, wrong) == 401
    assert ask(FrontDoor(south.service), "Bearer ") == 404
    headers = (("Authorization", f"Bearer {CONTROL_TOKEN}"), ("Bluemix-Instance", "any"))
    answer = door.receive(Request("GET", "/api/v2/keys", headers), EPOCH)
    assert isinstance(answer, Answer)
    assert answer.status == 400
    assert b"BEARER_SUB_EXTRACTION_ERR" in answer.body


@given(
    st.sampled_from(["GET", "PUT", "POST", "DELETE", "PATCH", ""]),
    st.text(max_size=20),
    st.binary(max_size=40),
)
def test_whatever_is_asked_it_answers_json(method: str, path: str, body: bytes) -> None:
    door = FrontDoor(regions("us-south")[0].service, control_token=CONTROL_TOKEN)
    headers = (("Authorization", f"Bearer {CONTROL_TOKEN}"),)
    answer = door.receive(Request(method, "/_keychaos/" + path, headers, body), EPOCH)
    assert isinstance(answer, Answer)
    assert answer.status in (200, 400, 404, 405)
    assert isinstance(orjson.loads(answer.body), dict)
