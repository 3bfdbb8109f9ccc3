"""The embedded fault proxy: Toxiproxy's HTTP API over our engine, in a process of its own.

As a child (`python -m chaos.proxy.server`) it reads one JSON line of configuration from stdin,
prints one JSON line when it answers, and stops at once when stdin ends, because its parent is gone
or asks it to::

    {"host": "127.0.0.1", "port": 0, "seed": 7,
     "proxies": [{"name": "us-south", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:9001"}]}
    {"ready": true, "url": "http://127.0.0.1:41234", "proxies": {"us-south": "127.0.0.1:40001"}}
"""

import asyncio
import base64
import json
import os
import resource
import secrets
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Generator
from pathlib import Path
from typing import Any, TypeVar, cast

from chaos.errors import WorldError
from chaos.exchange import Answer, Request
from chaos.proxy import address
from chaos.proxy.api import Plan, plain, populate, respond
from chaos.proxy.batch import batching, healing
from chaos.proxy.body import Refusal, decoded
from chaos.proxy.engine import Engine
from chaos.proxy.forms import new_proxies
from chaos.proxy.http import conversations
from chaos.proxy.lease import Leases
from chaos.proxy.leasing import leased, leasing
from chaos.proxy.metrics import metrics
from chaos.proxy.proof import counting
from chaos.proxy.registry import Change, Outcome, ProxyRecord, Registry

T = TypeVar("T")
ENVIRONMENT = 5
ANSWER_WITHIN = 25.0


class FaultProxy:
    """A registry, the engine that makes it so, and the API in front of both."""

    def __init__(
        self, seed: int, host: str, *, proxy_metrics: bool = False, runtime_metrics: bool = False
    ) -> None:
        self.registry: Registry = {}
        self.engine = Engine(seed, host)
        self._changing = asyncio.Lock()
        counts = self.engine.counts
        runtime = _runtime if runtime_metrics else None
        self._leases = Leases()
        self._lapse: asyncio.TimerHandle | None = None
        self._healing: asyncio.Task[None] | None = None
        self._more = {
            **batching({}),
            **leasing(self._leases, time.monotonic),
            **counting(counts),
            **metrics(counts, runtime, proxies=proxy_metrics),
        }
        self._api: asyncio.Server | None = None

    async def listen(self, host: str, port: int) -> str:
        """Serve the API; its URL. Raises WorldError where the address cannot be had."""
        loop = asyncio.get_running_loop()
        try:
            self._api = await loop.create_server(conversations(self.respond), host, port)
        except OSError as error:
            reason = os.strerror(error.errno or 0).lower()
            where = address.joined(host, port)
            sentence = f"The fault proxy cannot listen on {where} for its API: {reason}."
            raise WorldError(sentence) from None
        bound = self._api.sockets[0].getsockname()
        return f"http://{address.joined(bound[0], bound[1])}"

    async def respond(self, request: Request) -> Answer:
        """Answer one request; changes are carried out one request after the other."""
        plan = respond(self.registry, request, _request_id(), self._more)
        plan = leased(self.registry, request, self._leases, time.monotonic, plan)
        if request.method == "GET":
            # Looking changes nothing, so it need not wait for a change that does.
            return _looked(plan)
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                return await self._carry_out(plan)
        except TimeoutError:
            return plain(503, "the change was not carried out within 25 s\n")

    async def _carry_out(self, plan: Generator[tuple[Change, ...], tuple[Outcome, ...], T]) -> T:
        outcomes: tuple[Outcome, ...] | None = None
        async with self._changing:
            while True:
                try:
                    changes = plan.send(cast("tuple[Outcome, ...]", outcomes))
                except StopIteration as stop:
                    self._watch_leases()
                    return cast("T", stop.value)
                outcomes = await self.engine.carry_out(changes)

    async def populate(self, proxies: bytes) -> list[ProxyRecord]:
        """Create the proxies of a configuration. Raises Refusal for the first that cannot be."""
        done: list[ProxyRecord] = []
        await self._carry_out(populate(self.registry, new_proxies(decoded(proxies)), done))
        return done

    def _watch_leases(self) -> None:
        if self._lapse is not None:
            self._lapse.cancel()
            self._lapse = None
        due = self._leases.due()
        if due is not None:
            wait = max(0.0, due - time.monotonic())
            self._lapse = asyncio.get_running_loop().call_later(wait, self._heal)

    def _heal(self) -> None:
        """Undo what was changed under leases that were not renewed."""
        requests = self._leases.lapse(time.monotonic())
        plan = healing(self.registry, requests, {})
        self._healing = asyncio.get_running_loop().create_task(self._healed(plan))

    async def _healed(self, plan: Plan) -> None:
        await self._carry_out(plan)

    def close(self) -> None:
        """Close every socket at once."""
        if self._lapse is not None:
            self._lapse.cancel()
        if self._api is not None:
            self._api.close()
        self.engine.close()


def _looked(plan: Plan) -> Answer:
    try:
        next(plan)
    except StopIteration as stop:
        return cast("Answer", stop.value)
    raise AssertionError


def _runtime() -> dict[str, float]:
    """Gauges of this process, named as Prometheus's process collectors name them."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "process_cpu_seconds_total": used.ru_utime + used.ru_stime,
        "process_max_fds": float(resource.getrlimit(resource.RLIMIT_NOFILE)[0]),
        "process_open_fds": float(len(list(Path("/proc/self/fd").iterdir()))),
        # The peak, in KiB on Linux.
        "process_resident_memory_bytes": used.ru_maxrss * 1024.0,
    }


def _request_id() -> str:
    # Twelve bytes in lower-case base 32 hex: an xid's twenty characters.
    return base64.b32hexencode(secrets.token_bytes(12)).decode().rstrip("=").lower()


def stopped_by(loop: asyncio.AbstractEventLoop, *, lifeline: bool) -> asyncio.Event:
    """An event that is set by SIGTERM, SIGINT or, with a lifeline, by the end of stdin.

    With a lifeline SIGINT is ignored: Ctrl-C reaches the whole group, and the parent decides.
    """
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    if not lifeline:
        loop.add_signal_handler(signal.SIGINT, stop.set)
        return stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stdin = sys.stdin.fileno()
    os.set_blocking(stdin, False)

    def read() -> None:
        try:
            if os.read(stdin, 4096):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        loop.remove_reader(stdin)
        stop.set()

    loop.add_reader(stdin, read)
    return stop


def run(main: Callable[[], Coroutine[Any, Any, int]]) -> int:
    """Run a shell's main coroutine on uvloop where it is installed; its exit code."""
    try:
        import uvloop  # noqa: PLC0415 - a default dependency only where it installs
    except ImportError:
        return asyncio.run(main())
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main())


async def _child(line: bytes) -> int:
    stop = stopped_by(asyncio.get_running_loop(), lifeline=True)
    given = json.loads(line)
    host = given.get("host", "127.0.0.1")
    proxy = FaultProxy(
        given.get("seed", time.time_ns()),
        host,
        proxy_metrics=given.get("proxy_metrics", False),
        runtime_metrics=given.get("runtime_metrics", False),
    )
    try:
        url = await proxy.listen(host, given.get("port", 0))
        await proxy.populate(json.dumps(given.get("proxies", [])).encode())
    except (WorldError, Refusal) as error:
        proxy.close()
        print(f"{error}", file=sys.stderr)  # noqa: T201 - stderr is the child's voice
        return ENVIRONMENT
    listens = {one.name: one.listen for one in proxy.registry.values()}
    ready = json.dumps({"ready": True, "url": url, "proxies": listens})
    print(ready, flush=True)  # noqa: T201 - the child protocol's one line
    await stop.wait()
    proxy.close()
    return 0


def main() -> int:
    """The child's entry; returns its exit code."""
    line = _first_line(sys.stdin.fileno())
    return run(lambda: _child(line))


def _first_line(stdin: int) -> bytes:
    """The configuration; read without a buffer, so that none of what follows is swallowed."""
    line = bytearray()
    while not line.endswith(b"\n"):
        more = os.read(stdin, 1)
        if not more:
            break
        line += more
    return bytes(line)


if __name__ == "__main__":
    sys.exit(main())
