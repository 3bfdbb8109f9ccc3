"""How fast the key service twin wraps and unwraps, beside moto's KMS and bare HTTP stacks.

    python benchmarks/service_speed.py [--rounds 3] [--lasts 3]

All four servers run at once, each alone on the first core while it is measured; wrk drives it from
the second, over kept connections. Rounds alternate between the servers, so that a busy machine is
busy for all of them; printed are medians, and their ratios are what counts. The CPU time that a
server spent per request is told beside its rate, as other load moves it less. Both bare stacks give
a fixed answer of the size of a wrapped data key: `stack` reads each request as the twin does, with
target, headers and body; `parser` is httptools alone, which keeps nothing of what it parsed.

Needs wrk, two cores, and for the comparison a virtual environment with moto: it is made in the
user's cache on the first run.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import urllib.request
import venv
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

MOTO = "moto[server]==5.2.5"
CONNECTIONS = (16, 64)
OPERATIONS = ("wrap", "unwrap")
SCOPE = "anyone/20240101/us-east-1/kms/aws4_request"
GOAL_MOTO, GOAL_BARE = 50.0, 0.30
INSTANCE = "0f4b62ee-8b9a-4c5b-9d5a-a5d4c39c0e0d"
BARE = """
import asyncio, sys
import httptools
from chaos.exchange import Answer
from chaos.service.protocol import HttpConnection
from chaos.service.server import new_event_loop

BODY = b"x" * int(sys.argv[1])
HEAD = "HTTP/1.1 200 OK\\r\\ncontent-type: application/json\\r\\ncontent-length: {}\\r\\n\\r\\n"
ANSWER = HEAD.format(len(BODY)).encode() + BODY

class Bare(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        self.parser = httptools.HttpRequestParser(self)
    def data_received(self, data):
        self.parser.feed_data(data)
    def on_message_complete(self):
        self.transport.write(ANSWER)

FIXED, CONNECTIONS = Answer(200, {"content-type": "application/json"}, BODY), set()

def stack():
    return HttpConnection(lambda request: FIXED, CONNECTIONS)

async def main():
    made = {"stack": stack, "parser": Bare}[sys.argv[2]]
    server = await asyncio.get_running_loop().create_server(made, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

with asyncio.Runner(loop_factory=new_event_loop) as runner:
    runner.run(main())
"""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request that wrk repeats."""

    url: str
    headers: dict[str, str]
    body: str
    pid: int

    def script(self) -> str:
        """For wrk, in Lua."""
        lines = ['wrk.method = "POST"', f"wrk.body = {json.dumps(self.body)}"]
        for name, value in self.headers.items():
            lines.append(f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Speed:
    """Requests per second, 99th percentile of latency in ms, CPU time per request in us."""

    rate: float
    p99: float
    cpu: float


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--lasts", type=int, default=3, help="seconds of each measurement")
    told = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.stderr.write("wrk is not installed; it drives the load.\n")
        return 5
    if len(os.sched_getaffinity(0)) == 1:
        sys.stderr.write("Two cores are needed: one for the server, one for the load.\n")
        return 5
    with ExitStack() as stack:
        asks = servers(stack)
        measured: dict[tuple[str, str, int], list[Speed]] = {}
        for _ in range(told.rounds):
            for operation in OPERATIONS:
                for connections in CONNECTIONS:
                    for name in asks:
                        speed = measure(asks[name][operation], connections, told.lasts)
                        measured.setdefault((name, operation, connections), []).append(speed)
    sys.stdout.write(table(measured))
    return 0


def servers(stack: ExitStack) -> dict[str, dict[str, Ask]]:
    """Start all servers on the first core; what to ask each for each operation."""
    twin = stack.enter_context(twin_server())
    size = len(post(twin["wrap"]))
    asks = {"twin": twin}
    for kind in ("stack", "parser"):
        pid, port = stack.enter_context(bare_server(kind, size))
        url = f"http://127.0.0.1:{port}/"
        asks[kind] = {name: Ask(url, ask.headers, ask.body, pid) for name, ask in twin.items()}
    return {**asks, "moto": stack.enter_context(moto_server())}


@contextmanager
def running(*command: str, stdin: int | None = None) -> Iterator[subprocess.Popen[str]]:
    """A process on the first core, ended at the end."""
    core = min(os.sched_getaffinity(0))
    pinned = ("taskset", "--cpu-list", str(core), *command)
    quiet = subprocess.DEVNULL
    child = subprocess.Popen(  # noqa: S603 (our own commands)
        pinned, stdin=stdin, stdout=subprocess.PIPE, stderr=quiet, text=True
    )
    try:
        yield child
    finally:
        child.terminate()
        child.communicate(timeout=10)


@contextmanager
def twin_server() -> Iterator[dict[str, Ask]]:
    """The twin with everything on: token check, tenants, states, metrics, zones, quota, faults.

    The quota is never used up, and the fault is another tenant's: what is measured is the asking.
    """
    someone = {"key": "api-key", "iam_id": "IBMid-1", "account": "account"}
    tenant = {"id": INSTANCE, "account": "account"}
    wish = {"region": "us-south", "iam": {"api_keys": [someone]}, "instances": [tenant]}
    wish["quota"] = {"rate": 1e7, "burst": 1000}
    wish["faults"] = {"another's": {"kind": "throttle", "instance": "another tenant"}}
    command = (sys.executable, "-m", "chaos.service.server")
    with running(*command, stdin=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(json.dumps(wish) + "\n")
        child.stdin.flush()
        url = json.loads(child.stdout.readline())["url"]
        pid = child.pid
        form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": "api-key"}
        issued = json.loads(post(Ask(url + "/identity/token", {}, urlencode(form), pid)))
        mine = {
            "Authorization": "Bearer " + issued["access_token"],
            "Bluemix-Instance": INSTANCE,
            "Correlation-Id": INSTANCE,
            "Content-Type": "application/json",
        }
        resource = {"name": "key", "extractable": False}
        body = {"metadata": {"collectionTotal": 1}, "resources": [resource]}
        made = json.loads(post(Ask(url + "/api/v2/keys", mine, json.dumps(body), pid)))
        path = f"{url}/api/v2/keys/{made['resources'][0]['id']}/actions/"
        wrap = Ask(path + "wrap", mine, json.dumps({"plaintext": "A" * 44}), pid)
        sealed = json.loads(post(wrap))["ciphertext"]
        opening = json.dumps({"ciphertext": sealed})
        yield {"wrap": wrap, "unwrap": Ask(path + "unwrap", mine, opening, pid)}


@contextmanager
def bare_server(kind: str, size: int) -> Iterator[tuple[int, int]]:
    """A bare stack, answering so many bytes; its process and its port."""
    with running(sys.executable, "-c", BARE, str(size), kind) as child:
        assert child.stdout is not None
        yield child.pid, int(child.stdout.readline())


@contextmanager
def moto_server() -> Iterator[dict[str, Ask]]:
    """moto's KMS in its own virtual environment."""
    python = moto_python()
    program = (
        "from moto.server import ThreadedMotoServer as S; import threading; "
        "s = S('127.0.0.1', 0, verbose=False); s.start(); "
        "print(s.get_host_and_port()[1], flush=True); threading.Event().wait()"
    )
    with running(str(python), "-c", program) as child:
        assert child.stdout is not None
        url = f"http://127.0.0.1:{child.stdout.readline().strip()}/"

        def ask(action: str, body: dict[str, object]) -> Ask:
            headers = {
                "X-Amz-Target": f"TrentService.{action}",
                "Content-Type": "application/x-amz-json-1.1",
                "Authorization": f"AWS4-HMAC-SHA256 Credential={SCOPE}",
            }
            return Ask(url, headers, json.dumps(body), child.pid)

        made = json.loads(post(ask("CreateKey", {})))["KeyMetadata"]["KeyId"]
        encrypt = ask("Encrypt", {"KeyId": made, "Plaintext": "A" * 44})
        sealed = json.loads(post(encrypt))["CiphertextBlob"]
        yield {"wrap": encrypt, "unwrap": ask("Decrypt", {"CiphertextBlob": sealed})}


def moto_python() -> Path:
    """The interpreter that has moto, in the user's cache."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = home / "keychaos" / "benchmarks" / re.sub(r"\W+", "-", MOTO)
    python = folder / "bin" / "python"
    if not (folder / ".ready").exists():
        venv.create(folder, with_pip=True)
        install = (str(python), "-m", "pip", "install", "--quiet", MOTO)
        subprocess.run(install, check=True)  # noqa: S603 (pinned above)
        (folder / ".ready").touch()
    return python


def post(ask: Ask) -> bytes:
    """One request, to begin with."""
    request = urllib.request.Request(ask.url, ask.body.encode(), ask.headers)  # noqa: S310 (loopback)
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 (loopback)
        content: bytes = answer.read()
    return content


def measure(ask: Ask, connections: int, lasts: int) -> Speed:
    """Drive one request from the second core; every answer must be a success."""
    core = max(os.sched_getaffinity(0))
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(ask.script())
        script.flush()
        command = (
            *("taskset", "--cpu-list", str(core), "wrk", "--latency", "-t1"),
            *(f"-c{connections}", f"-d{lasts}s", "-s", script.name, ask.url),
        )
        before = cpu_seconds(ask.pid)
        ran = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
        spent = cpu_seconds(ask.pid) - before
    if "Non-2xx" in ran.stdout:
        raise SystemExit(f"{ask.url} refused what was measured:\n{ran.stdout}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", ran.stdout)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", ran.stdout)
    count = re.search(r"(\d+) requests in", ran.stdout)
    if rate is None or p99 is None or count is None:
        raise SystemExit(f"wrk said nothing that can be read:\n{ran.stdout}")
    latency = float(p99[1]) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[p99[2]]
    return Speed(float(rate[1]), latency, 1e6 * spent / int(count[1]))


def cpu_seconds(pid: int) -> float:
    """User and system time that a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def table(measured: dict[tuple[str, str, int], list[Speed]]) -> str:
    """Medians and ratios."""
    names = ("twin", "stack", "parser", "moto")
    lines = [f"{'':13}" + "".join(f"{name:>24}" for name in names) + "   of stack, parser, moto"]
    for operation in OPERATIONS:
        for connections in CONNECTIONS:
            speeds = [median(measured[name, operation, connections]) for name in names]
            cells = "".join(f"{s.rate:>9,.0f}/s{s.p99:>6.1f}ms{s.cpu:>5.0f}us" for s in speeds)
            stack, parser, moto = (speeds[0].rate / other.rate for other in speeds[1:])
            ratios = f"{stack:>10.0%}{parser:>7.0%}{moto:>6.0f}x"
            lines.append(f"{operation + f' c={connections}':13}{cells}{ratios}")
    lines.append("Each: requests a second, p99 latency, CPU time a request; then ratios of rates.")
    lines.append(f"The goal: {GOAL_MOTO:g} x moto and {GOAL_BARE:.0%} of the bare stack, at least.")
    return "\n".join(lines) + "\n"


def median(runs: list[Speed]) -> Speed:
    """The median of each measure over the rounds."""
    return Speed(
        statistics.median(each.rate for each in runs),
        statistics.median(each.p99 for each in runs),
        statistics.median(each.cpu for each in runs),
    )


if __name__ == "__main__":
    sys.exit(main())
