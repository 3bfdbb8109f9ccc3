"""Lists: pages, totals and what they hide."""

import pytest

from tests.service.caller import Caller


def ids(caller: Caller, query: str = "") -> list[str]:
    return [key["id"] for key in caller.ok("GET", f"keys{query}")["resources"]]


def test_keys_come_in_pages_by_id(south: Caller) -> None:
    made = sorted(south.create(f"key-{number}")["id"] for number in range(7))
    assert ids(south) == made
    assert ids(south, "?limit=3") == made[:3]
    assert ids(south, "?limit=3&offset=6") == made[6:]
    assert ids(south, "?offset=9") == []
    assert south.ok("GET", "keys?limit=3")["metadata"]["collectionTotal"] == 3


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=5001",
        "limit=-1",
        "limit=x",
        "limit=\u0663",
        "offset=-1",
        "offset=" + "0" * 12 + "9" * 10,
        "offset=" + "0" * 5000 + "9",
        "state=6",
        "state=1,",
        "state=a",
        "extractable=maybe",
        "sort=name",
        "filter=x",
        "filter=state=1 state",
    ],
)
def test_a_bad_query_is_refused(south: Caller, query: str) -> None:
    assert south.refused("GET", f"keys?{query}") == "400 INVALID_QUERY_PARAM_ERR"


def test_empty_query_parameters_are_absent_ones(south: Caller) -> None:
    key = south.create()["id"]
    assert ids(south, "?state=&limit=&search=&sort=&filter=&extractable=") == [key]


def test_the_total_counts_what_the_filters_let_through(south: Caller) -> None:
    south.create()
    south.create(extractable=True)
    gone = south.create()["id"]
    south.call("DELETE", f"keys/{gone}")
    for query, total in (
        ("", "2"),
        ("?state=5", "1"),
        ("?state=0,1,2,3&extractable=true", "1"),
        ("?filter=state%3D1,5%20extractable%3Dfalse", "2"),
    ):
        assert south.call("HEAD", "keys" + query).headers["key-total"] == total


def test_a_search_is_told_in_the_metadata(south: Caller) -> None:
    south.create("Ledger key")
    found = south.ok("GET", "keys?search=not:name:ledger,")
    assert found["metadata"]["searchQuery"] == {"query": "ledger", "scopes": ["name"], "not": True}
    assert found["resources"] == []


def test_versions_are_newest_first_and_need_a_live_key_unless_asked_otherwise(
    south: Caller,
) -> None:
    key = south.create()["id"]
    for _ in range(3):
        south.act(key, "rotate")
        south.now += 3600
    listed = south.ok("GET", f"keys/{key}/versions?totalCount=true&limit=2")
    assert listed["metadata"]["totalCount"] == 4
    assert listed["resources"][0]["id"] == south.key(key)["keyVersion"]["id"]
    dates = [each["creationDate"] for each in listed["resources"]]
    assert dates == sorted(dates, reverse=True)
    versions = f"keys/{key}/versions"
    assert south.refused("GET", versions + "?allKeyStates=x") == "400 INVALID_QUERY_PARAM_ERR"
    for method, path in (("POST", f"keys/{key}/actions/disable"), ("DELETE", f"keys/{key}")):
        south.ok(method, path)
        assert south.refused("GET", versions) == "409 KEY_ACTION_INVALID_STATE_ERR"
        assert len(south.ok("GET", versions + "?allKeyStates=true")["resources"]) == 4
