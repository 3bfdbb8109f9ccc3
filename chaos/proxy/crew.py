"""Several worker processes as one engine: each listens on every port, the kernel deals them out."""

import asyncio
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from chaos.errors import WorldError
from chaos.proxy.messages import changes_line, outcomes_of
from chaos.proxy.ports import Found, Ports
from chaos.proxy.registry import (
    Change,
    Count,
    Forget,
    Open,
    Outcome,
    Problem,
    Release,
    Reserve,
    Resolve,
    Shut,
)

# Of a batch of changes a worker's pipe must take every line at once.
_LONGEST_LINE = 1 << 26


class Crew:
    """Workers that carry out every change together.

    The ports are tried and reserved here, where a port that another process holds is noticed: the
    workers' sockets, which share ports, would not notice.
    """

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._workers: list[asyncio.subprocess.Process] = []
        self._listens: dict[str, str] = {}
        self.broken = asyncio.Event()
        self._watches: list[asyncio.Task[None]] = []

    async def start(self, count: int, seed: str, host: str) -> None:
        """Start the workers. Raises WorldError where one does not."""
        for number in range(count):
            worker = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "chaos.proxy.worker",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=_LONGEST_LINE,
            )
            self._workers.append(worker)
            # Numbered, so that connections of two workers do not share their draws.
            line = json.dumps({"host": host, "seed": f"{seed} {number}"}).encode() + b"\n"
            if await self._asked(worker, line) is None:
                raise WorldError(f"Worker {number} of the fault proxy did not start.")
            self._watches.append(asyncio.create_task(self._watch(worker)))

    async def _watch(self, worker: asyncio.subprocess.Process) -> None:
        await worker.wait()
        self.broken.set()

    async def _asked(self, worker: asyncio.subprocess.Process, line: bytes) -> bytes | None:
        assert worker.stdin is not None
        assert worker.stdout is not None
        try:
            worker.stdin.write(line)
            await worker.stdin.drain()
            return await worker.stdout.readline() or None
        except ConnectionError:
            return None

    async def carry_out(self, changes: Sequence[Change]) -> tuple[Outcome, ...]:
        """Do what belongs together at once, in every worker at about the same instant."""
        own: dict[int, Outcome] = {}
        sent: list[tuple[int, Change]] = []
        for position, change in enumerate(changes):
            if isinstance(change, Open | Reserve | Resolve):
                found = await self._ports.found(change)
                outcome = self._address(change, found)
                own[position] = outcome
                if not isinstance(change, Open) or not isinstance(outcome, str):
                    continue
                sent.append((position, Open(change.proxy, outcome, change.upstream)))
            elif isinstance(change, Release):
                self._ports.release(change.proxy)
            else:
                if isinstance(change, Shut | Forget):
                    self._listens.pop(change.proxy, None)
                sent.append((position, change))
        for position, outcome in (await self._everywhere(sent)).items():
            if own.get(position) is None or isinstance(outcome, Problem):
                own[position] = outcome
        return tuple(own.get(position) for position in range(len(changes)))

    def _address(self, change: Open | Reserve | Resolve, found: Found) -> Outcome:
        if isinstance(change, Resolve):
            return found if isinstance(found, Problem) else str(found)
        if isinstance(change, Reserve):
            if self._listens.get(change.proxy) == str(found):
                return str(found)
            return self._ports.reserve(change.proxy, found)
        bound = self._ports.taken(change.proxy, found)
        if isinstance(bound, Problem):
            return bound
        host, port = bound.getsockname()[:2]
        bound.close()
        listen = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._listens[change.proxy] = listen
        return listen

    async def _everywhere(self, sent: list[tuple[int, Change]]) -> dict[int, Outcome]:
        if not sent:
            return {}
        line = changes_line([change for _, change in sent])
        lines = await asyncio.gather(*(self._asked(worker, line) for worker in self._workers))
        if None in lines:
            self.broken.set()
            return {
                position: Problem("a worker of the fault proxy has ended") for position, _ in sent
            }
        by_worker = [outcomes_of(cast("bytes", one)) for one in lines]
        return {
            position: _one(change, [outcomes[number] for outcomes in by_worker])
            for number, (position, change) in enumerate(sent)
        }

    def close(self) -> None:
        """Let every worker stop at once."""
        for watch in self._watches:
            watch.cancel()
        for worker in self._workers:
            if worker.stdin is not None:
                worker.stdin.close()
        self._ports.close()

    async def ended(self) -> None:
        """Wait for the workers to be gone."""
        for worker in self._workers:
            await worker.wait()


def _one(change: Change, outcomes: Sequence[Outcome]) -> Outcome:
    """What the workers' outcomes say together."""
    if isinstance(change, Count):
        counted = [cast("Mapping[str, Any]", outcome) for outcome in outcomes]
        return {name: merged([one[name] for one in counted]) for name in change.proxies}
    problems = [outcome for outcome in outcomes if isinstance(outcome, Problem)]
    return problems[0] if problems else outcomes[0]


# Of these the first or the last of all workers' is meant, not the sum.
_EARLIEST, _LATEST = ("first",), ("late", "shut_at", "opened_at")


def merged(counts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Counts of several workers as those of one."""
    return {key: _merged(key, [one[key] for one in counts if key in one]) for key in _keys(counts)}


def _keys(counts: Iterable[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(key for one in counts for key in one))


def _merged(key: str, values: list[Any]) -> Any:
    if isinstance(values[0], Mapping):
        return merged(values)
    known = [value for value in values if value is not None]
    if not known:
        return None
    if key in _EARLIEST:
        return min(known)
    return max(known) if key in _LATEST else sum(known)
