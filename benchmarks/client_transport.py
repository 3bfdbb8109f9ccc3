"""What a transport adds to a latency fault: httpx's own pool beside our lean ones.

    python benchmarks/client_transport.py [--rate 200] [--lasts 10] [--latency 0.5]

A server in a process of its own answers every request after so many seconds. Requests are due by an
open plan; what is printed is how much later than due plus latency their answers came: that is the
client's own doing, and no fault of the service. Both transports are measured in one run, in turn.
"""

import argparse
import asyncio
import multiprocessing
import multiprocessing.connection
import statistics
import time
from collections.abc import Callable
from random import Random

import httptools
import httpx

from chaos.client.transport import LeanTransport

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class Server(asyncio.Protocol):
    """Answers each request after ``latency`` seconds."""

    latency = 0.0

    def __init__(self) -> None:
        self.parser = httptools.HttpRequestParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Parse."""
        self.parser.feed_data(data)

    def on_message_complete(self) -> None:
        """Answer later."""
        asyncio.get_running_loop().call_later(self.latency, self._answer)

    def _answer(self) -> None:
        if isinstance(self.transport, asyncio.WriteTransport) and not self.transport.is_closing():
            self.transport.write(ANSWER)


def serve(latency: float, told: multiprocessing.connection.Connection) -> None:
    """The server's process: tells its port, serves until it is ended."""

    async def forever() -> None:
        Server.latency = latency
        server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
        told.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(forever())


async def play(
    transport: httpx.AsyncBaseTransport, url: str, due: list[float], latency: float
) -> tuple[list[float], float]:
    """Added seconds of every request, and the CPU seconds that all of them took."""
    added: list[float] = []
    begun, spent = time.perf_counter(), time.process_time()

    async def once(client: httpx.AsyncClient, at: float) -> None:
        await client.post(url, content=b"{}")
        added.append(time.perf_counter() - begun - at - latency)

    async with httpx.AsyncClient(transport=transport, timeout=60.0) as client:
        tasks = []
        for at in due:
            await asyncio.sleep(max(0.0, at - (time.perf_counter() - begun)))
            tasks.append(asyncio.create_task(once(client, at)))
        await asyncio.gather(*tasks)
    return added, time.process_time() - spent


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--lasts", type=float, default=10.0)
    parser.add_argument("--latency", type=float, default=0.5)
    wish = parser.parse_args()
    rng, now, due = Random(1), 0.0, []
    while now < wish.lasts:
        now += rng.expovariate(wish.rate)
        due.append(now)
    hears, told = multiprocessing.Pipe(duplex=False)
    server = multiprocessing.Process(target=serve, args=(wish.latency, told), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{hears.recv()}"
    transports: dict[str, Callable[[], httpx.AsyncBaseTransport]] = {
        "httpx's own": lambda: httpx.AsyncHTTPTransport(verify=False),
        "lean": LeanTransport,
    }
    medians: dict[str, float] = {}
    for name, make in transports.items():
        added, cpu = asyncio.run(play(make(), url, due, wish.latency))
        medians[name] = statistics.median(added)
        p99 = statistics.quantiles(added, n=100)[98]
        print(  # noqa: T201 - printing is what a benchmark is for
            f"{name:12} adds p50 {medians[name] * 1e3:8.2f} ms  p99 {p99 * 1e3:8.2f} ms  "
            f"CPU {cpu / len(due) * 1e6:6.0f} us a request  n {len(due)}"
        )
    server.terminate()
    server.join()
    ratio = medians["httpx's own"] / medians["lean"]
    verdict = f"httpx's own adds {ratio:.0f} times as much at the median"
    print(verdict)  # noqa: T201 - printing is what a benchmark is for


if __name__ == "__main__":
    main()
