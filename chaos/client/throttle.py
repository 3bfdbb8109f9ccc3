"""Throttling at the client: fewer attempts where the service takes fewer.

A throttle is data that opens a gate for one client and one region. The gate is asked before each
attempt and told of each answer.
"""

import math
from collections import deque
from dataclasses import dataclass
from random import Random

_GRAIN = 100
_ROUNDING = 1e-6


class Gate:
    """Asked before each attempt. Without a rule of its own it is always open."""

    __slots__ = ()

    def ask(self, now: float, rng: Random) -> float | None:
        """Seconds to wait before asking again, 0 to go now, None when this attempt is shed."""
        return 0.0

    def answered(self, now: float, *, throttled: bool, accepted: bool) -> None:
        """An attempt ended: whether it was throttled, whether the service did what was asked."""


@dataclass(frozen=True, slots=True)
class Adaptive:
    """Adaptive throttling of the SRE book (chapter 21).

    An attempt is shed with probability ``max(0, (requests - k * accepts) / (requests + 1))`` over
    the trailing ``window`` seconds; what is shed counts as a request.
    """

    k: float = 2.0
    window: float = 120.0

    def gate(self) -> Gate:
        """A gate that has seen nothing."""
        return _AdaptiveGate(self)


class _AdaptiveGate(Gate):
    """Counts by slices of a hundredth of the window, so that its memory does not grow."""

    __slots__ = ("accepts", "requests", "rule", "slices")

    def __init__(self, rule: Adaptive) -> None:
        self.rule = rule
        self.requests = 0
        self.accepts = 0
        self.slices: deque[list[int]] = deque()

    def ask(self, now: float, rng: Random) -> float | None:
        latest = self._latest(now)
        surplus = self.requests - self.rule.k * self.accepts
        shed = rng.random() < surplus / (self.requests + 1)
        self.requests += 1
        latest[1] += 1
        return None if shed else 0.0

    def answered(self, now: float, *, throttled: bool, accepted: bool) -> None:
        if accepted:
            self._latest(now)[2] += 1
            self.accepts += 1

    def _latest(self, now: float) -> list[int]:
        index = int(now * _GRAIN / self.rule.window)
        if not self.slices or self.slices[-1][0] < index:
            self.slices.append([index, 0, 0])
        while self.slices[0][0] <= index - _GRAIN:
            _, requests, accepts = self.slices.popleft()
            self.requests -= requests
            self.accepts -= accepts
        return self.slices[-1]


@dataclass(frozen=True, slots=True)
class Cubic:
    """The rate limiter of the AWS SDKs' adaptive mode, with the constants of botocore 1.44.

    Off until the first throttled answer; from then on attempts take tokens that come at a rate
    which falls to ``beta`` times what was measured and grows back by ``scale * (t - k) ** 3``.
    """

    scale: float = 0.4
    beta: float = 0.7
    least: float = 0.5
    smooth: float = 0.8
    bucket: float = 0.5

    def gate(self) -> Gate:
        """A gate that is not on yet."""
        return _CubicGate(self)


class _CubicGate(Gate):
    __slots__ = (
        "capacity",
        "counted",
        "counted_from",
        "failed_at",
        "filled_at",
        "most",
        "on",
        "peak",
        "rate",
        "rule",
        "sent_rate",
    )

    def __init__(self, rule: Cubic) -> None:
        self.rule = rule
        self.on = False
        self.rate = self.most = 1.0
        self.capacity = 0.0
        self.peak = 0.0
        self.sent_rate = 0.0
        self.counted = 0
        # Time zero is when the client was built, as it is in the SDK.
        self.filled_at = self.failed_at = self.counted_from = 0.0

    def ask(self, now: float, rng: Random) -> float | None:
        if not self.on:
            return 0.0
        self._fill(now)
        # What is missing by rounding only would be a wait too short for a clock to pass it.
        if self.capacity >= 1.0 - _ROUNDING:
            self.capacity -= 1.0
            return 0.0
        return (1.0 - self.capacity) / self.rate

    def answered(self, now: float, *, throttled: bool, accepted: bool) -> None:
        self._measure(now)
        if throttled:
            self.peak = min(self.sent_rate, self.rate) if self.on else self.sent_rate
            self.failed_at = now
            self.on = True
            wanted = self.peak * self.rule.beta
        else:
            grown = now - self.failed_at - self._plateau()
            wanted = self.rule.scale * grown**3 + self.peak
        self._set_rate(min(wanted, 2.0 * self.sent_rate), now)

    def _plateau(self) -> float:
        """After how many seconds growth reaches the last peak again."""
        return math.cbrt(self.peak * (1.0 - self.rule.beta) / self.rule.scale)

    def _measure(self, now: float) -> None:
        begins = math.floor(now / self.rule.bucket) * self.rule.bucket
        self.counted += 1
        if begins > self.counted_from:
            latest = self.counted / (begins - self.counted_from)
            self.sent_rate = latest * self.rule.smooth + self.sent_rate * (1.0 - self.rule.smooth)
            self.counted = 0
            self.counted_from = begins

    def _set_rate(self, rate: float, now: float) -> None:
        self._fill(now)
        self.rate = max(rate, self.rule.least)
        self.most = max(rate, 1.0)
        self.capacity = min(self.capacity, self.most)

    def _fill(self, now: float) -> None:
        came = (now - self.filled_at) * self.rate
        self.capacity = min(self.most, self.capacity + came)
        self.filled_at = now


Throttle = Adaptive | Cubic
