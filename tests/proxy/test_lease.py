import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.exchange import Answer, Request
from chaos.proxy.api import respond
from chaos.proxy.batch import batching, healing
from chaos.proxy.body import Refusal
from chaos.proxy.forms import shown_proxy
from chaos.proxy.lease import Leases, duration
from chaos.proxy.leasing import leased, leasing
from chaos.proxy.registry import Registry
from tests.proxy.model import Sockets, follow
from tests.proxy.test_batch import PARTS


class Leasing:
    """A server with leases on paper, and a clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.registry: Registry = {}
        self.sockets = Sockets()
        self.leases = Leases()
        self.now = 0.0
        for name in ("a", "b"):
            self.ask("POST", "/proxies", {"name": name, "upstream": "u", "listen": "127.0.0.1:0"})
        self.ask("POST", "/proxies/a/toxics", {"type": "latency", "attributes": {"latency": 9}})

    def ask(
        self, method: str, path: str, body: object = None, lease: str = "", name: str = ""
    ) -> Answer:
        headers = (("X-Lease", lease),) * bool(lease) + (("X-Lease-Id", name),) * bool(name)
        request = Request(method, path, headers, json.dumps(body).encode())
        more = {**batching({}), **leasing(self.leases, lambda: self.now)}
        plan = respond(self.registry, request, "c0ffee", more)
        return follow(
            leased(self.registry, request, self.leases, lambda: self.now, plan), self.sockets
        )

    def wait(self, seconds: float) -> None:
        self.now += seconds
        follow(healing(self.registry, self.leases.lapse(self.now), {}), self.sockets)

    def shown(self) -> dict[str, Any]:
        proxies = {name: shown_proxy(one) for name, one in self.registry.items()}
        for proxy in proxies.values():
            # A toxic that comes back comes back at the end of the chain.
            proxy["toxics"] = sorted(proxy["toxics"], key=str)  # type: ignore[call-overload] # a list
        return proxies


@pytest.mark.parametrize(
    ("text", "seconds"), [("5s", 5.0), ("300ms", 0.3), ("2m", 120.0), ("7", 7.0), (" 1.5s ", 1.5)]
)
def test_a_lease_is_a_time(text: str, seconds: float) -> None:
    assert duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "0s", "-1s", "soon", "5 s", "25h", "1d", "inf", "nan"])
def test_a_lease_that_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match="is not a time like 5s"):
        duration(text)


def test_a_toxic_under_a_lease_goes_when_nobody_renews_it() -> None:
    it = Leasing()
    before = it.shown()
    given = it.ask("POST", "/proxies/a/toxics", {"type": "timeout"}, lease="5s")

    assert given.headers["x-lease-id"] == "c0ffee"
    it.wait(4.9)
    assert "timeout_downstream" in str(it.shown())
    it.wait(0.2)
    assert it.shown() == before
    assert it.sockets.agrees_with(it.registry)


def test_a_heartbeat_keeps_a_lease() -> None:
    it = Leasing()
    it.ask("PATCH", "/proxies/a", {"enabled": False}, lease="5s", name="me")
    for _ in range(10):
        it.wait(4.0)
        assert it.ask("POST", "/leases/me").status == 200

    assert not it.registry["a"].enabled
    it.wait(5.1)
    assert it.registry["a"].enabled
    assert it.ask("POST", "/leases/me").status == 404


def test_ending_a_lease_heals_at_once() -> None:
    it = Leasing()
    before = it.shown()
    it.ask("DELETE", "/proxies/a/toxics/latency_downstream", lease="5s", name="me")
    it.ask("DELETE", "/proxies/b", lease="5s", name="me")

    assert it.ask("DELETE", "/leases/me").status == 204
    assert it.shown() == before


def test_a_change_without_a_lease_stays() -> None:
    it = Leasing()
    it.ask("PATCH", "/proxies/a", {"enabled": False}, lease="5s", name="me")
    it.ask("POST", "/proxies/a/toxics", {"type": "noop"}, lease="5s", name="me")
    it.ask("PATCH", "/proxies/a/toxics/noop_downstream", {"toxicity": 0.5})
    it.wait(6)

    assert it.registry["a"].enabled
    assert it.registry["a"].toxic("noop_downstream") is not None


def test_a_lease_covers_a_batch_as_a_whole() -> None:
    it = Leasing()
    before = it.shown()
    parts = [
        {"method": "PATCH", "path": "/proxies/a", "body": {"enabled": False}},
        {"method": "POST", "path": "/proxies/b/toxics", "body": {"type": "noop"}},
    ]
    assert it.ask("POST", "/changes", parts, lease="1s").status == 200
    it.wait(1.1)

    assert it.shown() == before


def test_what_was_healed_by_hand_is_passed_over() -> None:
    it = Leasing()
    before = it.shown()
    it.ask("POST", "/proxies/a/toxics", {"type": "noop"}, lease="5s")
    it.ask("POST", "/reset")
    it.ask("POST", "/proxies/a/toxics", {"type": "latency", "attributes": {"latency": 9}})
    it.wait(6)

    assert it.shown() == before


def test_leases_are_listed_with_what_they_will_put_back() -> None:
    it = Leasing()
    it.ask("PATCH", "/proxies/a", {"enabled": False}, lease="5s", name="me")
    it.ask("POST", "/proxies/a/toxics", {"type": "noop"}, lease="5s", name="me")
    it.now += 2

    (listed,) = json.loads(it.ask("GET", "/leases").body).values()
    assert listed == {"lasts": 5, "left": 3, "changes": ["a", "a/noop_downstream"]}
    assert json.loads(it.ask("GET", "/leases/me").body) == listed
    assert it.ask("GET", "/leases/you").status == 404


@pytest.mark.parametrize("lease", ["soon", "0"])
def test_a_change_under_a_bad_lease_is_not_made(lease: str) -> None:
    it = Leasing()
    before = it.shown()

    assert it.ask("DELETE", "/proxies/a", lease=lease).status == 400
    assert it.shown() == before


@given(st.lists(st.tuples(PARTS, st.sampled_from(["me", "you"]), st.floats(0, 0.4)), max_size=12))
def test_whatever_is_changed_under_leases_heals(
    steps: list[tuple[dict[str, Any], str, float]],
) -> None:
    it = Leasing()
    before = it.shown()
    for part, name, wait in steps:
        it.ask(part["method"], part["path"], part["body"], lease="5s", name=name)
        it.now += wait
        assert it.sockets.agrees_with(it.registry)
    it.wait(6)

    after = it.shown()
    for proxy in (*before.values(), *after.values()):
        if not proxy["enabled"] or proxy["listen"].startswith("127.0.0.1:4"):
            # A port that was the system's choice may be another one after the proxy was replaced.
            proxy["listen"] = ""
    assert after == before
    assert it.sockets.agrees_with(it.registry)
    assert len(it.leases) == 0


@given(st.lists(PARTS, max_size=30))
def test_undoing_stays_short_however_often_something_changes(parts: list[dict[str, Any]]) -> None:
    it = Leasing()
    for part in parts:
        it.ask(part["method"], part["path"], part["body"], lease="5s", name="me")

    if len(it.leases):
        undo = it.leases.find("me").undo
        assert all(len(requests) <= 3 for requests in undo.values())
