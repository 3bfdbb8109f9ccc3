"""What live connections see of changes, the same on ours and on a real Toxiproxy."""

import contextlib
import random
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.proxy.ends import (
    ask,
    beside,
    connect,
    echo,
    how_it_ends,
    joined,
    quickest,
    receive,
    timed,
    upstream,
)
from tests.proxy.peers import PATIENCE, Peer, free_port, peer

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["ours", "toxiproxy"])
def shared(request: pytest.FixtureRequest) -> Iterator[Peer]:
    with peer(request.param) as one:
        yield one


@pytest.fixture
def server(shared: Peer) -> Iterator[Peer]:
    yield shared
    shared.clear()


def test_bytes_pass_both_ways_unchanged(server: Peer) -> None:
    data = random.Random(1).randbytes(3_000_000)
    with echo() as address:
        listen = server.make("it", address)
        with connect(listen) as sock, beside(sock.sendall, data, over=sock):
            back = receive(sock, len(data))

    assert back == data


def test_bytes_pass_every_harmless_toxic_unchanged(server: Peer) -> None:
    data = random.Random(2).randbytes(400_000)
    with echo() as address:
        listen = server.make("it", address)
        for stream in ("upstream", "downstream"):
            server.add("it", "latency", {"latency": 5, "jitter": 4}, stream=stream)
            server.add("it", "bandwidth", {"rate": 4000}, stream=stream)
            server.add("it", "slicer", {"average_size": 900, "size_variation": 300}, stream=stream)
            server.add("it", "slow_close", {"delay": 5}, stream=stream)
            server.add("it", "limit_data", {"bytes": 10_000_000}, stream=stream)
        with connect(listen) as sock, beside(sock.sendall, data, over=sock):
            back = receive(sock, len(data))

    assert back == data


def test_a_client_of_an_unreachable_upstream_is_accepted_and_closed(server: Peer) -> None:
    listen = server.make("it", f"127.0.0.1:{free_port()}")
    with connect(listen) as sock:
        assert how_it_ends(sock) == "end"


@pytest.mark.parametrize("upstream_address", ["nonsense", "nope.invalid:80", "127.0.0.1:99999", ""])
def test_a_nonsense_upstream_is_noticed_only_by_clients(
    server: Peer, upstream_address: str
) -> None:
    listen = server.make("it", upstream_address or "127.0.0.1:")
    with connect(listen) as sock:
        assert how_it_ends(sock, within=20) == "end"


def test_a_disabled_proxy_refuses_and_closes_what_lives(server: Peer) -> None:
    with joined(server) as both:
        listen = "{}:{}".format(*both.client.getpeername())
        server.fine("POST", "/proxies/it", {"enabled": False})

        assert how_it_ends(both.client) == "end"
        assert how_it_ends(both.server) == "end"
        with pytest.raises(ConnectionRefusedError):
            connect(listen)
        assert server.fine("POST", "/proxies/it", {"enabled": True})["listen"] == listen
        connect(listen).close()


def test_toxics_survive_a_disabled_proxy(server: Peer) -> None:
    with echo() as address:
        listen = server.make("it", address)
        server.add("it", "latency", {"latency": 80})
        server.fine("POST", "/proxies/it", {"enabled": False})
        server.fine("POST", "/proxies/it", {"enabled": True})

        assert timed(lambda: ask(listen)) > 0.078


def test_an_update_that_changes_nothing_leaves_connections_alone(server: Peer) -> None:
    with joined(server) as both:
        listen = server.fine("GET", "/proxies/it")["listen"]
        server.fine("POST", "/proxies/it", {"listen": listen, "enabled": True})
        both.client.sendall(b"still here")

        assert receive(both.server, 10) == b"still here"


def test_a_new_upstream_closes_the_old_connections(server: Peer) -> None:
    with joined(server) as both, echo() as address:
        listen = server.fine("POST", "/proxies/it", {"upstream": address})["listen"]

        assert how_it_ends(both.client) == "end"
        assert ask(listen) == b"ping"


def test_a_new_listen_address_moves_the_proxy(server: Peer) -> None:
    with echo() as address:
        before = server.make("it", address)
        after = f"127.0.0.1:{free_port()}"
        server.fine("POST", "/proxies/it", {"listen": after})

        assert ask(after) == b"ping"
        with pytest.raises(ConnectionRefusedError):
            connect(before)


def test_a_deleted_proxy_is_gone_with_its_connections(server: Peer) -> None:
    with joined(server) as both:
        listen = "{}:{}".format(*both.client.getpeername())
        server.fine("DELETE", "/proxies/it")

        assert how_it_ends(both.client) == "end"
        with pytest.raises(ConnectionRefusedError):
            connect(listen)


def test_a_populated_proxy_that_stays_keeps_its_connections(server: Peer) -> None:
    with joined(server) as both:
        shown = server.fine("GET", "/proxies/it")
        wish = {key: shown[key] for key in ("name", "listen", "upstream")}
        server.fine("POST", "/populate", [wish])
        both.client.sendall(b"still here")

        assert receive(both.server, 10) == b"still here"


def test_a_populated_proxy_that_changes_closes_its_connections(server: Peer) -> None:
    with joined(server) as both, echo() as address:
        server.add("it", "latency", {"latency": 60_000})
        listen = server.fine("GET", "/proxies/it")["listen"]
        wish = {"name": "it", "listen": listen, "upstream": address}
        (shown,) = server.fine("POST", "/populate", [wish])["proxies"]

        assert how_it_ends(both.client) == "end"
        assert shown["toxics"] == []
        assert ask(listen) == b"ping"


def test_a_port_that_is_taken_is_the_systems_error(server: Peer) -> None:
    with upstream() as up:
        told = server.ask(
            "POST", "/proxies", {"name": "it", "listen": up.address, "upstream": "u:1"}
        )

        assert told.status == 500
        assert told.error == f"listen tcp {up.address}: bind: address already in use"
        assert server.fine("GET", "/proxies") == {}


@pytest.mark.parametrize("stream", ["upstream", "downstream"])
def test_a_toxic_acts_on_its_own_direction_only(server: Peer, stream: str) -> None:
    with joined(server) as both:
        server.add("it", "latency", {"latency": 1000}, stream=stream)
        slow, fast = (
            (both.client, both.server) if stream == "upstream" else (both.server, both.client)
        )
        started = time.monotonic()
        slow.sendall(b"x")
        fast.sendall(b"x")
        slow.recv(1)
        assert time.monotonic() - started < 1.0
        fast.recv(1)
        assert time.monotonic() - started > 0.998


def test_latencies_add_up_along_the_chain(server: Peer) -> None:
    with echo() as address:
        listen = server.make("it", address)
        for number in range(3):
            server.add("it", "latency", {"latency": 50}, name=f"l{number}")

        assert 0.148 < quickest(lambda: ask(listen), under=0.17) < 0.17


def test_reset_removes_toxics_from_live_connections(server: Peer) -> None:
    with joined(server) as both:
        server.add("it", "latency", {"latency": 60_000})
        both.server.sendall(b"held")
        time.sleep(0.05)
        server.fine("POST", "/reset")

        assert receive(both.client, 4) == b"held"


@pytest.mark.parametrize("rate", [200, 2000])
def test_bandwidth_is_the_rate_that_was_asked_for(server: Peer, rate: int) -> None:
    size = rate * 1000 // 2
    with joined(server) as both:
        server.add("it", "bandwidth", {"rate": rate})

        def pass_all() -> None:
            with beside(both.server.sendall, bytes(size), over=both.server):
                receive(both.client, size)

        assert quickest(pass_all, under=0.55) == pytest.approx(0.5, rel=0.1)


def test_bandwidth_is_per_connection(server: Peer) -> None:
    with upstream() as up:
        listen = server.make("it", up.address)
        server.add("it", "bandwidth", {"rate": 100})
        pairs = [up.join(listen) for _ in range(4)]

        def pass_all() -> None:
            for pair in pairs:
                pair.server.sendall(bytes(30_000))
            for pair in pairs:
                receive(pair.client, 30_000)

        assert quickest(pass_all, under=0.38) == pytest.approx(0.3, abs=0.08)


def test_slices_arrive_apart(server: Peer) -> None:
    with joined(server) as both:
        attributes = {"average_size": 100, "size_variation": 20, "delay": 20_000}
        server.add("it", "slicer", attributes)
        sizes: list[int] = []
        for _ in range(20):
            both.server.sendall(bytes(600))
            sizes = []
            while sum(sizes) < 600:
                sizes.append(len(both.client.recv(1000)))
            if max(sizes) <= 120:
                # On a busy machine two slices may be read as one; so it is tried again.
                break

    assert len(sizes) >= 5
    assert max(sizes) <= 120


def test_reset_peer_resets_both_ends(server: Peer) -> None:
    with upstream() as up:
        listen = server.make("it", up.address)
        server.add("it", "reset_peer", {"timeout": 30}, stream="upstream")
        both = up.join(listen)
        both.client.sendall(b"x")

        assert how_it_ends(both.client) == "reset"
        assert how_it_ends(both.server) == "reset"


def test_a_timeout_closes_both_ends(server: Peer) -> None:
    with upstream() as up:
        listen = server.make("it", up.address)
        server.add("it", "timeout", {"timeout": 60})
        both = up.join(listen)
        both.server.sendall(b"dropped")

        assert both.client.recv(10) == b""
        assert how_it_ends(both.server) == "end"


def test_half_of_the_connections_are_hit_by_half_a_toxicity(server: Peer) -> None:
    with echo() as address:
        listen = server.make("it", address)
        server.add("it", "timeout", {"timeout": 1}, toxicity=0.5)
        spared = sum(ask(listen) == b"ping" for _ in range(100))

    # Six standard deviations: once in half a billion runs.
    assert 20 < spared < 80


def test_connections_are_closed_when_both_ends_have_closed(server: Peer) -> None:
    with upstream() as up:
        listen = server.make("it", up.address)
        before = _sockets(server)
        for _ in range(50):
            both = up.join(listen)
            both.client.close()
            both.server.close()
        by = time.monotonic() + PATIENCE
        while _sockets(server) > before and time.monotonic() < by:
            time.sleep(0.02)

        assert _sockets(server) <= before


def _sockets(server: Peer) -> int:
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


def test_garbage_on_the_api_does_no_harm(server: Peer) -> None:
    for garbage in (
        b"\0\1\2\3",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /proxies HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /proxies HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        random.Random(9).randbytes(5000),
    ):
        with socket.create_connection((server.api.host, server.api.port), timeout=PATIENCE) as sock:
            sock.sendall(garbage)
            with contextlib.suppress(OSError):
                # It may have closed already, which is an answer too.
                sock.shutdown(socket.SHUT_WR)
            answer = sock.recv(4096)
            assert answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5")), garbage

    assert server.fine("GET", "/proxies") == {}
