"""The resource controller: instances made and removed by the account that owns them."""

from urllib.parse import quote

import orjson
import pytest

from chaos.exchange import Answer, Request
from chaos.service.provisioning import PATH, ResourceController
from chaos.service.roles import Identity
from tests.service.caller import Caller, regions

WISH = {
    "name": "mine",
    "target": "us-south",
    "resource_group": "default",
    "resource_plan_id": "tiered-pricing",
}


def ask(caller: Caller, method: str, path: str = PATH, body: object = None) -> Answer:
    token = caller.service.iam.issue(caller.identity, caller.now)
    headers = (("authorization", f"Bearer {token}"),)
    request = Request(method, path, headers, orjson.dumps(body) if body is not None else b"")
    return ResourceController(caller.service).answer(request, caller.now)


def test_an_instance_is_made_used_and_removed_with_its_keys(south: Caller) -> None:
    made = orjson.loads(ask(south, "POST", body=WISH).body)
    assert made["region_id"] == "us-south"
    south.instance = south.service.instances[made["guid"]]
    south.create()
    listed = orjson.loads(ask(south, "GET").body)
    assert made["guid"] in [each["guid"] for each in listed["resources"]]
    by_crn = PATH + "/" + quote(made["crn"], safe="")
    assert orjson.loads(ask(south, "GET", by_crn).body) == made
    assert ask(south, "DELETE", by_crn).status == 204
    assert ask(south, "GET", by_crn).status == 404
    assert south.call("GET", "keys").status == 401


@pytest.mark.parametrize(
    "changed", [{"target": "us-east"}, {"name": ""}, {"name": 7}, {"resource_group": None}]
)
def test_a_wish_that_cannot_be_met_is_refused(south: Caller, changed: dict[str, object]) -> None:
    assert ask(south, "POST", body={**WISH, **changed}).status == 400
    assert ask(south, "POST").status == 400
    assert len(south.service.instances) == 1


def test_only_the_owning_account_sees_and_removes_an_instance() -> None:
    mine, theirs = regions("us-south", tenants=2)
    path = f"{PATH}/{mine.instance.id}"
    assert ask(theirs, "GET", path).status == 404
    assert ask(theirs, "DELETE", path).status == 404
    assert orjson.loads(ask(theirs, "GET").body)["rows_count"] == 1
    assert ask(mine, "DELETE", path).status == 204


def test_a_reader_makes_and_removes_nothing_and_a_stranger_sees_nothing(south: Caller) -> None:
    reader = south.as_role("Reader")
    path = f"{PATH}/{south.instance.id}"
    assert ask(reader, "POST", body=WISH).status == 403
    assert ask(reader, "DELETE", path).status == 403
    assert ask(reader, "PATCH", path).status == 405
    assert ask(reader, "PUT").status == 405
    stranger = Caller(south.service, south.instance, Identity("IBMid-x", "account-1"))
    assert ask(stranger, "GET").status == 401
    controller = ResourceController(south.service)
    assert controller.answer(Request("GET", PATH), south.now).status == 401
