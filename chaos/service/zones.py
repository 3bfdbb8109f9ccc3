"""The zones of a region and who of them gets the next request: round robin over the live ones.

A zone that is lost goes on getting its share until the front door notices, ``ejects_after``
seconds later; one that is back gets none until ``readmits_after`` seconds later. Pure.
"""

from math import inf

ZONES = 3
EJECTS_AFTER = 5.0
READMITS_AFTER = 5.0


class Zones:
    """Three zones by name, in turn."""

    def __init__(
        self,
        region: str,
        *,
        ejects_after: float = EJECTS_AFTER,
        readmits_after: float = READMITS_AFTER,
    ) -> None:
        self.names = tuple(f"{region}-{number + 1}" for number in range(ZONES))
        self.served = dict.fromkeys(self.names, 0)
        self.lost: frozenset[str] = frozenset()
        self._ejects_after = ejects_after
        self._readmits_after = readmits_after
        # From when until when a zone that was lost once gets no request.
        self._out: dict[str, tuple[float, float]] = {}
        self._turn = 0

    @property
    def working(self) -> float:
        """The share of the zones that are alive."""
        return 1.0 - len(self.lost) / len(self.names)

    def lose(self, lost: frozenset[str], now: float) -> None:
        """Have these zones dead from now on, and all others alive."""
        for zone in lost - self.lost:
            since, until = self._out.get(zone, (inf, -inf))
            # Lost again before it was taken back: it is still out.
            out = since <= now < until
            self._out[zone] = (now if out else now + self._ejects_after, inf)
        for zone in self.lost - lost:
            since, _ = self._out[zone]
            self._out[zone] = (since, now + self._readmits_after if since <= now else now)
        self.lost = lost

    def ejected(self, zone: str, now: float) -> bool:
        """Whether the front door gives this zone nothing."""
        since, until = self._out.get(zone, (inf, -inf))
        return since <= now < until

    def next(self, now: float) -> str | None:
        """The zone that gets this request, which may be a dead one; None without any."""
        names = self.names
        for _ in names:
            self._turn = turn = (self._turn + 1) % ZONES
            zone = names[turn]
            if not self._out or not self.ejected(zone, now):
                self.served[zone] += 1
                return zone
        return None
