import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.exchange import Request
from chaos.proxy.api import ROUTES
from chaos.proxy.body import encoded
from chaos.proxy.registry import Lift, Open, Place, Registry, Resolve, Shut
from chaos.proxy.syntax import parse
from tests.proxy.api_cases import Case, Exchange
from tests.proxy.api_table import CASES
from tests.proxy.model import Sockets, answer


def _asked(exchange: Exchange, port: str) -> Request:
    body = (exchange.body or "").replace("<port>", port).encode()
    return Request(exchange.method, exchange.path, exchange.headers, body)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_api_answers_as_toxiproxy_does(case: Case) -> None:
    registry: Registry = {}
    sockets = Sockets()
    port = "0"
    for exchange in case.exchanges:
        given = answer(registry, sockets, _asked(exchange, port))
        body = given.body.decode()
        found = re.search(r"127\.0\.0\.1:(\d+)", body)
        port = found[1] if found else port

        assert given.status == exchange.status, exchange
        assert re.sub(r'127\.0\.0\.1:\d+"', '127.0.0.1:<port>"', body) == exchange.answer


@given(st.text(max_size=60))
def test_any_path_is_answered(path: str) -> None:
    given = answer({}, Sockets(), Request("GET", "/" + path))

    assert given.status in {200, 404, 405}


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@given(st.binary(max_size=60) | _JSON.map(lambda value: json.dumps(value).encode()))
def test_garbage_is_refused_with_a_sentence_and_changes_nothing(body: bytes) -> None:
    for path in ("/proxies", "/populate"):
        registry: Registry = {}
        sockets = Sockets()

        given = answer(registry, sockets, Request("POST", path, body=body))

        assert given.status in {201, 400, 500}
        if given.status == 400:
            assert "error" in json.loads(given.body)
            assert not registry
            assert not sockets.done


@given(_JSON)
def test_valid_json_is_read_as_the_standard_library_reads_it(value: object) -> None:
    def plain(read: object) -> object:
        if isinstance(read, str) and type(read) is not str:
            return json.loads(read)
        if isinstance(read, list) and type(read) is not list:
            return {key: plain(inner) for key, inner in read}
        return [plain(one) for one in read] if isinstance(read, list) else read

    assert plain(parse(json.dumps(value))) == value


@given(st.text(max_size=40))
def test_text_that_is_no_json_ends_in_one_sentence(text: str) -> None:
    sentence = ""
    try:
        parse(text)
    except ValueError as error:
        sentence = str(error)
    else:
        sentence = "it parses"

    assert sentence


@given(_JSON)
def test_what_is_written_is_read_back(value: object) -> None:
    written = encoded(value)

    assert json.loads(written) == value
    assert not set(b"<>&") & set(written)


def test_every_matched_route_answers_with_a_request_id() -> None:
    for pattern, methods in ROUTES.items():
        path = pattern.replace("{proxy}", "p").replace("{toxic}", "t")
        for method in methods:
            given = answer({}, Sockets(), Request(method, path, body=b"{}"))

            assert given.headers["x-toxiproxy-request-id"] == "c0ffee"


def test_error_bodies_are_labelled_as_the_json_they_are() -> None:
    given = answer({}, Sockets(), Request("GET", "/proxies/nope"))

    assert given.headers["content-type"] == "application/json"
    assert json.loads(given.body) == {"error": "proxy not found", "status": 404}


def test_a_reset_takes_the_toxics_of_a_proxy_away_together() -> None:
    registry: Registry = {}
    sockets = Sockets()
    made = b'{"name":"a","upstream":"u","listen":"127.0.0.1:0"}'
    answer(registry, sockets, Request("POST", "/proxies", body=made))
    for name in (b"x", b"y"):
        toxic = b'{"type":"noop","name":"' + name + b'"}'
        answer(registry, sockets, Request("POST", "/proxies/a/toxics", body=toxic))
    answer(registry, sockets, Request("PATCH", "/proxies/a", body=b'{"enabled":false}'))
    sockets.done.clear()

    answer(registry, sockets, Request("POST", "/reset"))

    assert [type(change) for change in sockets.done] == [Open, Lift, Lift]
    assert registry["a"].enabled
    assert not registry["a"].toxics


def test_changes_follow_the_words_of_the_request() -> None:
    registry: Registry = {}
    sockets = Sockets()
    made = b'{"name":"a","upstream":"u","listen":"127.0.0.1:0"}'
    answer(registry, sockets, Request("POST", "/proxies", body=made))
    answer(registry, sockets, Request("POST", "/proxies/a/toxics", body=b'{"type":"latency"}'))
    answer(registry, sockets, Request("PATCH", "/proxies/a", body=b'{"enabled":false}'))

    assert [type(change) for change in sockets.done] == [Open, Place, Resolve, Shut]
