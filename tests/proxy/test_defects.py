"""The ten defects of Toxiproxy 2.12 that ours does not have.

Each test runs against both servers and expects the defect of the real one: so it is shown that the
test can see the defect, and a Toxiproxy that mends one is noticed.
"""

import contextlib
import socket
import subprocess
import threading
import time

import pytest

from chaos.errors import WorldError
from chaos.proxy.client import ApiClient
from tests.proxy.differences import DIFFERENCES
from tests.proxy.ends import (
    beside,
    black_hole,
    connect,
    echo,
    how_it_ends,
    joined,
    receive,
    reset,
    upstream,
)
from tests.proxy.peers import PATIENCE, Peer, ours, peer, toxiproxy

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("name", ["ours", "toxiproxy"])]

# Long beyond what an answer takes, short of the 25 s after which Toxiproxy gives up.
HANGS = 5.0


def _answers(server: Peer, method: str, path: str, body: object = None) -> bool:
    api = ApiClient(server.api.url, timeout=HANGS)
    try:
        return api.ask(method, *path.strip("/").split("/"), body=body).fine
    except WorldError:
        return False
    finally:
        api.close()


def test_removing_a_latency_toxic_while_a_client_does_not_read_answers(name: str) -> None:
    assert "stuck-removal" in DIFFERENCES
    with peer(name) as server, joined(server) as both:
        server.add("it", "latency", {"latency": 10})
        both.server.settimeout(0.3)
        # More than every buffer between the two ends takes: the writer is stuck.
        with contextlib.suppress(TimeoutError):
            for _ in range(400):
                both.server.sendall(bytes(1 << 20))

        assert _answers(server, "DELETE", "/proxies/it/toxics/latency_downstream") == server.ours
        assert _answers(server, "GET", "/proxies") == server.ours


@pytest.mark.parametrize(
    ("kind", "attributes"),
    [
        ("bandwidth", {"rate": -1}),
        ("slicer", {}),
        ("slicer", {"average_size": 10, "size_variation": 500}),
        ("latency", {"jitter": 2**62}),
    ],
)
def test_no_attribute_ends_the_server(name: str, kind: str, attributes: dict[str, float]) -> None:
    assert "crashing-attributes" in DIFFERENCES
    with peer(name) as server, joined(server) as both:
        server.add("it", kind, attributes)
        by = time.monotonic() + (0.7 if server.ours else 2 * PATIENCE)
        while server.process.poll() is None and time.monotonic() < by:
            # Where it cuts is chance, and a stack of a gigabyte takes its time to overflow.
            with contextlib.suppress(OSError):
                both.server.sendall(bytes(2000))
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.process.wait(0.3)

        assert server.alive() == server.ours


def _spared(server: Peer) -> list[bool]:
    with echo() as address:
        listen = server.make("it", address)
        server.add("it", "timeout", {"timeout": 1}, toxicity=0.5)
        spared = []
        for _ in range(48):
            with connect(listen) as sock:
                sock.sendall(b"x")
                spared.append(receive(sock, 1) == b"x")
        return spared


def test_the_same_seed_hits_the_same_connections(name: str) -> None:
    assert "seed" in DIFFERENCES

    def seeded(seed: int) -> contextlib.AbstractContextManager[Peer]:
        return ours(seed=seed) if name == "ours" else toxiproxy("-seed", str(seed))

    with seeded(7) as first, seeded(7) as second, seeded(8) as other:
        hits = _spared(first), _spared(second), _spared(other)

    assert (hits[0] == hits[1]) == (name == "ours")
    assert hits[0] != hits[2]


def test_a_half_closed_client_gets_its_reply(name: str) -> None:
    with peer(name) as server, joined(server) as both:
        both.client.sendall(b"question")
        both.client.shutdown(socket.SHUT_WR)
        assert how_it_ends(both.server) == "end"
        with contextlib.suppress(OSError):
            both.server.sendall(b"answer")
        with contextlib.suppress(OSError):
            both.server.shutdown(socket.SHUT_WR)

        assert (receive(both.client, 6) == b"answer") == server.ours


@pytest.mark.parametrize("who", ["client", "server"])
def test_a_reset_reaches_the_other_side_as_a_reset(name: str, who: str) -> None:
    assert "half-close-and-reset" in DIFFERENCES
    with peer(name) as server, joined(server) as both:
        one, other = (both.client, both.server) if who == "client" else (both.server, both.client)
        reset(one)

        assert how_it_ends(other) == ("reset" if server.ours else "end")


def test_an_upstream_that_does_not_answer_blocks_nobody(name: str) -> None:
    assert "blocking-dial" in DIFFERENCES
    with peer(name) as server, black_hole() as address:
        listen = server.make("it", "{}:{}".format(*address))
        with connect(listen), connect(listen):
            time.sleep(0.1)

            assert _answers(server, "POST", "/proxies/it", {"enabled": False}) == server.ours


def test_reset_peer_spares_those_whom_it_does_not_hit(name: str) -> None:
    with peer(name) as server, upstream() as up:
        listen = server.make("it", up.address)
        server.add("it", "reset_peer", {"timeout": 0}, toxicity=0)
        both = up.join(listen)
        both.server.sendall(b"bye")
        both.server.close()

        assert how_it_ends(both.client) == ("end" if server.ours else "reset")


def test_reset_peer_resets_connections_older_than_itself(name: str) -> None:
    assert "linger" in DIFFERENCES
    with peer(name) as server, joined(server) as both:
        server.add("it", "reset_peer", {"timeout": 10}, stream="upstream")
        both.client.sendall(b"x")

        assert how_it_ends(both.client) == ("reset" if server.ours else "end")


def test_data_does_not_restart_a_timeout(name: str) -> None:
    assert "timeout-restart" in DIFFERENCES
    with peer(name) as server, joined(server) as both:
        server.add("it", "timeout", {"timeout": 1000})
        stop = threading.Event()

        def chatter() -> None:
            with contextlib.suppress(OSError):
                while not stop.wait(0.05):
                    both.server.sendall(b"x")

        with beside(chatter):
            ended = how_it_ends(both.client, within=PATIENCE if server.ours else 3)
            stop.set()

        assert ended == ("end" if server.ours else "open")


def test_bytes_are_counted_while_the_connection_lives(name: str) -> None:
    assert "live-metrics" in DIFFERENCES
    metered = ours(proxy_metrics=True) if name == "ours" else toxiproxy("-proxy-metrics")
    with metered as server, joined(server) as both:
        both.client.sendall(bytes(1234))
        receive(both.server, 1234)
        text = _scraped(server)

        labels = 'direction="upstream",listener="127.0.0.1:'
        assert (f"toxiproxy_proxy_received_bytes_total{{{labels}" in text) == server.ours
        assert (" 1234\n" in text) == server.ours


def _scraped(server: Peer) -> str:
    with socket.create_connection((server.api.host, server.api.port), timeout=PATIENCE) as sock:
        sock.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return receive(sock, 1 << 20).decode()


def test_error_bodies_are_labelled_as_json(name: str) -> None:
    assert "error-type" in DIFFERENCES
    with peer(name) as server:
        told = server.ask("GET", "/proxies/nope")

        assert told.value == {"error": "proxy not found", "status": 404}
        assert (told.headers["content-type"] == "application/json") == server.ours


def test_populate_applies_enabled(name: str) -> None:
    assert "populate-enabled" in DIFFERENCES
    with peer(name) as server, upstream() as up:
        listen = server.make("it", up.address)
        wish = {"name": "it", "listen": listen, "upstream": up.address, "enabled": False}
        (shown,) = server.fine("POST", "/populate", [wish])["proxies"]

        assert shown["enabled"] == (not server.ours)
        (shown,) = server.fine("POST", "/populate", [{**wish, "enabled": True}])["proxies"]
        assert shown["enabled"]
