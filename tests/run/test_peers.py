"""The processes of a run: regions that answer, a proxy before each, and nobody left behind."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

import httpx
import pytest

from chaos.errors import WorldError
from chaos.run.peers import Peers
from chaos.scenario.model import Change, Fault
from tests.proxy.peers import free_port, ours
from tests.run.made import small

pytestmark = pytest.mark.slow


def play(program: Callable[[Peers], Awaitable[None]], proxy: str = "") -> Peers:
    """Open peers, play a program with them, close them; everyone must be gone then."""

    async def main() -> Peers:
        peers = Peers(small(), proxy)
        try:
            await peers.open()
            await program(peers)
        finally:
            await peers.close()
        return peers

    peers = asyncio.run(main())
    assert all(child.process.returncode is not None for child in peers.children)
    return peers


def region_behind(url: str) -> str:
    return str(httpx.get(f"{url}/health", timeout=5.0, trust_env=False).json()["region"])


def listening(url: str) -> bool:
    host, port = url.removeprefix("http://").split(":")
    with socket.socket() as sock:
        return sock.connect_ex((host, int(port))) == 0


def test_each_region_answers_itself_and_through_a_proxy_of_its_own() -> None:
    async def program(peers: Peers) -> None:
        for name, site in peers.sites.items():
            for url in (site.origin, site.endpoint):
                assert await asyncio.to_thread(region_behind, url) == name
        assert len({site.endpoint for site in peers.sites.values()}) == 2
        assert [child.name for child in peers.children if "proxy" in child.name] == ["the proxy"]

    peers = play(program)

    gone = [url for site in peers.sites.values() for url in (site.origin, site.endpoint)]
    assert not any(listening(url) for url in gone)


def test_one_token_service_serves_all_regions() -> None:
    async def program(peers: Peers) -> None:
        form = {
            "grant_type": "urn:ibm:params:oauth:grant-type:apikey",
            "apikey": peers.api_key,
        }
        async with httpx.AsyncClient(trust_env=False) as client:
            told = await client.post(f"{peers.iam}/identity/token", data=form)
            token = told.json()["access_token"]
            for site in peers.sites.values():
                headers = {
                    "Authorization": f"Bearer {token}",
                    "Bluemix-Instance": site.instance,
                }
                listed = await client.get(f"{site.origin}/api/v2/keys", headers=headers)
                assert listed.status_code == 200

    play(program)


def test_somebodys_own_proxy_is_used_and_left_as_it_was() -> None:
    with ours() as theirs:

        async def program(peers: Peers) -> None:
            assert len(theirs.fine("GET", "/proxies")) == 2
            for name, site in peers.sites.items():
                assert await asyncio.to_thread(region_behind, site.endpoint) == name
            assert peers.injector is not None
            down = Fault("down", "down", "wire", "us-south", 1.0, 1.0)
            await asyncio.to_thread(peers.injector.apply, Change(1.0, "inject", down))
            assert not listening(peers.sites["us-south"].endpoint)

        peers = play(program, theirs.api.url)

        named = [child.name for child in peers.children if "proxy" in child.name]
        assert named == ["the counting proxy"]
        assert theirs.fine("GET", "/proxies") == {}
        assert theirs.alive()


def test_a_proxy_that_is_not_there_ends_what_was_started() -> None:
    async def nothing(peers: Peers) -> None:
        raise AssertionError("they cannot have opened")

    with pytest.raises(WorldError, match="fault proxy at"):
        play(nothing, f"http://127.0.0.1:{free_port()}")
