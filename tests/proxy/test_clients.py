"""Clients that others wrote drive every call of theirs, against ours and a real Toxiproxy."""

import json
import re
import shutil
import subprocess
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import toxiproxy
from toxiproxy.exceptions import InvalidToxic, NotFound, ProxyExists

from tests.proxy.peers import CACHE, PATIENCE, Peer, peer

pytestmark = pytest.mark.slow

NODE_CLIENT = "toxiproxy-node-client@4.1.0"


@pytest.fixture(scope="module")
def node_modules() -> Path:
    """Where toxiproxy-node-client is installed, once for a machine."""
    folder = CACHE / "node"
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip(f"no Node.js with npm, which installs {NODE_CLIENT}")
    if not (folder / "node_modules" / "toxiproxy-node-client").exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", NODE_CLIENT]
        done = subprocess.run(command, cwd=folder, timeout=4 * PATIENCE, check=False)
        if done.returncode:
            pytest.skip(f"npm could not install {NODE_CLIENT} into {folder}")
    return folder / "node_modules"


@pytest.fixture(params=["ours", "toxiproxy"])
def server(request: pytest.FixtureRequest) -> Iterator[Peer]:
    with peer(request.param) as one:
        yield one


def test_the_node_client_does_every_call_of_its(server: Peer, node_modules: Path) -> None:
    script = Path(__file__).with_name("node_client.cjs")
    done = subprocess.run(
        ["node", str(script), server.api.url],  # noqa: S607 - the machine's own Node.js
        env={"NODE_PATH": str(node_modules), "PATH": str(Path(shutil.which("node") or "").parent)},
        capture_output=True,
        timeout=4 * PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    seen = json.loads(done.stdout)

    port = r"^127\.0\.0\.1:[1-9]\d*$"
    assert re.match(port, seen["created"]["listen"])
    here = {**seen["created"], "enabled": True}
    assert seen["got"] == here
    assert seen["updated"] == {**here, "enabled": False}
    assert seen["again"] == "Request failed with status code 409"
    assert seen["missing"] == seen["noToxic"] == "Request failed with status code 404"
    for added, updated, got in zip(*[iter(seen["toxics"])] * 3, strict=True):
        assert added["toxicity"] == 0.5
        assert updated == got
        assert updated["toxicity"] == 1
        assert next(iter(updated["attributes"].values())) == 7
    assert [proxy["name"] for proxy in seen["populated"]] == ["n", "m"]
    assert all(proxy["enabled"] for proxy in seen["all"])
    assert seen["left"] == ["m"]
    if server.ours:
        assert seen["version"] == {"version": "2.12.0"}


def _python_client(server: Peer) -> Any:
    client = toxiproxy.Toxiproxy()
    parts = urllib.parse.urlsplit(server.api.url)
    client.update_api_consumer(parts.hostname, parts.port)
    return client


def test_the_python_client_does_every_call_of_its(server: Peer) -> None:
    client = _python_client(server)
    assert client.running()
    assert set(json.loads(client.version())) == {"version"}
    made = client.create(name="n", upstream="u:1")
    assert re.match(r"^127\.0\.0\.1:[1-9]\d*$", made.listen)
    assert client.get_proxy("n").upstream == "u:1"
    assert client.get_proxy("nope") is None
    with pytest.raises(ProxyExists):
        client.create(name="n", upstream="u:1")
    made.add_toxic(type="latency", attributes={"latency": 9}, toxicity=0.5)
    made.add_toxic(type="timeout", stream="upstream", name="t")
    assert set(made.toxics()) == {"latency_downstream", "t"}
    toxic = made.get_toxic("latency_downstream")
    assert (toxic.type, toxic.stream, toxic.toxicity) == ("latency", "downstream", 0.5)
    assert toxic.attributes == {"latency": 9, "jitter": 0}
    assert made.get_toxic("nope") is None
    with pytest.raises(InvalidToxic):
        made.add_toxic(type="nope")
    assert made.destroy_toxic("t")
    with pytest.raises(NotFound):
        made.destroy_toxic("t")
    with made.down():
        assert not client.get_proxy("n").enabled
    assert client.get_proxy("n").enabled
    made.disable()
    assert client.reset()
    assert client.get_proxy("n").enabled
    assert made.toxics() == {}
    wish = {"name": "m", "upstream": "u:1", "listen": "127.0.0.1:0"}
    assert [proxy.name for proxy in client.populate([wish])] == ["m"]
    assert set(client.proxies()) == {"n", "m"}
    assert client.destroy(made)
    client.destroy_all()
    assert client.proxies() == {}
