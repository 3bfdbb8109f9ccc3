"""What a run under way looks like: the journal's newest records, counted for the live display."""

from collections import Counter, deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from chaos.run.journal import ATTEMPTS, OPERATIONS
from chaos.run.record import ATTEMPT, NOWHERE, OPERATION, OUTCOMES, Columns

OVER = 1.0
HTTP_STATUS, HTTP_ERROR = 100, 400


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One look at a run: rates per second over the last second, totals since time zero.

    ``operations`` and ``attempts`` are per region; ``failing`` are attempts per second that got no
    good answer; ``marks`` are what happened so far, with its time.
    """

    at: float
    phase: str
    operations: dict[str, float]
    attempts: dict[str, float]
    failing: dict[str, float]
    ended: int
    ok: int
    failed: int
    unknown: int
    marks: tuple[tuple[float, str], ...]


class Tail:
    """Follows the load's two record files as they grow."""

    def __init__(self, folder: Path, regions: tuple[str, ...]) -> None:
        self._regions = regions
        self._attempts = _Growing(folder / ATTEMPTS, ATTEMPT)
        self._operations = _Growing(folder / OPERATIONS, OPERATION)
        self._recent: deque[tuple[float, Counter[tuple[str, str]]]] = deque()
        self._outcomes: Counter[str] = Counter()

    def look(self, at: float, phase: str, marks: tuple[tuple[float, str], ...]) -> Snapshot:
        """Read what is new and sum up the last second."""
        counts: Counter[tuple[str, str]] = Counter()
        attempts, operations = self._attempts.read(), self._operations.read()
        bad = (attempts["status"] < HTTP_STATUS) | (attempts["status"] >= HTTP_ERROR)
        self._count(counts, "attempts", attempts)
        self._count(counts, "failing", attempts[bad])
        self._count(counts, "operations", operations)
        for code, n in enumerate(np.bincount(operations["outcome"], minlength=len(OUTCOMES))):
            self._outcomes[OUTCOMES[code]] += int(n)
        self._recent.append((at, counts))
        while len(self._recent) > 1 and self._recent[0][0] <= at - OVER:
            self._recent.popleft()
        total: Counter[tuple[str, str]] = Counter()
        for _, part in self._recent:
            total.update(part)
        rates = {
            kind: {region: total[kind, region] / OVER for region in self._regions}
            for kind in ("operations", "attempts", "failing")
        }
        return Snapshot(
            at,
            phase,
            rates["operations"],
            rates["attempts"],
            rates["failing"],
            ended=sum(self._outcomes.values()),
            ok=self._outcomes["ok"],
            failed=self._outcomes["failed"],
            unknown=self._outcomes["unknown"],
            marks=marks,
        )

    def _count(self, into: Counter[tuple[str, str]], kind: str, records: Columns) -> None:
        for code, n in zip(*np.unique(records["region"], return_counts=True), strict=True):
            if code != NOWHERE:
                into[kind, self._regions[code]] += int(n)

    def close(self) -> None:
        """Close both files."""
        self._attempts.close()
        self._operations.close()


class _Growing:
    """A file of records that another process appends to."""

    def __init__(self, path: Path, layout: "np.dtype[Any]") -> None:
        self._path = path
        self._layout = layout
        self._stream: BinaryIO | None = None
        self._left = b""

    def read(self) -> Columns:
        if self._stream is None and self._path.exists():
            self._stream = self._path.open("rb")
        raw = self._left + (self._stream.read() if self._stream else b"")
        whole = len(raw) - len(raw) % self._layout.itemsize
        self._left = raw[whole:]
        return np.frombuffer(raw[:whole], dtype=self._layout)

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
