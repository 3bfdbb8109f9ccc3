"""From a request target to its route."""

from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from chaos.service.resolve import find, resolve
from chaos.service.routes import PREFIX, ROUTES, UNKNOWN_ACTION, Route


@given(st.sampled_from(ROUTES), st.text(alphabet="abcXYZ019-_%.", min_size=1, max_size=12))
def test_every_route_is_found_whatever_the_names_in_its_path(route: Route, name: str) -> None:
    segments = [name if part == "*" else part for part in route.path.split("/")]
    assert find(route.method, segments, route.action) is route


def test_a_literal_path_wins_over_a_key_of_that_name() -> None:
    found = find("GET", ["keys", "registrations"], "")
    assert isinstance(found, Route)
    assert found.path == "keys/registrations"


def test_a_known_path_tells_its_methods_and_an_unknown_one_none() -> None:
    assert find("PUT", ["keys"], "") == ("HEAD", "GET", "POST")
    assert find("GET", ["elsewhere"], "") == ()
    assert find("GET", [], "") == ()


@given(st.text(max_size=12), st.sampled_from(["", "/metadata", "?limit=1&offset=", "x" * 300]))
def test_a_target_is_read_the_same_however_often_and_however_long(name: str, rest: str) -> None:
    target = f"{PREFIX}keys/{quote(name, safe='')}{rest}"
    once, again = resolve("GET", target), resolve("GET", target)
    assert once == again
    if not rest.startswith("x"):
        assert once.names == (name,)
        assert "offset" not in once.query


@given(st.sampled_from(ROUTES), st.text(max_size=12))
def test_an_action_counts_only_where_keys_are_acted_on(route: Route, action: str) -> None:
    segments = [part.replace("*", "name") for part in route.path.split("/")]
    if (route.method, route.path) != ("POST", "keys/*"):
        assert find(route.method, segments, action) is route


def test_the_legacy_form_without_a_known_action_is_a_route_of_its_own() -> None:
    assert find("POST", ["keys", "name"], "") is UNKNOWN_ACTION
    assert find("POST", ["keys", "name"], "explode") is UNKNOWN_ACTION
    assert find("POST", ["keys", "registrations"], "") == ("GET",)
    assert not UNKNOWN_ACTION.writes
