"""Fault proxies as processes: ours and, where its binary is found, a real Toxiproxy 2.12."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chaos.errors import WorldError
from chaos.proxy.client import ApiClient, Told

CACHE = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "keychaos"
HOW_TO_GET_IT = (
    "no Toxiproxy server: `GOBIN=~/.cache/keychaos/bin go install "
    "github.com/Shopify/toxiproxy/v2/cmd/server@v2.12.0` installs one, and TOXIPROXY_SERVER names "
    "one that is elsewhere"
)


# What must come comes within this, on whatever machine; nothing that is judged is so long.
PATIENCE = 30.0


def toxiproxy_binary() -> Path | None:
    """The server's binary by TOXIPROXY_SERVER, on the PATH or in the cache."""
    named = os.environ.get("TOXIPROXY_SERVER") or shutil.which("toxiproxy-server")
    binary = Path(named) if named else CACHE / "bin" / "server"
    return binary if binary.exists() else None


@dataclass
class Peer:
    """One fault proxy under test."""

    name: str
    process: subprocess.Popen[bytes]
    api: ApiClient

    @property
    def ours(self) -> bool:
        """Whether it is ours and not a real Toxiproxy."""
        return self.name == "ours"

    def ask(self, method: str, path: str, body: object = None) -> Told:
        """One request to the API."""
        return self.api.ask(method, *path.strip("/").split("/"), body=body)

    def fine(self, method: str, path: str, body: object = None) -> Any:
        """One request that must succeed; its JSON."""
        told = self.ask(method, path, body)
        assert told.fine, (method, path, told)
        return told.value

    def make(self, name: str, upstream: str, **more: object) -> str:
        """Create a proxy; its address."""
        wish = {"name": name, "listen": "127.0.0.1:0", "upstream": upstream, **more}
        listen: str = self.fine("POST", "/proxies", wish)["listen"]
        return listen

    def add(
        self, proxy: str, kind: str, attributes: Mapping[str, float] | None = None, **more: object
    ) -> str:
        """Add a toxic; its name."""
        wish = {"type": kind, "attributes": dict(attributes or {}), **more}
        name: str = self.fine("POST", f"/proxies/{proxy}/toxics", wish)["name"]
        return name

    def clear(self) -> None:
        """Delete every proxy."""
        for name in self.fine("GET", "/proxies"):
            self.api.ask("DELETE", "proxies", name)

    def alive(self) -> bool:
        """Whether its process runs."""
        return self.process.poll() is None


@contextlib.contextmanager
def ours(**configuration: object) -> Iterator[Peer]:
    """Our server as a child, on a port of its own."""
    command = [sys.executable, "-m", "chaos.proxy.server"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"seed": 7, **configuration}).encode() + b"\n")
        process.stdin.flush()
        ready = json.loads(process.stdout.readline())
        api = ApiClient(ready["url"], timeout=PATIENCE)
        try:
            yield Peer("ours", process, api)
        finally:
            api.close()
            process.stdin.close()
            process.wait(PATIENCE)


@contextlib.contextmanager
def toxiproxy(*options: str) -> Iterator[Peer]:
    """A real Toxiproxy; the test is skipped where there is none."""
    binary = toxiproxy_binary()
    if binary is None:
        pytest.skip(HOW_TO_GET_IT)
    port = free_port()
    command = [str(binary), "-host", "127.0.0.1", "-port", str(port), *options]
    quiet = {**os.environ, "LOG_LEVEL": "panic"}
    with subprocess.Popen(command, env=quiet, stdout=subprocess.DEVNULL) as process:
        api = ApiClient(f"http://127.0.0.1:{port}", timeout=PATIENCE)
        try:
            _until_it_answers(api, process)
            yield Peer("toxiproxy", process, api)
        finally:
            api.close()
            process.kill()


def peer(name: str, **configuration: object) -> contextlib.AbstractContextManager[Peer]:
    """The fault proxy of that name."""
    return ours(**configuration) if name == "ours" else toxiproxy()


def _until_it_answers(api: ApiClient, process: subprocess.Popen[bytes]) -> None:
    by = time.monotonic() + PATIENCE
    while True:
        try:
            api.ask("GET", "version")
        except WorldError:
            if time.monotonic() > by or process.poll() is not None:
                raise
            time.sleep(0.02)
        else:
            return


def free_port() -> int:
    """A port of loopback that nothing listens on now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port
