"""A token service that stands alone."""

from urllib.parse import urlencode

import pytest

from chaos.errors import ScenarioError
from chaos.exchange import Answer, Failure, Request
from chaos.service.held import Held, Received
from chaos.service.iam import API_KEY_GRANT, Iam
from chaos.service.iam_door import IamDoor
from tests.service.caller import API_KEY, EPOCH, regions
from tests.service.passage import CONTROL_TOKEN, status


@pytest.fixture
def door() -> IamDoor:
    iam: Iam = regions("us-south")[0].service.iam
    return IamDoor(iam, control_token=CONTROL_TOKEN)


def ask(door: IamDoor, path: str = "/identity/token", now: float = EPOCH) -> Received:
    form = {"grant_type": API_KEY_GRANT, "apikey": f"{API_KEY} account-1"}
    return door.receive(Request("POST", path, (), urlencode(form).encode()), now)


def test_tokens_are_given_out_but_for_an_outage(door: IamDoor) -> None:
    assert status(ask(door)) == 200
    door.faults.inject("out", {"kind": "iam_outage", "lease": 5.0}, EPOCH)
    assert status(ask(door)) == 503
    assert status(ask(door, "/oidc/token")) == 503
    assert status(ask(door, "/elsewhere")) == 404
    assert door.faults.by_name["out"].counts.injected == 2
    assert status(ask(door, now=EPOCH + 5.0)) == 200


def test_slow_tokens_come_late_and_lost_ones_not_at_all(door: IamDoor) -> None:
    door.faults.inject("slow", {"kind": "iam_slow", "latency": 2.0}, EPOCH)
    held = ask(door)
    assert isinstance(held, Held)
    assert held.until == EPOCH + 2.0
    late = held.resume(held.until)
    assert isinstance(late, Answer)
    assert late.status == 200
    door.faults.heal_all(EPOCH)
    door.faults.inject("lost", {"kind": "answers_lost", "operations": ["token"]}, EPOCH)
    assert isinstance(ask(door), Failure)
    assert door.faults.by_name["lost"].counts.injected == 1


@pytest.mark.parametrize("kind", ["zone_loss", "crash", "hang"])
def test_it_has_no_faults_but_those_of_tokens(door: IamDoor, kind: str) -> None:
    with pytest.raises(ScenarioError, match="iam_outage"):
        door.faults.inject("one", {"kind": kind}, EPOCH)
    assert not door.faults.by_name


def test_its_health_and_its_control_api(door: IamDoor) -> None:
    assert status(door.receive(Request("GET", "/health"), EPOCH)) == 200
    headers = (("Authorization", f"Bearer {CONTROL_TOKEN}"),)
    assert status(door.receive(Request("GET", "/_keychaos/state", headers), EPOCH)) == 200
    assert status(door.receive(Request("GET", "/_keychaos/state"), EPOCH)) == 401
