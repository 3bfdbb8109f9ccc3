"""The service's own clock: the caller's, or one that runs a number of times as fast."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """Runs ``scale`` times as fast as the caller's clock from ``epoch`` on, both UTC since 1970."""

    scale: float = 1.0
    epoch: float = 0.0

    def at(self, now: float) -> float:
        """What this clock shows when the caller's shows ``now``."""
        if self.scale == 1.0:
            return now
        return self.epoch + (now - self.epoch) * self.scale


REAL_TIME = Clock()
