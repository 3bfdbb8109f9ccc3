"""The test stand of the proxy's benchmarks: nginx behind, a proxy on one core, wrk on the other."""

import contextlib
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROXY_CORE, LOAD_CORE = 0, 1
BULK_MIB = 1024
TOXIPROXY = os.environ.get("TOXIPROXY_SERVER") or shutil.which("toxiproxy-server") or ""
HOW_TO_GET_IT = (
    "no Toxiproxy server: set TOXIPROXY_SERVER, or `go install "
    "github.com/Shopify/toxiproxy/v2/cmd/server@v2.12.0`"
)
_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


@dataclass(frozen=True, slots=True)
class Rival:
    """One way to nginx: an address, its process where it is a proxy, its API where it has one."""

    name: str
    listen: str
    pid: int = 0
    api: str = ""


@dataclass(frozen=True, slots=True)
class Wrk:
    """What wrk measured: requests a second, percentiles of latency in seconds, CPU of the proxy."""

    rate: float
    p50: float
    p90: float
    p99: float
    cpu_per_request: float


def on_core(core: int, *command: str) -> list[str]:
    """A command that runs on one core only."""
    return ["taskset", "-c", str(core), *command]


def free_port() -> int:
    """A port of loopback that nothing listens on now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def cpu_seconds(pid: int) -> float:
    """The processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wrk(rival: Rival, connections: int, lasts: int, *headers: str) -> Wrk:
    """Drive a rival from the load's core."""
    command = on_core(LOAD_CORE, "wrk", "-t1", f"-c{connections}", f"-d{lasts}s", "--latency")
    for header in headers:
        command += ["-H", header]
    used = cpu_seconds(rival.pid) if rival.pid else 0.0
    done = subprocess.run(  # noqa: S603 - a fixed command
        [*command, f"http://{rival.listen}/"], capture_output=True, text=True, check=True
    )
    used = (cpu_seconds(rival.pid) if rival.pid else 0.0) - used
    match = re.search(r"(\d+) requests in ([\d.]+)(\w+)", done.stdout)
    assert match is not None, done.stdout
    requests, elapsed = int(match[1]), float(match[2]) * _UNITS[match[3]]
    percentiles = {
        int(share): float(value) * _UNITS[unit]
        for share, value, unit in re.findall(r"(50|90|99)% +([\d.]+)(\w+)", done.stdout)
    }
    return Wrk(
        requests / elapsed, percentiles[50], percentiles[90], percentiles[99], used / requests
    )


def bulk(rival: Rival) -> float:
    """MiB a second of one large download."""
    command = ["curl", "-s", "-o", "/dev/null", "-w", "%{speed_download} %{size_download}"]
    done = subprocess.run(  # noqa: S603 - a fixed command
        [*on_core(LOAD_CORE, *command), f"http://{rival.listen}/bulk"],
        capture_output=True,
        text=True,
        check=True,
    )
    speed, size = done.stdout.split()
    assert int(size) == BULK_MIB << 20, f"{rival.name} sent {size} bytes"
    return float(speed) / (1 << 20)


def tell(api: str, method: str, path: str, body: object = None) -> None:
    """One request to a proxy's API."""
    sent = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(api + path, sent, method=method)  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=30):  # noqa: S310 - loopback
        return


def median(values: list[float]) -> float:
    """The middle of several measurements."""
    return statistics.median(values)


@contextlib.contextmanager
def process(*command: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process for as long as it is needed."""
    quiet = {**os.environ, "LOG_LEVEL": "panic", "GOMAXPROCS": "1"}
    with subprocess.Popen(  # noqa: S603 - commands of this module
        command, env=quiet, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as one:
        try:
            yield one
        finally:
            one.terminate()
            one.wait()


def _until_open(port: int) -> None:
    by = time.monotonic() + 10
    while time.monotonic() < by:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise SystemExit(f"nothing listens on port {port}")


@contextlib.contextmanager
def nginx() -> Iterator[str]:
    """An upstream: a short answer at `/`, a large one at `/bulk`; its address."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        # The workers run as another user and must be able to look in.
        folder.chmod(0o755)
        with (folder / "bulk").open("wb") as file:
            file.truncate(BULK_MIB << 20)
        (folder / "nginx.conf").write_text(f"""
daemon off; worker_processes 1; pid {folder}/pid; error_log /dev/null;
events {{ worker_connections 8192; }}
http {{
  access_log off; sendfile on; tcp_nodelay on; keepalive_requests 100000000;
  server {{
    listen 127.0.0.1:{port} backlog=8192;
    location = / {{ default_type text/plain; return 200 "{"x" * 200}"; }}
    location = /bulk {{ root {folder}; }}
  }}
}}""")
        with process(*on_core(LOAD_CORE, "nginx", "-c", f"{folder}/nginx.conf", "-p", name)):
            _until_open(port)
            yield f"127.0.0.1:{port}"


@contextlib.contextmanager
def toxiproxy(upstream: str) -> Iterator[Rival]:
    """A real Toxiproxy on the proxy's core, told to use one processor."""
    port = free_port()
    command = on_core(PROXY_CORE, TOXIPROXY, "-host", "127.0.0.1", "-port", str(port))
    with process(*command) as one:
        _until_open(port)
        api, listen = f"http://127.0.0.1:{port}", f"127.0.0.1:{free_port()}"
        tell(api, "POST", "/proxies", {"name": "it", "listen": listen, "upstream": upstream})
        yield Rival("Toxiproxy", listen, one.pid, api)


@contextlib.contextmanager
def haproxy(upstream: str) -> Iterator[Rival]:
    """haproxy in TCP mode on the proxy's core."""
    with tempfile.TemporaryDirectory() as name:
        port, config = free_port(), Path(name) / "haproxy.cfg"
        config.write_text(f"""
global
  nbthread 1
  maxconn 8192
defaults
  mode tcp
  timeout connect 10s
  timeout client 60s
  timeout server 60s
listen it
  bind 127.0.0.1:{port}
  server up {upstream}
""")
        with process(*on_core(PROXY_CORE, "haproxy", "-db", "-f", str(config))) as one:
            _until_open(port)
            yield Rival("haproxy", f"127.0.0.1:{port}", one.pid)


@contextlib.contextmanager
def ours(upstream: str) -> Iterator[Rival]:
    """Our server on the proxy's core."""
    with process(*on_core(PROXY_CORE, sys.executable, "-m", "chaos.proxy.server")) as one:
        assert one.stdin is not None
        assert one.stdout is not None
        proxies = [{"name": "it", "listen": "127.0.0.1:0", "upstream": upstream}]
        one.stdin.write(json.dumps({"seed": 7, "proxies": proxies}).encode() + b"\n")
        one.stdin.flush()
        ready = json.loads(one.stdout.readline())
        yield Rival("keychaos", ready["proxies"]["it"], one.pid, ready["url"])
