"""Provider-side failover: a standby that learns of every change, but some time later.

An instance on the cross-region plan has a standby in another region, which serves under the same
name once the provider fails over to it: at first what changes nothing, after a while everything.
Replication is asynchronous: a change is seen at the standby ``lag`` seconds after it was
acknowledged at the primary, so a standby that takes over is behind by that much. A key version that
was just made is missing there, a key that was just disabled still works. Pure.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from chaos.service.api import KeyService
from chaos.service.archive import name_of, records
from chaos.service.instance import Entropy, Instance
from chaos.service.storage import Storage

CROSS_REGION_PLAN = "cross-region-resiliency"
NOTHING_YET = b""  # begins a telling of everything, of which there may be nothing


@dataclass(frozen=True, slots=True)
class Replicated:
    """One step of what happened at the primary, in the archive's words, and when."""

    number: int
    at: float
    record: bytes


# What came after a number, at the instant of asking; 0 asks for everything there is.
Source = Callable[[int, float], Iterable[Replicated]]


class Outbox:
    """A storage that also remembers, for a standby, what changed; for those on the plan alone.

    Nothing is remembered before somebody asks, nor what was asked beyond.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._pending: deque[Replicated] | None = None
        self._number = 0
        self._names: set[tuple[str, str]] = set()

    def load(self, entropy: Entropy) -> Mapping[str, Instance]:
        """The instances as they were last kept, by id."""
        return self._storage.load(entropy)

    def keep(self, instance: Instance, touched: frozenset[str], now: float) -> None:
        """Keep an instance, and remember what is to be told."""
        self._storage.keep(instance, touched, now)
        if self._pending is None or instance.plan != CROSS_REGION_PLAN:
            return
        for record in records(instance, touched):
            self._number += 1
            told = record.written()
            self._pending.append(Replicated(self._number, now, told))
            self._names.add(name_of(told))

    def changes(self, after: int, instances: Mapping[str, Instance]) -> list[Replicated]:
        """What came after a change that was seen; after 0, everything as it is, at once."""
        if self._pending is None or after <= 0 or after > self._number:
            self._pending = deque()
            self._number = number = max(self._number, 1)
            told = [
                Replicated(number, -inf, record.written())
                for instance in instances.values()
                if instance.plan == CROSS_REGION_PLAN
                for record in records(instance, frozenset(instance.keys))
            ]
            return [Replicated(number, -inf, NOTHING_YET), *told]
        while self._pending and self._pending[0].number <= after:
            self._pending.popleft()
        return list(self._pending)

    def stop(self) -> list[Replicated]:
        """Remember no more; what was remembered."""
        told, self._pending = list(self._pending or ()), None
        self._names.clear()
        return told

    def changed(self, record: bytes) -> bool:
        """Whether what a record tells of has changed here since remembering began."""
        return bool(self._names) and name_of(record) in self._names


class Standby:
    """The other end: takes what the primary tells and lets it happen ``lag`` seconds later.

    What it takes is in memory alone: a standby that starts again asks for everything. ``own`` is
    the storage of its service, which remembers what changes here while it serves. ``source`` is
    asked at every request and ``returned`` given what changed when it serves no more, where the
    primary is a function call away; a process has a shell that calls `take` and empties
    ``to_return`` instead.
    """

    def __init__(
        self,
        service: KeyService,
        own: Outbox,
        lag: float,
        *,
        source: Source | None = None,
        returned: Callable[[Sequence[Replicated], float], None] | None = None,
    ) -> None:
        self.service = service
        self.lag = lag
        self.seen = 0
        self.to_return: list[Replicated] = []
        self._own = own
        self._source = source
        self._returned = returned
        self._deaf = False
        self._coming: deque[Replicated] = deque()
        self.settle(-inf)

    @property
    def coming(self) -> int:
        """How many changes have been heard of and have not happened yet."""
        return len(self._coming)

    def take(self, changes: Iterable[Replicated]) -> None:
        """Learn of changes in their order; those that are known already are left out."""
        for change in changes if not self._deaf else ():
            if change.number > self.seen or change.at == -inf:
                self._coming.append(change)
                self.seen = change.number

    def settle(self, now: float) -> None:
        """Let everything happen that is older than the lag."""
        if self._source is not None:
            self.take(self._source(self.seen, now))
        coming = self._coming
        while coming and coming[0].at + self.lag <= now:
            record = coming.popleft().record
            if record == NOTHING_YET:
                self.service.instances.clear()
            elif not self._own.changed(record):
                self.service.take_over(record)

    def begin(self, *, loses: bool) -> None:
        """Serve from now on; with ``loses`` what is still on its way never comes."""
        if loses:
            self._coming.clear()
            self._deaf = True
        self._own.changes(0, {})

    def end(self, now: float) -> None:
        """Serve no more: the primary is given what changed here, and tells everything anew."""
        changed = self._own.stop()
        self._coming.clear()
        self.seen, self._deaf = 0, False
        if self._returned is not None:
            self._returned(changed, now)
        else:
            self.to_return += changed
