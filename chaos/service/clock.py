"""The service's own clock: the caller's, or one that runs a number of times as fast."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """Runs ``scale`` times as fast as the caller's clock from ``epoch`` on, both UTC since 1970.

    ``ahead`` is how far it was ahead of the caller's clock at ``epoch``: a service that starts
    again must not find its own past in its future.
    """

    scale: float = 1.0
    epoch: float = 0.0
    ahead: float = 0.0

    def at(self, now: float) -> float:
        """What this clock shows when the caller's shows ``now``."""
        if self.scale == 1.0 and not self.ahead:
            return now
        return self.epoch + self.ahead + (now - self.epoch) * self.scale


REAL_TIME = Clock()
