import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chaos.proxy.client import ApiClient
from tests.proxy.ends import ask, connect, echo, how_it_ends, joined, timed, upstream
from tests.proxy.peers import PATIENCE, Peer, free_port, ours

pytestmark = pytest.mark.slow

_SERVE = """
import sys
from pathlib import Path
from chaos.errors import ScenarioError, WorldError
from chaos.proxy.serve import serve
from chaos.proxy.server import Settings
config = Path(sys.argv[2]) if len(sys.argv) > 2 else None
try:
    sys.exit(serve(config, Settings(port=int(sys.argv[1]), seed=7)))
except ScenarioError as error:
    print(error, file=sys.stderr)
    sys.exit(2)
except WorldError as error:
    print(error, file=sys.stderr)
    sys.exit(5)
"""


@contextmanager
def served(config: Path | None = None) -> Iterator[tuple[subprocess.Popen[bytes], ApiClient]]:
    port = free_port()
    command = [sys.executable, "-m", "chaos.cli", "proxy", "--port", str(port), "--seed", "7"]
    command += ["--config", str(config)] if config else []
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if b"API answers" in line:
                break
        api = ApiClient(f"http://127.0.0.1:{port}", timeout=PATIENCE)
        try:
            yield process, api
        finally:
            api.close()
            process.kill()


def _failed(config: Path, port: int | None = None) -> tuple[int, str]:
    command = [sys.executable, "-c", _SERVE, str(port or free_port()), str(config)]
    done = subprocess.run(command, capture_output=True, timeout=2 * PATIENCE, check=False)
    return done.returncode, done.stderr.decode()


def test_a_configuration_file_of_toxiproxy_is_served(tmp_path: Path) -> None:
    config = tmp_path / "toxiproxy.json"
    with echo() as address:
        port = free_port()
        toxic = {"type": "latency", "attributes": {"latency": 60}}
        entries = [
            {"name": "a", "listen": f"127.0.0.1:{port}", "upstream": address, "toxics": [toxic]},
            {"name": "b", "listen": "127.0.0.1:0", "upstream": address, "enabled": False},
        ]
        config.write_text(json.dumps(entries))
        with served(config) as (_, api):
            shown = api.ask("GET", "proxies").value

            assert shown["a"]["listen"] == f"127.0.0.1:{port}"
            assert [one["name"] for one in shown["a"]["toxics"]] == ["latency_downstream"]
            assert not shown["b"]["enabled"]
            assert timed(lambda: ask(f"127.0.0.1:{port}")) > 0.058


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_the_server_in_good_order(number: signal.Signals) -> None:
    with served() as (process, api), upstream() as up:
        wish = {"name": "a", "listen": "127.0.0.1:0", "upstream": up.address}
        listen = api.ask("POST", "proxies", body=wish).value["listen"]
        both = up.join(listen)
        process.send_signal(number)

        assert process.wait(PATIENCE) == 0
        assert how_it_ends(both.client) == "end"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "bad request body: EOF"),
        ("{}", "cannot unmarshal object"),
        ("[{}]", "missing required field: name at proxy 1"),
        ('[{"name":"a","upstream":"u","toxics":[{"type":"nope"}]}]', "invalid toxic type"),
        ('[{"name":"a","upstream":"u"},{"name":"a","upstream":"u"}]', "proxy already exists"),
    ],
)
def test_a_file_that_is_no_good_is_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    config = tmp_path / "toxiproxy.json"
    config.write_text(text)

    code, sentence = _failed(config)

    assert code == 2
    assert sentence.startswith(f"{config}: ")
    assert said in sentence
    assert len(sentence.splitlines()) == 1


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    code, sentence = _failed(tmp_path / "nowhere.json")

    assert (code, len(sentence.splitlines())) == (2, 1)
    assert "No such file" in sentence


def test_a_port_that_is_taken_is_one_sentence(tmp_path: Path) -> None:
    config = tmp_path / "toxiproxy.json"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        config.write_text(
            json.dumps([{"name": "a", "upstream": "u", "listen": f"127.0.0.1:{port}"}])
        )
        code, sentence = _failed(config)
        assert (code, len(sentence.splitlines())) == (5, 1)
        assert f"127.0.0.1:{port}" in sentence
        config.write_text("[]")
        code, sentence = _failed(config, port)
        assert (code, len(sentence.splitlines())) == (5, 1)
        assert "address already in use" in sentence


def test_a_child_whose_api_port_is_taken_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        line = json.dumps({"port": taken.getsockname()[1]}).encode() + b"\n"
        command = [sys.executable, "-m", "chaos.proxy.server"]
        done = subprocess.run(
            command, input=line, capture_output=True, timeout=2 * PATIENCE, check=False
        )

    assert done.returncode == 5
    assert done.stdout == b""
    assert len(done.stderr.splitlines()) == 1


def test_a_child_ends_with_its_lifeline_and_not_by_ctrl_c() -> None:
    with ours() as server, joined(server) as both:
        server.process.send_signal(signal.SIGINT)
        time.sleep(0.1)
        assert server.alive()
        assert server.process.stdin is not None
        server.process.stdin.close()

        assert server.process.wait(PATIENCE) == 0
        assert how_it_ends(both.client) == "end"


@pytest.fixture(scope="module")
def crew() -> Iterator[Peer]:
    with ours(workers=2) as server:
        yield server


def test_workers_share_the_connections_and_count_together(crew: Peer) -> None:
    with echo() as address:
        listen = crew.make("it", address)
        crew.add("it", "latency", {"latency": 30})
        assert all(timed(lambda: ask(listen)) > 0.028 for _ in range(30))
        counts = crew.fine("GET", "/proxies/it/counts")

        assert counts["accepted"] == 30
        assert counts["toxics"]["latency_downstream"]["injected"] == 30
        assert counts["sent"] == {"upstream": 120, "downstream": 120}
        longer = {"attributes": {"latency": 60_000}}
        crew.fine("PATCH", "/proxies/it/toxics/latency_downstream", longer)
        crew.fine("DELETE", "/proxies/it/toxics/latency_downstream")
        # Either worker would keep its clients waiting for longer than they wait.
        assert all(ask(listen) == b"ping" for _ in range(16))
        crew.fine("POST", "/proxies/it", {"enabled": False})
        for _ in range(8):
            with pytest.raises(ConnectionRefusedError):
                connect(listen)
        shut_at = crew.fine("GET", "/proxies/it/counts")["shut_at"]
        assert shut_at <= time.monotonic()
        crew.fine("POST", "/proxies/it", {"enabled": True})
        assert ask(listen) == b"ping"
        crew.fine("DELETE", "/proxies/it")


def test_workers_notice_a_port_that_is_taken(crew: Peer) -> None:
    with upstream() as up:
        crew.make("one", up.address)
        listen = crew.fine("GET", "/proxies/one")["listen"]
        for taken in (up.address, listen):
            told = crew.ask("POST", "/proxies", {"name": "two", "upstream": "u", "listen": taken})
            assert told.status == 500
            assert told.error == f"listen tcp {taken}: bind: address already in use"
        crew.fine("DELETE", "/proxies/one")


def test_workers_change_together_in_a_batch(crew: Peer) -> None:
    with echo() as address:
        parts = [
            {
                "method": "POST",
                "path": "/proxies",
                "body": {"name": "it", "listen": "127.0.0.1:0", "upstream": address},
            },
            {
                "method": "POST",
                "path": "/proxies/it/toxics",
                "body": {"type": "latency", "attributes": {"latency": 30}},
            },
        ]
        listen = crew.fine("POST", "/changes", parts)["answers"][0]["body"]["listen"]

        assert all(timed(lambda: ask(listen)) > 0.028 for _ in range(8))
        crew.fine("DELETE", "/proxies/it")


def test_a_worker_that_dies_takes_the_server_with_it() -> None:
    with ours(workers=2) as server:
        children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
        first, second = (int(pid) for pid in children.read_text().split()[:2])
        subprocess.run(["kill", "-9", str(first)], check=True)  # noqa: S607 - the system's kill

        assert server.process.wait(PATIENCE) == 4
        by = time.monotonic() + PATIENCE
        while Path(f"/proc/{second}").exists() and time.monotonic() < by:
            time.sleep(0.02)
        assert not Path(f"/proc/{second}").exists()
