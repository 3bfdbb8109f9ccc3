import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.exchange import Request
from chaos.proxy.batch import batching, copied
from chaos.proxy.registry import Lift, Open, Place, Registry
from tests.proxy.model import Sockets, answer

_BATCH = batching({})


def _changes(registry: Registry, sockets: Sockets, *parts: dict[str, Any]) -> tuple[int, Any]:
    body = json.dumps(parts).encode()
    given = answer(registry, sockets, Request("POST", "/changes", body=body), _BATCH)
    return given.status, json.loads(given.body)


def _part(method: str, path: str, body: object = None) -> dict[str, Any]:
    return {"method": method, "path": path, "body": body}


def _started() -> tuple[Registry, Sockets]:
    registry: Registry = {}
    sockets = Sockets()
    for name in ("a", "b"):
        body = json.dumps({"name": name, "upstream": "u", "listen": "127.0.0.1:0"}).encode()
        answer(registry, sockets, Request("POST", "/proxies", body=body))
    slow = b'{"type":"latency","attributes":{"latency":9}}'
    answer(registry, sockets, Request("POST", "/proxies/a/toxics", body=slow))
    sockets.done.clear()
    return registry, sockets


def test_several_toxics_and_proxies_change_in_one_request() -> None:
    registry, sockets = _started()

    status, given = _changes(
        registry,
        sockets,
        _part("POST", "/proxies/a/toxics", {"type": "timeout", "attributes": {"timeout": 5}}),
        _part("PATCH", "/proxies/a/toxics/latency_downstream", {"toxicity": 0.5}),
        _part("PATCH", "/proxies/b", {"enabled": False}),
        _part("POST", "/proxies", {"name": "c", "upstream": "u", "listen": "127.0.0.1:0"}),
    )

    assert status == 200
    assert [one["status"] for one in given["answers"]] == [200, 200, 200, 201]
    assert not registry["b"].enabled
    assert registry["c"].listen == sockets.proxies["c"].listen
    assert sockets.agrees_with(registry)


def test_where_one_request_is_refused_nothing_is_done() -> None:
    registry, sockets = _started()
    before = copied(registry)

    status, given = _changes(
        registry,
        sockets,
        _part("POST", "/proxies", {"name": "c", "upstream": "u", "listen": "127.0.0.1:0"}),
        _part("DELETE", "/proxies/a/toxics/latency_downstream"),
        _part("DELETE", "/proxies/a/toxics/nope"),
    )

    assert status == 404
    assert given == {"error": "toxic not found", "status": 404, "request": 3}
    assert registry == before
    assert sockets.agrees_with(registry)


def test_an_address_that_cannot_be_had_refuses_the_batch() -> None:
    registry, sockets = _started()
    before = copied(registry)

    status, given = _changes(
        registry,
        sockets,
        _part("PATCH", "/proxies/b", {"enabled": False}),
        _part("POST", "/proxies", {"name": "c", "upstream": "u", "listen": registry["a"].listen}),
    )

    assert status == 500
    assert given["request"] == 2
    assert registry == before
    assert sockets.agrees_with(registry)


def test_what_a_lifted_toxic_holds_meets_the_ones_that_replace_it() -> None:
    registry, sockets = _started()

    _changes(
        registry,
        sockets,
        _part("DELETE", "/proxies/a/toxics/latency_downstream"),
        _part("POST", "/proxies/a/toxics", {"type": "bandwidth"}),
    )

    assert [type(change) for change in sockets.done] == [Place, Lift]


def test_a_toxic_is_replaced_by_one_of_its_name() -> None:
    registry, sockets = _started()

    status, _ = _changes(
        registry,
        sockets,
        _part("DELETE", "/proxies/a/toxics/latency_downstream"),
        _part("POST", "/proxies/a/toxics", {"type": "timeout", "name": "latency_downstream"}),
    )

    assert status == 200
    assert [toxic.type for toxic in sockets.proxies["a"].toxics] == ["timeout"]


def test_a_proxy_opens_only_when_its_toxics_are_there() -> None:
    registry, sockets = _started()

    _changes(
        registry,
        sockets,
        _part("POST", "/proxies", {"name": "c", "upstream": "u", "listen": "127.0.0.1:0"}),
        _part("POST", "/proxies/c/toxics", {"type": "timeout"}),
    )

    assert [type(change) for change in sockets.done[-2:]] == [Place, Open]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"{}", "bad request body: a list of requests is needed"),
        (b"", "bad request body: EOF"),
        (b"[{}]", "missing required field: method at request 1"),
        (b'[{"method":"GET"}]', "missing required field: path at request 1"),
    ],
)
def test_a_body_that_lists_no_requests_is_refused(body: bytes, text: str) -> None:
    given = answer({}, Sockets(), Request("POST", "/changes", body=body), _BATCH)

    assert given.status == 400
    assert json.loads(given.body)["error"] == text


_NAMES = st.sampled_from(["a", "b", "c"])
_TOXICS = st.sampled_from(["x", "y", "latency_downstream"])
_STREAMS = st.sampled_from(["upstream", "downstream"])
# Addresses of its own for each proxy: two that swap theirs are beyond what one change can do.
_OPENED = _NAMES.flatmap(
    lambda name: st.tuples(
        st.just(name),
        st.sampled_from(["127.0.0.1:0", *(f"127.0.0.{ord(name)}:{n}" for n in (7, 8))]),
    )
)
PARTS = st.one_of(
    st.builds(
        lambda name, toxic, stream: _part(
            "POST", f"/proxies/{name}/toxics", {"type": "noop", "name": toxic, "stream": stream}
        ),
        _NAMES,
        _TOXICS,
        _STREAMS,
    ),
    st.builds(
        lambda name, toxic: _part("DELETE", f"/proxies/{name}/toxics/{toxic}"), _NAMES, _TOXICS
    ),
    st.builds(
        lambda name, toxic, share: _part(
            "PATCH", f"/proxies/{name}/toxics/{toxic}", {"toxicity": share}
        ),
        _NAMES,
        _TOXICS,
        st.sampled_from([0.25, 0.5]),
    ),
    st.builds(
        lambda name, enabled: _part("PATCH", f"/proxies/{name}", {"enabled": enabled}),
        _NAMES,
        st.booleans(),
    ),
    st.builds(
        lambda it: _part("PATCH", f"/proxies/{it[0]}", {"listen": it[1]}),
        _OPENED,
    ),
    st.builds(lambda name: _part("DELETE", f"/proxies/{name}"), _NAMES),
    st.builds(
        lambda it: _part("POST", "/proxies", {"name": it[0], "upstream": "u", "listen": it[1]}),
        _OPENED,
    ),
    st.just(_part("POST", "/reset")),
)


@given(st.lists(PARTS, max_size=8))
def test_a_batch_ends_where_its_requests_one_by_one_end_or_changes_nothing(
    parts: list[dict[str, Any]],
) -> None:
    registry, sockets = _started()
    before = copied(registry)
    one_by_one, elsewhere = _started()
    fine = all(
        answer(
            one_by_one,
            elsewhere,
            Request(part["method"], part["path"], body=json.dumps(part["body"]).encode()),
        ).status
        < 400
        for part in parts
    )

    status, _ = _changes(registry, sockets, *parts)

    assert sockets.agrees_with(registry)
    assert (status == 200) <= fine
    if status == 200:
        assert {name: one.toxics for name, one in registry.items()} == {
            name: one.toxics for name, one in one_by_one.items()
        }
        assert {name: one.enabled for name, one in registry.items()} == {
            name: one.enabled for name, one in one_by_one.items()
        }
    else:
        assert registry == before
