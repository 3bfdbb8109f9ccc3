import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.exchange import Answer, Request
from chaos.proxy.api import ROUTES, respond
from chaos.proxy.body import encoded
from chaos.proxy.registry import (
    Change,
    Lift,
    Open,
    Outcome,
    Place,
    Problem,
    Registry,
    Resolve,
    Shut,
)
from chaos.proxy.syntax import parse
from tests.proxy.api_cases import BAD_LISTENS, Case, Exchange
from tests.proxy.api_table import CASES

_NOT_HERE = "192.0.2.1:80"


class Sockets:
    """A stand-in for the engine: knows which addresses cannot be had, invents ports."""

    def __init__(self) -> None:
        self.done: list[Change] = []
        self._port = 40000

    def _resolved(self, listen: str) -> str | Problem:
        if listen in BAD_LISTENS:
            return Problem(BAD_LISTENS[listen])
        host, _, port = listen.rpartition(":")
        if host == "nope.invalid":
            return Problem(f"lookup {host}: no such host")
        return f"{host or '127.0.0.1'}:{port or 0}"

    def carry_out(self, change: Change) -> Outcome:
        self.done.append(change)
        if isinstance(change, Resolve):
            return self._resolved(change.listen)
        if not isinstance(change, Open):
            return None
        found = self._resolved(change.listen)
        if isinstance(found, Problem):
            return Problem(f"listen tcp: {found.text}")
        if found == _NOT_HERE:
            return Problem(f"listen tcp {found}: bind: cannot assign requested address")
        self._port += 1
        return re.sub(r":0$", f":{self._port}", found)


def _answer(registry: Registry, sockets: Sockets, request: Request) -> Answer:
    plan = respond(registry, request, "c0ffee", {})
    try:
        changes = next(plan)
        while True:
            changes = plan.send(tuple(sockets.carry_out(change) for change in changes))
    except StopIteration as stop:
        answer = stop.value
        assert isinstance(answer, Answer)
        return answer


def _asked(exchange: Exchange, port: str) -> Request:
    body = (exchange.body or "").replace("<port>", port).encode()
    return Request(exchange.method, exchange.path, exchange.headers, body)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_api_answers_as_toxiproxy_does(case: Case) -> None:
    registry: Registry = {}
    sockets = Sockets()
    port = "0"
    for exchange in case.exchanges:
        answer = _answer(registry, sockets, _asked(exchange, port))
        body = answer.body.decode()
        found = re.search(r"127\.0\.0\.1:(\d+)", body)
        port = found[1] if found else port

        assert answer.status == exchange.status, exchange
        assert re.sub(r'127\.0\.0\.1:\d+"', '127.0.0.1:<port>"', body) == exchange.answer


@given(st.text(max_size=60))
def test_any_path_is_answered(path: str) -> None:
    answer = _answer({}, Sockets(), Request("GET", "/" + path))

    assert answer.status in {200, 404, 405}


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

        answer = _answer(registry, sockets, Request("POST", path, body=body))

        assert answer.status in {201, 400, 500}
        if answer.status == 400:
            assert "error" in json.loads(answer.body)
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
            answer = _answer({}, Sockets(), Request(method, path, body=b"{}"))

            assert answer.headers["x-toxiproxy-request-id"] == "c0ffee"


def test_error_bodies_are_labelled_as_the_json_they_are() -> None:
    answer = _answer({}, Sockets(), Request("GET", "/proxies/nope"))

    assert answer.headers["content-type"] == "application/json"
    assert json.loads(answer.body) == {"error": "proxy not found", "status": 404}


def test_a_reset_takes_the_toxics_of_a_proxy_away_together() -> None:
    registry: Registry = {}
    sockets = Sockets()
    made = b'{"name":"a","upstream":"u","listen":"127.0.0.1:0"}'
    _answer(registry, sockets, Request("POST", "/proxies", body=made))
    for name in (b"x", b"y"):
        toxic = b'{"type":"noop","name":"' + name + b'"}'
        _answer(registry, sockets, Request("POST", "/proxies/a/toxics", body=toxic))
    _answer(registry, sockets, Request("PATCH", "/proxies/a", body=b'{"enabled":false}'))
    sockets.done.clear()

    _answer(registry, sockets, Request("POST", "/reset"))

    assert [type(change) for change in sockets.done] == [Open, Lift, Lift]
    assert registry["a"].enabled
    assert not registry["a"].toxics


def test_changes_follow_the_words_of_the_request() -> None:
    registry: Registry = {}
    sockets = Sockets()
    made = b'{"name":"a","upstream":"u","listen":"127.0.0.1:0"}'
    _answer(registry, sockets, Request("POST", "/proxies", body=made))
    _answer(registry, sockets, Request("POST", "/proxies/a/toxics", body=b'{"type":"latency"}'))
    _answer(registry, sockets, Request("PATCH", "/proxies/a", body=b'{"enabled":false}'))

    assert [type(change) for change in sockets.done] == [Open, Place, Resolve, Shut]
