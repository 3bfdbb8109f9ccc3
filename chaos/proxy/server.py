"""The embedded fault proxy as a child process: Toxiproxy's HTTP API over our engine.

`python -m chaos.proxy.server` reads one JSON line of configuration from stdin, prints one JSON line
when it answers, and stops at once when stdin ends, because its parent is gone or asks it to::

    {"host": "127.0.0.1", "port": 0, "seed": 7,
     "proxies": [{"name": "us-south", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:9001"}]}
    {"ready": true, "url": "http://127.0.0.1:41234", "proxies": {"us-south": "127.0.0.1:40001"}}

Further keys: `workers` (1), `proxy_metrics` and `runtime_metrics` (false); a proxy may list its
`toxics`. Exit code 5 and one sentence on stderr where an address cannot be had.
"""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from chaos.errors import WorldError
from chaos.proxy.body import Refusal
from chaos.proxy.crew import Crew
from chaos.proxy.engine import Engine
from chaos.proxy.fault_proxy import FaultProxy
from chaos.proxy.ports import Ports
from chaos.proxy.running import first_line, run, stopped_by

ENVIRONMENT = 5
ABORTED = 4


@dataclass(frozen=True, slots=True)
class Settings:
    """How a fault proxy is run. Without a ``seed`` the clock is one."""

    host: str = "127.0.0.1"
    port: int = 0
    seed: int | None = None
    workers: int = 1
    proxy_metrics: bool = False
    runtime_metrics: bool = False


@dataclass(frozen=True, slots=True)
class Running:
    """A fault proxy that answers at its URL; ``broken`` is set when a worker of it has ended."""

    proxy: FaultProxy
    url: str
    broken: asyncio.Event


@contextlib.asynccontextmanager
async def running(settings: Settings, configuration: bytes) -> AsyncIterator[Running]:
    """A fault proxy for as long as it is wanted.

    Raises WorldError where an address cannot be had, Refusal for a configuration that is no good.
    """
    seed = str(time.time_ns() if settings.seed is None else settings.seed)
    broken = asyncio.Event()
    ports = Ports(settings.host)
    crew = None if settings.workers <= 1 else Crew(ports)
    engine = crew if crew is not None else Engine(seed, ports)
    proxy = FaultProxy(
        engine, proxy_metrics=settings.proxy_metrics, runtime_metrics=settings.runtime_metrics
    )
    try:
        if crew is not None:
            await crew.start(settings.workers, seed, settings.host)
            broken = crew.broken
        url = await proxy.listen(settings.host, settings.port)
        await proxy.configure(configuration)
        yield Running(proxy, url, broken)
    finally:
        proxy.close()
        if crew is not None:
            await crew.ended()


async def until_stopped(one: Running, stop: asyncio.Event) -> int:
    """Wait for the stop; exit code 4 where a worker ended before it."""
    waits = [asyncio.create_task(event.wait()) for event in (stop, one.broken)]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
    if one.broken.is_set() and not stop.is_set():
        say("A worker of the fault proxy has ended, so all of it stops.")
        return ABORTED
    return 0


def say(sentence: str) -> None:
    """One sentence for people, on stderr."""
    print(sentence, file=sys.stderr, flush=True)  # noqa: T201 - stderr is a process's voice


async def _child(line: bytes) -> int:
    stop = stopped_by(asyncio.get_running_loop(), lifeline=True)
    given = json.loads(line or b"{}")
    proxies = given.pop("proxies", [])
    try:
        async with running(Settings(**given), json.dumps(proxies).encode()) as one:
            listens = {each.name: each.listen for each in one.proxy.registry.values()}
            ready = json.dumps({"ready": True, "url": one.url, "proxies": listens})
            print(ready, flush=True)  # noqa: T201 - the child protocol's one line
            return await until_stopped(one, stop)
    except WorldError as error:
        say(str(error))
    except Refusal as refusal:
        say(f"The fault proxy cannot be set up as asked: {refusal}.")
    return ENVIRONMENT


def main() -> int:
    """The child's entry; returns its exit code."""
    line = first_line(sys.stdin.fileno())
    return run(lambda: _child(line))


if __name__ == "__main__":
    sys.exit(main())
