"""How fast our fault proxy is beside a real Toxiproxy and haproxy in TCP mode.

    python benchmarks/proxy_speed.py [--rounds 3] [--lasts 2] [--only WORD]

All proxies run at once, each on the first core; nginx behind them and wrk or curl before them run
on the second, and only one is measured at a time. Rounds alternate between the proxies, so that a
busy machine is busy for all of them; printed are medians and, what counts, ratios to Toxiproxy
beside their goals. The exit code is 0 whatever they are: a goal that was missed is printed as such.

Needs wrk, curl, nginx, haproxy, taskset, two cores, and a Toxiproxy 2.12 server (TOXIPROXY_SERVER).
"""

import argparse
import contextlib
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.proxy_stand import (
    HOW_TO_GET_IT,
    TOXIPROXY,
    Rival,
    bulk,
    haproxy,
    median,
    nginx,
    ours,
    tell,
    toxiproxy,
    wrk,
)

LATENCY, LATENCY_CONNECTIONS = 0.05, 1000
WARM_UP = 1
SHORT = "FELL SHORT"


@dataclass(frozen=True, slots=True)
class Goal:
    """What ours should be: at least or at most so many times Toxiproxy's figure.

    Where it is ``itself``, what counts is our own figure, whatever Toxiproxy's is.
    """

    bound: float
    least: bool = True
    itself: bool = False

    def met(self, ours: float, ratio: float) -> bool:
        """Whether our figure, which is so many times Toxiproxy's, reaches it."""
        judged = ours if self.itself else ratio
        return judged >= self.bound if self.least else judged <= self.bound

    def __str__(self) -> str:
        return f"{'>=' if self.least else '<='} {self.bound:g}{'' if self.itself else ' x'}"


# Samples of one measure by rival, in the order of the rounds.
Samples = dict[str, list[float]]


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure: what it is, in which unit, and the goal for its ratio to Toxiproxy's."""

    name: str
    unit: str
    goal: Goal | None
    samples: Samples


class Table:
    """The figures as they come in, and how they are told."""

    def __init__(self) -> None:
        self._measures: dict[str, Measure] = {}

    def add(self, name: str, unit: str, goal: Goal | None, rival: Rival, value: float) -> None:
        """One sample."""
        measure = self._measures.setdefault(name, Measure(name, unit, goal, {}))
        measure.samples.setdefault(rival.name, []).append(value)

    def lines(self) -> list[str]:
        """Medians, ratios and goals, and at the end what fell short of them."""
        names = ["direct", "Toxiproxy", "haproxy", "keychaos"]
        lines = [f"{'':44}" + "".join(f"{name:>12}" for name in names) + "   ratio  goal"]
        for measure in self._measures.values():
            medians = {name: median(values) for name, values in measure.samples.items()}
            cells = "".join(
                f"{medians[name]:>12,.{_digits(medians[name])}f}"
                if name in medians
                else f"{'-':>12}"
                for name in names
            )
            told = f"{measure.name}, {measure.unit}"
            lines.append(f"{told:44}{cells}{_verdict(measure, medians)}")
        short = [line[:44].strip() for line in lines if line.endswith(SHORT)]
        goals = sum(measure.goal is not None for measure in self._measures.values())
        lines.append(f"{goals - len(short)} of {goals} goals met; fell short: {short or 'none'}")
        return lines


def _digits(value: float) -> int:
    return 0 if abs(value) >= 100 else 2  # noqa: PLR2004 - three figures are enough


def _verdict(measure: Measure, medians: dict[str, float]) -> str:
    if not medians.get("Toxiproxy") or "keychaos" not in medians:
        return ""
    ratio = medians["keychaos"] / medians["Toxiproxy"]
    if measure.goal is None:
        return f"{ratio:>8.2f}"
    said = "met" if measure.goal.met(medians["keychaos"], ratio) else SHORT
    return f"{ratio:>8.2f}  {measure.goal}: {said}"


def keep_alive(table: Table, rivals: Sequence[Rival], lasts: int) -> None:
    """Requests over kept connections."""
    for connections in (1, 16, 64, 256):
        for rival in rivals:
            wrk(rival, connections, WARM_UP)
            seen = wrk(rival, connections, lasts)
            goal = Goal(1.3) if connections > 1 else None
            table.add(f"keep-alive c={connections}", "req/s", goal, rival, seen.rate)
            if rival.pid and connections > 1:
                cpu = seen.cpu_per_request * 1e6
                name = f"CPU per request c={connections}"
                table.add(name, "us", Goal(0.65, least=False), rival, cpu)
            if connections == 256:  # noqa: PLR2004 - the goal's own number
                goal = Goal(0.5, least=False)
                table.add(f"p99 c={connections}", "ms", goal, rival, seen.p99 * 1e3)


def new_connections(table: Table, rivals: Sequence[Rival], lasts: int) -> None:
    """A connection for each request."""
    for rival in rivals:
        seen = wrk(rival, 64, lasts, "Connection: close")
        table.add("new connections c=64", "1/s", Goal(1.5), rival, seen.rate)


def downloads(table: Table, rivals: Sequence[Rival], lasts: int) -> None:
    """As many large downloads as others measure seconds."""
    for rival in [rival for rival in rivals for _ in range(lasts)]:
        table.add("bulk", "MiB/s", Goal(1.9), rival, bulk(rival))


def latency(table: Table, rivals: Sequence[Rival], lasts: int) -> None:
    """A latency toxic on a thousand connections, and how exact it is on one."""
    for rival in rivals:
        if not rival.api:
            continue
        attributes = {"latency": round(LATENCY * 1e3)}
        toxic = {"type": "latency", "name": "slow", "attributes": attributes}
        tell(rival.api, "POST", "/proxies/it/toxics", toxic)
        ideal = LATENCY_CONNECTIONS / LATENCY
        # Only as many as leave the core some air: at the limit it is the queue that is measured.
        for connections in (1, 100, LATENCY_CONNECTIONS):
            seen = wrk(rival, connections, max(lasts, 2))
            name = f"latency 50 ms c={connections}"
            p50 = Goal(0.6, least=False) if connections == LATENCY_CONNECTIONS else None
            p99 = Goal(1.0, least=False) if connections == LATENCY_CONNECTIONS else None
            table.add(f"{name}, p50 error", "ms", p50, rival, (seen.p50 - LATENCY) * 1e3)
            table.add(f"{name}, p99 error", "ms", p99, rival, (seen.p99 - LATENCY) * 1e3)
            if connections == LATENCY_CONNECTIONS:
                share = seen.rate / ideal
                held = Goal(0.9, itself=True)
                table.add(f"{name}, of ideal rate", "share", held, rival, share)
                cpu = seen.cpu_per_request * 1e6
                table.add(f"{name}, CPU per request", "us", None, rival, cpu)
        tell(rival.api, "DELETE", "/proxies/it/toxics/slow")


SCENES: Sequence[Callable[[Table, Sequence[Rival], int], None]] = (
    keep_alive,
    new_connections,
    downloads,
    latency,
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--lasts", type=int, default=2, help="seconds a measurement")
    parser.add_argument("--only", default="", help="scenes whose name has this word")
    given = parser.parse_args()
    missing = [tool for tool in ("wrk", "curl", "nginx", "haproxy") if shutil.which(tool) is None]
    if missing or not TOXIPROXY:
        sys.exit(f"needs {', '.join(missing)}" if missing else HOW_TO_GET_IT)
    table = Table()
    with contextlib.ExitStack() as stack:
        upstream = stack.enter_context(nginx())
        rivals = [Rival("direct", upstream)]
        rivals += [stack.enter_context(one(upstream)) for one in (toxiproxy, haproxy, ours)]
        for _ in range(given.rounds):
            for scene in SCENES:
                if given.only in scene.__name__:
                    scene(table, rivals, given.lasts)
    sys.stdout.write("\n".join(table.lines()) + "\n")


if __name__ == "__main__":
    main()
