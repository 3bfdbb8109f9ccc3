"""Rotations that a client still has to repeat at its backups, in the order they were made.

Two root keys open each other's data keys only while their material is the same, and nothing but the
customer keeps it so. What could not be repeated at once is owed, and repaid beside later calls.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import inf
from random import Random

from chaos.client.backoff import Backoff, full_jitter
from chaos.client.reading import Reading

_NOT_SO_SOON = "KEY_ROTATION_NOT_PERMITTED"
# Key Protect rotates a key once an hour.
_HOUR = 3600.0


@dataclass(frozen=True, slots=True, repr=False)
class Owed:
    """One rotation to repeat at the region of that index. It has no repr: it carries material."""

    index: int
    payload: str
    since: float


class Rotations:
    """What is owed to each backup. A backup is stale as long as anything is owed to it.

    ``due`` is when the next repetition may be tried, inf when nothing is owed; ``repeating`` the
    one under way.
    """

    def __init__(self, backoff: Backoff | None = None) -> None:
        self._owed: deque[Owed] = deque()
        self._backoff = backoff or full_jitter(base=2.0, cap=60.0)
        self._failures = 0
        self._unsure = False
        self._ends_at = -inf
        self.repeating: Owed | None = None
        self.due = inf
        self.waited = 0.0

    def owe(self, indexes: Iterable[int], payload: str, now: float) -> None:
        """A rotation with that material was made at home and not yet at those backups."""
        self._owed.extend(Owed(index, payload, now) for index in indexes)
        if self._owed:
            self.due = min(self.due, now)

    def owed_to(self, index: int) -> bool:
        """Whether the backup of that index lacks a rotation."""
        return any(owed.index == index for owed in self._owed)

    def begin(
        self, now: float, rng: Random, lasts: float, free: Callable[[int], bool]
    ) -> Owed | None:
        """The next to repeat, at a region that is free; None when there is none to do now.

        Versions keep their order: only the oldest rotation owed to a backup is repeated there. One
        that is not heard of for ``lasts`` seconds is tried again.
        """
        if now < self.due or now < self._ends_at:
            return None
        seen: set[int] = set()
        for owed in self._owed:
            if owed.index not in seen and free(owed.index):
                self.repeating = owed
                self._ends_at = self.due = now + lasts
                return owed
            seen.add(owed.index)
        self._again(now, rng)
        return None

    def repaid(self, owed: Owed, reading: Reading, now: float, rng: Random) -> bool:
        """A repetition ended; True when the backup has that rotation now.

        "Not so soon" after a repetition whose answer was lost means that it was carried out.
        """
        self.repeating = None
        self._ends_at = -inf
        soon = _NOT_SO_SOON in reading.why
        if reading.meaning == "ok" or (soon and self._unsure):
            self._owed.remove(owed)
            self._failures, self._unsure, self.waited = 0, False, 0.0
            self.due = now if self._owed else inf
            return True
        self._unsure = self._unsure or reading.written
        self._again(now, rng)
        if soon:
            self.due = now + _HOUR
        return False

    def _again(self, now: float, rng: Random) -> None:
        self._failures += 1
        self.waited = self._backoff.draw(self._failures, self.waited, rng)
        self.due = now + self.waited
