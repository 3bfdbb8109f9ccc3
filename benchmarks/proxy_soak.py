"""A million short connections and ten thousand toxic changes: descriptors and memory stay flat.

    python benchmarks/proxy_soak.py [--connections 1000000] [--changes 10000] [--workers 1]

wrk opens a connection for each request to nginx through our fault proxy, while toxics come, change
and go on it at the pace that spreads the changes over the connections. Descriptors and resident
memory are printed as it goes. Exit code 1 where, from a tenth of the way to the end, memory grew by
more than 8 MiB or descriptors did not come back.
"""

import argparse
import contextlib
import json
import random
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from benchmarks.proxy_stand import LOAD_CORE, PROXY_CORE, Rival, nginx, on_core, process, tell, wrk

MIB = 1 << 20
GROWTH_MIB = 8
KINDS: tuple[tuple[str, dict[str, int]], ...] = (
    ("latency", {"latency": 2, "jitter": 2}),
    ("slicer", {"average_size": 90, "size_variation": 30}),
    ("bandwidth", {"rate": 100_000}),
    ("slow_close", {"delay": 3}),
    ("limit_data", {"bytes": 1_000_000}),
    ("noop", {}),
)


def resident(pid: int) -> int:
    """The memory that a process really holds, in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def descriptors(pid: int) -> int:
    """How many descriptors a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


@contextlib.contextmanager
def server(upstream: str, workers: int) -> Iterator[Rival]:
    """Our fault proxy on the proxy's core."""
    with process(*on_core(PROXY_CORE, sys.executable, "-m", "chaos.proxy.server")) as one:
        assert one.stdin is not None
        assert one.stdout is not None
        proxies = [{"name": "it", "listen": "127.0.0.1:0", "upstream": upstream}]
        asked = {"seed": 7, "workers": workers, "proxies": proxies}
        one.stdin.write(json.dumps(asked).encode() + b"\n")
        one.stdin.flush()
        ready = json.loads(one.stdout.readline())
        yield Rival("keychaos", ready["proxies"]["it"], one.pid, ready["url"])


def change(api: str, count: int, rng: random.Random) -> None:
    """Three changes at a time: a toxic comes, changes, goes."""
    for _ in range(count // 3):
        kind, attributes = rng.choice(KINDS)
        stream = rng.choice(["upstream", "downstream"])
        toxic = {"name": "x", "type": kind, "attributes": attributes, "stream": stream}
        tell(api, "POST", "/proxies/it/toxics", toxic)
        tell(api, "PATCH", "/proxies/it/toxics/x", {"toxicity": rng.random()})
        time.sleep(0.002)
        tell(api, "DELETE", "/proxies/it/toxics/x")


def say(line: str) -> None:
    """One line of the log."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def soak(rival: Rival, connections: int, changes: int) -> list[tuple[int, int, int]]:
    """Connections so far, descriptors and resident memory, from time to time."""
    rng = random.Random(7)
    seen: list[tuple[int, int, int]] = []
    done = changed = 0
    load = on_core(LOAD_CORE, "wrk", "-t1", "-c32", "-d3600s", "-H", "Connection: close")
    with process(*load, f"http://{rival.listen}/"):
        while done < connections or changed < changes:
            wanted = min(changes, round(changes * (done + 1) / connections) + 30)
            change(rival.api, max(0, wanted - changed), rng)
            changed = max(changed, wanted)
            time.sleep(0.2)
            done = accepted(rival)
            if not seen or done >= seen[-1][0] + connections // 20:
                seen.append((done, descriptors(rival.pid), resident(rival.pid)))
                say(
                    f"{done:>9,} connections {changed:>7,} changes"
                    f" {seen[-1][1]:>5} descriptors {seen[-1][2] / MIB:>7.1f} MiB"
                )
    time.sleep(2)
    seen.append((done, descriptors(rival.pid), resident(rival.pid)))
    say(f"at rest: {seen[-1][1]} descriptors, {seen[-1][2] / MIB:.1f} MiB")
    return seen


def accepted(rival: Rival) -> int:
    """How many connections the proxy has accepted."""
    with urllib.request.urlopen(f"{rival.api}/proxies/it/counts", timeout=30) as answer:  # noqa: S310
        count: int = json.load(answer)["accepted"]
        return count


def main() -> int:
    """Soak, print, and say whether it stayed flat."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--connections", type=int, default=1_000_000)
    parser.add_argument("--changes", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    with nginx() as upstream, server(upstream, given.workers) as rival:
        wrk(rival, 32, 1, "Connection: close")
        time.sleep(1)
        at_rest = descriptors(rival.pid)
        seen = soak(rival, given.connections, given.changes)
    early = next(one for one in seen if one[0] >= given.connections // 10)
    growth = (seen[-1][2] - early[2]) / MIB
    left = seen[-1][1] - at_rest
    flat = growth <= GROWTH_MIB and left <= 0
    said = "flat" if flat else "NOT FLAT"
    say(f"{said}: memory {growth:+.1f} MiB since a tenth of the way, {left:+d} descriptors at rest")
    return 0 if flat else 1


if __name__ == "__main__":
    sys.exit(main())
