"""How long to wait before retry k: every strategy as data, each a uniform draw between two bounds.

A strategy answers ``envelope(retry, previous)``, the bounds of the wait before the ``retry``-th
retry (the first is 1) after the ``previous`` wait; ``draw`` picks from it. All are in seconds.
"""

from dataclasses import dataclass
from random import Random

# 2 ** 1024 overflows a float; no cap is near either, so growth may stop long before.
_GROWTH_ENDS = 512


@dataclass(frozen=True, slots=True)
class Exponential:
    """``g = min(cap, base * factor ** (k - 1) + shift)``, drawn from ``[low g, high g + plus]``.

    ``low`` and ``high`` are shares of ``g``, ``shift`` and ``plus`` (additive jitter) are seconds,
    ``most`` cuts what was drawn (so jitter, too, is lost at it) and ``first`` replaces the first
    wait where a library does not begin with ``base``.
    """

    base: float
    cap: float
    factor: float = 2.0
    shift: float = 0.0
    low: float = 1.0
    high: float = 1.0
    plus: float = 0.0
    most: float = float("inf")
    first: float | None = None

    def envelope(self, retry: int, previous: float) -> tuple[float, float]:
        """The least and the most that may be waited before this retry, in seconds."""
        low, high = self._bounds(retry)
        return min(self.most, low), min(self.most, high)

    def draw(self, retry: int, previous: float, rng: Random) -> float:
        """One wait, uniform over the envelope before ``most`` cuts it."""
        low, high = self._bounds(retry)
        return min(self.most, low if low == high else low + (high - low) * rng.random())

    def _bounds(self, retry: int) -> tuple[float, float]:
        if retry == 1 and self.first is not None:
            return self.first, self.first
        grown = self.base * self.factor ** min(retry - 1, _GROWTH_ENDS) + self.shift
        grown = min(self.cap, grown)
        return self.low * grown, self.high * grown + self.plus


@dataclass(frozen=True, slots=True)
class Decorrelated:
    """``min(cap, U(base, 3 * previous))``: each wait hangs on the last, not on its number.

    Brooker, "Exponential Backoff and Jitter" (AWS Architecture Blog, 2015). The first wait counts
    ``base`` as its previous one.
    """

    base: float
    cap: float

    def envelope(self, retry: int, previous: float) -> tuple[float, float]:
        """The least and the most that may be waited after ``previous``, in seconds."""
        most = 3.0 * max(self.base, previous)
        return min(self.cap, self.base), min(self.cap, most)

    def draw(self, retry: int, previous: float, rng: Random) -> float:
        """One wait, uniform up to three times the last one and then cut by the cap."""
        most = 3.0 * max(self.base, previous)
        return min(self.cap, self.base + (most - self.base) * rng.random())


Backoff = Exponential | Decorrelated


def none() -> Exponential:
    """No wait at all."""
    return Exponential(base=0.0, cap=0.0)


def constant(wait: float) -> Exponential:
    """The same wait before every retry."""
    return Exponential(base=wait, cap=wait, factor=1.0)


def exponential(base: float, cap: float, factor: float = 2.0) -> Exponential:
    """Growth without jitter: what most SDKs ship, and what lets their clients march in step."""
    return Exponential(base=base, cap=cap, factor=factor)


def late_exponential(base: float, cap: float, factor: float = 2.0) -> Exponential:
    """Growth that begins with no wait at all: urllib3's and azure-core's first retry."""
    return Exponential(base=base, cap=cap, factor=factor, first=0.0)


def shifted_exponential(base: float, cap: float, shift: float) -> Exponential:
    """``base * 2 ** (k - 1) + shift``: retry-axios's ``(2 ** k - 1) / 2`` with 1 and -1/2."""
    return Exponential(base=base, cap=cap, shift=shift)


def full_jitter(base: float, cap: float, factor: float = 2.0) -> Exponential:
    """``U(0, g)`` (Brooker 2015): the fewest calls of all under most contention."""
    return Exponential(base=base, cap=cap, factor=factor, low=0.0)


def equal_jitter(base: float, cap: float, factor: float = 2.0) -> Exponential:
    """``g / 2 + U(0, g / 2)`` (Brooker 2015): never less than half of the growth."""
    return Exponential(base=base, cap=cap, factor=factor, low=0.5)


def decorrelated(base: float, cap: float) -> Decorrelated:
    """``U(base, 3 * previous)`` (Brooker 2015)."""
    return Decorrelated(base=base, cap=cap)


def additive_jitter(base: float, cap: float, plus: float) -> Exponential:
    """``min(cap, g + U(0, plus))``: tenacity's and stamina's; the cap swallows the jitter, too."""
    return Exponential(base=base, cap=cap, plus=plus, most=cap)


def spread(base: float, cap: float, factor: float, share: float) -> Exponential:
    """``g * U(1 - share, 1 + share)``: gRPC's connection backoff and retry policy (A6)."""
    return Exponential(base=base, cap=cap, factor=factor, low=1.0 - share, high=1.0 + share)
