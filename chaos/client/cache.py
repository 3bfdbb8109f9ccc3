"""Data keys kept for a while, so that not every document costs a call, within rules the user sets.

How long a key may be used after the service last vouched for it decides how long a revocation takes
to bite; how long past that in an outage is a decision of its own, and the answer may be never.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from random import Random


@dataclass(frozen=True, slots=True)
class CacheRule:
    """How long data keys are kept.

    An entry is fresh for ``lasts`` seconds less up to ``spread`` of that, drawn anew for each, so
    that keys cached together do not expire together. For ``stale`` more seconds it is used only
    while the service cannot be asked, which is tried every ``again`` seconds; never when the
    service says no. One key seals at most ``uses`` documents (AES-GCM's random nonces want that
    bounded). The ``entries`` used last are kept.
    """

    lasts: float = 300.0
    spread: float = 0.2
    stale: float = 0.0
    again: float = 2.0
    uses: int = 10_000
    entries: int = 1_000


@dataclass(slots=True)
class DataKey:
    """A data key in clear and as it is wrapped, fresh until ``ends`` and dead from ``dies`` on."""

    key: bytes = field(repr=False)
    wrapped: str
    ends: float
    dies: float
    uses: int = 0


class DataKeys:
    """The data keys of one client: those that it opened, and the one that it seals with."""

    def __init__(self, rule: CacheRule, rng: Random) -> None:
        self.rule = rule
        self._rng = rng
        self._opened: OrderedDict[str, DataKey] = OrderedDict()
        self._sealing: DataKey | None = None

    def sealing(self, now: float, *, stale: bool = False) -> DataKey | None:
        """The key to seal one more document with, None when a new one is needed.

        With ``stale`` the service could not be asked, and a key past its end may do.
        """
        entry = self._sealing
        if entry is None or entry.uses >= self.rule.uses or not self._good(entry, now, stale):
            return None
        entry.uses += 1
        return entry

    def opened(self, wrapped: str, now: float, *, stale: bool = False) -> bytes | None:
        """The key that this wrapped form holds, None when it must be unwrapped (again)."""
        entry = self._opened.get(wrapped)
        if entry is None or not self._good(entry, now, stale):
            return None
        self._opened.move_to_end(wrapped)
        return entry.key

    def keep(self, key: bytes, wrapped: str, now: float, *, seals: bool = False) -> DataKey:
        """Keep what the service has just vouched for; ``seals`` makes it the one to seal with."""
        ends = now + self.rule.lasts * (1.0 - self.rule.spread * self._rng.random())
        entry = DataKey(key, wrapped, ends, ends + self.rule.stale, uses=int(seals))
        self._opened[wrapped] = entry
        self._opened.move_to_end(wrapped)
        while len(self._opened) > self.rule.entries:
            self._opened.popitem(last=False)
        if seals:
            self._sealing = entry
        return entry

    def forget(self, wrapped: str = "") -> None:
        """The service said no: forget that key, or all of them where no one is named."""
        if wrapped:
            self._opened.pop(wrapped, None)
        else:
            self._opened.clear()
        if not wrapped or (self._sealing and self._sealing.wrapped == wrapped):
            self._sealing = None

    def _good(self, entry: DataKey, now: float, stale: bool) -> bool:  # noqa: FBT001 - private
        if stale and now < entry.dies:
            # Not every document of an outage shall wait for the service to stay silent.
            again = self.rule.again * (1.0 + self._rng.random())
            entry.ends = max(entry.ends, min(entry.dies, now + again))
        return now < entry.ends
