"""The injector against our own proxy as a process: each kind bites, is counted, and heals."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import pytest

from chaos.errors import WorldError
from chaos.run.injector import Injector
from chaos.scenario.model import Change, Fault
from tests.proxy.peers import PATIENCE, Peer, free_port, ours
from tests.proxy.peers import peer as proxied
from tests.run.made import small

KINDS = {
    "down": {},
    "latency": {"latency": 0.15, "jitter": 0.0},
    "timeout": {"timeout": 0.1},
    "reset_peer": {"timeout": 0.0},
}


@contextmanager
def echo() -> Iterator[str]:
    """A listener that sends back what it is sent; its URL."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve(sock: socket.socket) -> None:
        with sock, suppress(ConnectionError):
            while said := sock.recv(65536):
                sock.sendall(said)

    def accept() -> None:
        while True:
            try:
                sock, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(sock,), daemon=True).start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}"
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    accepting.join()


class Stand:
    """An injector over our proxy, which stands before two echoing regions."""

    def __init__(self, peer: Peer, injector: Injector, origin: str) -> None:
        self.peer = peer
        self.injector = injector
        # No distance, so that a round trip is quick unless a fault makes it slow.
        self.scenario = small("regions.us-south.latency=0ms", "regions.us-south.jitter=0ms")
        origins = {"us-south": origin, "us-east": origin}
        self.endpoints = injector.prepare(self.scenario, origins)

    def change(self, verb: str, kind: str) -> tuple[float, dict[str, float]]:
        """Inject or heal at us-south."""
        attributes = tuple(sorted(KINDS[kind].items()))
        fault = Fault("it", kind, "wire", "us-south", 1.0, 1.0, attributes)
        return self.injector.apply(Change(1.0, verb, fault))  # type: ignore[arg-type]

    def round_trip(self, region: str = "us-south") -> tuple[str, float]:
        """What came of one message over a new connection, and how long it took."""
        host, port = self.endpoints[region].removeprefix("http://").split(":")
        begun = time.monotonic()
        try:
            with socket.create_connection((host, int(port)), 2.0) as sock:
                sock.sendall(b"hello")
                came = sock.recv(100)
        except ConnectionRefusedError:
            return "refused", time.monotonic() - begun
        except ConnectionResetError:
            return "reset", time.monotonic() - begun
        return "echoed" if came == b"hello" else "closed", time.monotonic() - begun


@pytest.fixture(scope="module")
def peer() -> Iterator[Peer]:
    with ours() as started:
        yield started


@pytest.fixture
def stand(peer: Peer) -> Iterator[Stand]:
    peer.clear()
    with echo() as origin, closing(Injector(peer.api.url)) as injector:
        yield Stand(peer, injector, origin)


@pytest.mark.parametrize(
    ("kind", "seen"),
    [("down", "refused"), ("latency", "echoed"), ("timeout", "closed"), ("reset_peer", "reset")],
)
def test_each_kind_bites_one_region_and_is_healed(stand: Stand, kind: str, seen: str) -> None:
    assert stand.round_trip()[0] == "echoed"

    stand.change("inject", kind)
    what, lasted = stand.round_trip()
    elsewhere = stand.round_trip("us-east")[0]
    stand.change("heal", kind)
    healed, quick = stand.round_trip()

    assert (what, elsewhere, healed) == (seen, "echoed", "echoed")
    assert lasted >= {"latency": 0.15, "timeout": 0.1}.get(kind, 0.0)
    assert quick < 0.15


@pytest.mark.parametrize("kind", ["latency", "timeout", "reset_peer"])
def test_a_heal_brings_the_proof_of_how_many_were_touched_and_since_when(
    stand: Stand, kind: str
) -> None:
    _, before = stand.change("inject", kind)
    begun = time.monotonic()
    for _ in range(3):
        stand.round_trip()

    healed_at, proof = stand.change("heal", kind)

    assert before == {}
    assert (proof["eligible"], proof["matched"], proof["injected"]) == (3.0, 3.0, 3.0)
    assert proof["escaped"] == 0.0
    assert begun <= proof["first"] <= healed_at


def test_a_down_tells_how_many_connections_it_cut_and_when_the_listener_closed(
    stand: Stand,
) -> None:
    host, port = stand.endpoints["us-south"].removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 2.0) as kept:
        kept.sendall(b"hello")
        kept.recv(100)
        asked = time.monotonic()
        at, proof = stand.change("inject", "down")

        assert proof["cut"] >= 1.0
        assert asked <= at <= time.monotonic()
        kept.settimeout(2.0)
        assert kept.recv(100) == b"", "the live connection is closed with the listener"


def test_regions_are_as_far_away_as_the_scenario_says(stand: Stand) -> None:
    assert stand.round_trip("us-east")[1] >= 0.024, "28 ms, jitter 4 ms"
    shown = stand.peer.fine("GET", "/proxies/us-east")["toxics"]
    assert [(toxic["name"], toxic["attributes"]) for toxic in shown] == [
        ("distance", {"latency": 28, "jitter": 4})
    ]


def test_healing_everything_leaves_every_region_open_and_without_toxics(stand: Stand) -> None:
    stand.change("inject", "down")
    stand.injector.apply(
        Change(1.0, "inject", Fault("slow", "latency", "wire", "us-east", 1.0, 1.0))
    )

    stand.injector.heal()

    proxies = stand.peer.fine("GET", "/proxies")
    assert all(proxy["enabled"] and not proxy["toxics"] for proxy in proxies.values())


def test_in_somebodys_own_proxy_nothing_of_theirs_is_touched_and_nothing_of_ours_is_left(
    peer: Peer,
) -> None:
    peer.clear()
    with echo() as origin:
        peer.make("us-south", origin.removeprefix("http://"))
        theirs = peer.add("us-south", "latency", {"latency": 5})
        with closing(Injector(peer.api.url, others=True)) as injector:
            stand = Stand(peer, injector, origin)
            stand.change("inject", "down")
            assert stand.round_trip()[0] == "refused"
            assert len(peer.fine("GET", "/proxies")) == 3
            injector.heal()

        left = peer.fine("GET", "/proxies")
    assert list(left) == ["us-south"]
    assert [toxic["name"] for toxic in left["us-south"]["toxics"]] == [theirs]


@pytest.mark.parametrize("name", ["ours", pytest.param("toxiproxy", marks=pytest.mark.slow)])
def test_behind_a_proxy_of_somebodys_own_is_counted_what_comes_through(
    peer: Peer, name: str
) -> None:
    peer.clear()
    with (
        echo() as origin,
        proxied(name) as theirs,
        closing(Injector(theirs.api.url, others=True, behind=peer.api.url)) as injector,
    ):
        stand = Stand(theirs, injector, origin)
        seen = {}
        for kind in KINDS:
            host, port = stand.endpoints["us-south"].removeprefix("http://").split(":")
            with socket.create_connection((host, int(port)), 2.0) as kept:
                kept.sendall(b"hello")
                assert kept.recv(100) == b"hello"
                _, begun = stand.change("inject", kind)
                for _ in range(3):
                    stand.round_trip()
                _, seen[kind] = stand.change("heal", kind)
                assert begun == ({"cut": 1.0} if kind == "down" else {})
            _until_all_are_gone(peer)
        injector.heal()

    assert seen["down"] == {"connected": 0.0, "through": 0.0}
    assert seen["timeout"] == {"connected": 4.0, "through": 0.0}
    assert seen["reset_peer"] == {"connected": 4.0, "through": 0.0}
    # What is slow comes through all the same; how slow it was, its clients know.
    assert seen["latency"] == {"connected": 4.0, "through": 3.0 * len(b"hello")}


def _until_all_are_gone(peer: Peer) -> None:
    """Wait until no connection is left of what was tried."""
    by = time.monotonic() + PATIENCE
    while peer.fine("GET", "/proxies/us-south/counts")["live"] and time.monotonic() < by:
        time.sleep(0.01)


def test_a_proxy_that_is_not_there_is_said_with_its_address() -> None:
    with pytest.raises(WorldError, match=r"fault proxy at http://127\.0\.0\.1:\d+"):
        Injector(f"http://127.0.0.1:{free_port()}")


def test_a_toxic_that_the_proxy_refuses_is_said(stand: Stand) -> None:
    stand.change("inject", "latency")

    with pytest.raises(WorldError, match="did not add the toxic 'it' to the proxy 'us-south'"):
        stand.change("inject", "latency")
