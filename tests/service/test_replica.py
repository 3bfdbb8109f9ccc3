"""Changes on their way between a primary and its standby."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.exchange import Answer, Request
from chaos.service.front_door import FrontDoor
from chaos.service.replica import sealed, unsealed
from chaos.service.replication import CROSS_REGION_PLAN, Outbox, Replicated
from chaos.service.storage import Forgetful
from tests.service.caller import EPOCH, MATERIAL, Caller
from tests.service.passage import CONTROL_TOKEN

NONCE = bytes(12)
HEADERS = (("Authorization", f"Bearer {CONTROL_TOKEN}"),)
Changes = st.lists(
    st.builds(
        Replicated,
        st.integers(1, 1000),
        st.one_of(st.just(-inf), st.floats(0.0, 4e9)),
        st.binary(max_size=30),
    ),
    max_size=5,
)


@given(Changes)
def test_changes_travel_whole_and_only_under_the_same_token(changes: list[Replicated]) -> None:
    travelling = sealed(changes, "token", NONCE)
    assert unsealed(travelling, "token") == changes
    for content, token in ((travelling, "other"), (travelling[:-1], "token"), (b"", "token")):
        with pytest.raises(ValueError, match="not sealed"):
            unsealed(content, token)


def ask(door: FrontDoor, method: str, query: str = "", body: bytes = b"") -> Answer:
    request = Request(method, f"/_keychaos/changes{query}", HEADERS, body)
    answer = door.receive(request, EPOCH)
    assert isinstance(answer, Answer)
    return answer


def test_a_standby_asks_and_gives_back_over_the_control_api(south: Caller) -> None:
    outbox = Outbox(Forgetful())
    south.service._storage = outbox
    south.instance.plan = CROSS_REGION_PLAN
    door = FrontDoor(south.service, control_token=CONTROL_TOKEN, outbox=outbox)
    first = unsealed(ask(door, "GET").body, CONTROL_TOKEN)
    key = south.create(payload=MATERIAL)["id"]
    told = ask(door, "GET", f"?after={first[-1].number}")
    assert MATERIAL.encode() not in told.body
    changes = unsealed(told.body, CONTROL_TOKEN)
    assert len(changes) == 2
    south.service.instances[south.instance.id].keys.clear()
    returned = sealed(changes, CONTROL_TOKEN, NONCE)
    assert ask(door, "POST", body=returned).status == 200
    south.instance = south.service.instances[south.instance.id]
    assert key in south.instance.keys


def test_what_makes_no_sense_is_refused(south: Caller) -> None:
    door = FrontDoor(south.service, control_token=CONTROL_TOKEN, outbox=Outbox(Forgetful()))
    assert ask(door, "GET", "?after=x").status == 400
    assert ask(door, "POST", body=b"nonsense").status == 400
    assert ask(door, "DELETE").status == 400
    assert ask(FrontDoor(south.service, control_token=CONTROL_TOKEN), "GET").status == 404
