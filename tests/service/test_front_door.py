"""The front door: zones in turn, health, and what is told about the region."""

from collections import Counter

import orjson
from hypothesis import given
from hypothesis import strategies as st

from chaos.exchange import Answer, Request
from chaos.service.front_door import FrontDoor
from tests.service.caller import EPOCH, Caller, regions


def get(door: FrontDoor, path: str) -> Answer:
    answer = door.receive(Request("GET", path), EPOCH)
    assert isinstance(answer, Answer)
    return answer


def lose(door: FrontDoor, *zones: int, now: float = EPOCH - 60.0) -> None:
    """Lose zones so long ago that the door has noticed."""
    for zone in zones:
        door.faults.inject(f"zone-{zone}", {"kind": "zone_loss", "zone": zone}, now)


@given(
    st.sets(st.integers(1, 3)),
    st.lists(st.sampled_from(["/api/v2/keys", "/health", "/v2/resource_instances"]), max_size=30),
)
def test_live_zones_share_the_load_evenly(down: set[int], paths: list[str]) -> None:
    door = FrontDoor(regions("us-south")[0].service)
    lose(door, *down)
    answers = Counter(get(door, path).status for path in paths)
    asked = sum(path != "/health" for path in paths)
    served = door.zones.served
    live = [served[f"us-south-{zone}"] for zone in (1, 2, 3) if zone not in down]
    if live:
        assert sum(live) == asked
        assert max(live) - min(live) <= 1
        assert answers[503] == 0
    else:
        assert answers[503] == len(paths)
    assert all(served[f"us-south-{zone}"] == 0 for zone in down)


def test_health_is_told_for_the_region_and_for_each_zone(south: Caller) -> None:
    door = FrontDoor(south.service)
    assert door.zones.names == ("us-south-1", "us-south-2", "us-south-3")
    lose(door, 2, now=EPOCH)
    assert get(door, "/health").status == 200
    zones = orjson.loads(get(door, "/health").body)["zones"]
    assert zones == {"us-south-1": "up", "us-south-2": "down", "us-south-3": "up"}
    assert get(door, "/health/us-south-1").status == 200
    assert get(door, "/health/us-south-2").status == 503
    assert get(door, "/health/us-south-9").status == 404
    lose(door, 1, 3, now=EPOCH)
    assert get(door, "/health").status == 503


def test_without_a_live_zone_the_answer_is_a_load_balancers_and_no_json(south: Caller) -> None:
    door = FrontDoor(south.service)
    lose(door, 1, 2, 3)
    answer = get(door, "/api/v2/keys")
    assert answer.status == 503
    assert answer.headers["content-type"] == "text/html"


def test_zones_share_the_regions_keys(south: Caller) -> None:
    door = FrontDoor(south.service)
    key = south.create()["id"]
    token = south.service.iam.issue(south.identity, EPOCH)
    headers = (("Authorization", f"Bearer {token}"), ("Bluemix-Instance", south.instance.id))
    ask = Request("GET", f"/api/v2/keys/{key}", headers)
    for _ in range(3):
        answer = door.receive(ask, EPOCH)
        assert isinstance(answer, Answer)
        assert answer.status == 200
    assert set(door.zones.served.values()) == {1}


def test_the_description_and_the_metrics_are_served(south: Caller) -> None:
    door = FrontDoor(south.service)
    assert orjson.loads(get(door, "/openapi.json").body)["openapi"].startswith("3.")
    assert b"keychaos_zone_up" in get(door, "/metrics?x=y").body
    assert get(door, "/elsewhere").status == 404
