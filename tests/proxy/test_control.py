import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from chaos.errors import WorldError
from chaos.proxy.control import Controls
from tests.proxy.ends import upstream
from tests.proxy.peers import PATIENCE, Peer, free_port, peer

pytestmark = pytest.mark.slow


@pytest.fixture(params=["ours", "toxiproxy"])
def server(request: pytest.FixtureRequest) -> Iterator[Peer]:
    with peer(request.param) as one:
        yield one


@pytest.fixture
def controls(server: Peer) -> Iterator[Controls]:
    with closing(Controls(server.api.url, timeout=PATIENCE)) as one:
        yield one


def test_every_change_is_made_and_read_back(controls: Controls) -> None:
    with upstream() as up:
        listen = controls.create("a b", "127.0.0.1:0", up.address)
        assert controls.proxy("a b")["listen"] == listen
        assert controls.add_toxic("a b", "latency", {"latency": 9}, toxicity=0.3) == (
            "latency_downstream"
        )
        controls.update_toxic("a b", "latency_downstream", {"jitter": 2}, toxicity=0.7)
        shown = controls.toxic("a b", "latency_downstream")
        assert shown["attributes"] == {"latency": 9, "jitter": 2}
        assert shown["toxicity"] == pytest.approx(0.7)
        controls.remove_toxic("a b", "latency_downstream")
        controls.set_upstream("a b", "127.0.0.1:9")
        assert controls.proxy("a b")["upstream"] == "127.0.0.1:9"
        assert controls.proxy("a b")["listen"] == listen
        controls.add_toxic("a b", "noop", {}, name="50% ?#")
        controls.set_enabled("a b", enabled=False)
        assert not controls.proxies()["a b"]["enabled"]
        controls.reset()
        assert controls.proxies()["a b"]["enabled"]
        assert controls.proxies()["a b"]["toxics"] == []
        controls.destroy("a b")
        assert controls.proxies() == {}


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (lambda it: it.create("a", "127.0.0.1:0", "u:1"), "This proxy already exists"),
        (lambda it: it.create("b", it.proxy("a")["listen"], "u:1"), "address already in use"),
        (lambda it: it.create("b", "nowhere", "u:1"), "missing port in address"),
        (lambda it: it.create("a/b", "127.0.0.1:0", "u:1"), "cannot be addressed"),
        (lambda it: it.add_toxic("a", "nope", {}), "invalid toxic type"),
        (lambda it: it.add_toxic("a", "latency", {"latency": 1.5}), "cannot unmarshal number 1.5"),
        (lambda it: it.add_toxic("z", "noop", {}), "proxy not found"),
        (lambda it: it.remove_toxic("a", "z"), "toxic not found"),
        (lambda it: it.update_toxic("a", "z", {}), "toxic not found"),
        (lambda it: it.set_enabled("z", enabled=False), "proxy not found"),
        (lambda it: it.destroy("z"), "proxy not found"),
    ],
)
def test_a_refused_change_is_one_sentence(controls: Controls, wish: object, said: str) -> None:
    assert callable(wish)
    controls.create("a", "127.0.0.1:0", "u:1")

    with pytest.raises(WorldError, match=r"^The fault proxy at http://\S+ did not .*\.$") as caught:
        wish(controls)

    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_only_ours_counts_and_changes_several_things_at_once(
    server: Peer, controls: Controls
) -> None:
    controls.create("a", "127.0.0.1:0", "u:1")
    requests = [
        ("POST", "/proxies/a/toxics", {"type": "noop"}),
        ("PATCH", "/proxies/a", {"enabled": False}),
    ]
    if server.ours:
        first, second = controls.together(*requests)
        assert first["name"] == "noop_downstream"
        assert not second["enabled"]
        counts = controls.counts("a")
        assert counts is not None
        assert counts["toxics"]["noop_downstream"]["eligible"] == 0
        assert counts["shut_at"] <= time.monotonic()
    else:
        assert controls.counts("a") is None
        with pytest.raises(WorldError, match="a real Toxiproxy cannot"):
            controls.together(*requests)


def test_two_servers_are_controlled_by_one_process(server: Peer, controls: Controls) -> None:
    with peer("ours") as second, closing(Controls(second.api.url, timeout=PATIENCE)) as others:
        controls.create("here", "127.0.0.1:0", "u:1")
        others.create("there", "127.0.0.1:0", "u:1")

        assert list(controls.proxies()) == ["here"]
        assert list(others.proxies()) == ["there"]


def test_a_proxy_that_is_gone_is_one_sentence(server: Peer, controls: Controls) -> None:
    controls.create("a", "127.0.0.1:0", "u:1")
    server.process.kill()
    server.process.wait()

    for wish in (
        controls.proxies,
        controls.reset,
        lambda: controls.create("b", "127.0.0.1:0", "u:1"),
        lambda: controls.add_toxic("a", "noop", {}),
        lambda: controls.remove_toxic("a", "noop"),
        lambda: controls.set_enabled("a", enabled=False),
    ):
        with pytest.raises(WorldError, match=r"cannot be reached: Connection refused\.$"):
            wish()


def test_a_proxy_that_does_not_answer_is_waited_for_no_longer_than_asked() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = "http://{}:{}".format(*silent.getsockname())
        with closing(Controls(url, timeout=0.3)) as controls:
            started = time.monotonic()
            with pytest.raises(WorldError, match=r"did not answer within 0\.3 s\.$"):
                controls.reset()
            # The silent socket would be waited for for ever.
            assert time.monotonic() - started < PATIENCE


def test_an_http_proxy_of_the_environment_is_not_asked(
    controls: Controls, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")

    controls.create("a", "127.0.0.1:0", "u:1")


_CONTROLLER = """
import sys, time
from chaos.proxy.control import Controls
it = Controls(sys.argv[1])
it.keep(2.0)
it.create("new", "127.0.0.1:0", "u:1")
it.add_toxic("old", "timeout", {"timeout": 0})
it.update_toxic("old", "before", {"latency": 7})
it.remove_toxic("old", "timeout_downstream")
it.add_toxic("old", "timeout", {"timeout": 5})
it.set_enabled("old", False)
print("changed", flush=True)
time.sleep(120)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_what_a_controller_changed_heals_when_it_is_gone(server: Peer, how: signal.Signals) -> None:
    server.make("old", "u:1")
    server.add("old", "latency", {"latency": 3}, name="before")
    before = server.fine("GET", "/proxies")
    command = [sys.executable, "-c", _CONTROLLER, server.api.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as controller, ExitStack() as last:
        last.callback(controller.kill)
        assert controller.stdout is not None
        assert controller.stdout.readline() == b"changed\n"
        # Longer than a lease: only its heartbeat can have kept what it changed.
        time.sleep(2.4)
        held = server.fine("GET", "/proxies")
        assert not held["old"]["enabled"]
        assert len(held["old"]["toxics"]) == 2
        assert "new" in held
        os.kill(controller.pid, how)
        by = time.monotonic() + PATIENCE
        while server.fine("GET", "/proxies") != before and time.monotonic() < by:
            time.sleep(0.05)
        healed = server.fine("GET", "/proxies")

    assert healed == before, json.dumps(healed)


def test_closing_controls_heals_what_they_keep(server: Peer) -> None:
    server.make("old", "u:1")
    before = server.fine("GET", "/proxies")
    with closing(Controls(server.api.url, timeout=PATIENCE)) as controls:
        controls.keep(PATIENCE)
        controls.set_enabled("old", enabled=False)
        controls.add_toxic("old", "noop", {})

    assert server.fine("GET", "/proxies") == before
