"""What one client knows of one region: breaker, hold, calm, step of the way back, budget, gate."""

from math import inf
from random import Random
from typing import Literal

from chaos.client.budget import Account
from chaos.client.call import Target
from chaos.client.policy import UNLIMITED, Breaker, Policy
from chaos.client.throttle import Gate

BreakerState = Literal["closed", "open", "half_open"]
# A median moves up and down by this factor: one call in five that is slow does not lift it.
_STEP = 1.05


class Region:
    """One region as one client sees it. Changes only by what is observed, never by time alone.

    ``retry_at`` is when an open region may be asked again, ``asked_until`` when a probe under way
    is over at the latest, ``held_until`` what its Retry-After asked for. ``calm_since`` is the
    first success since it opened, None where there is none; ``step`` is the step of the way back,
    -1 off it. ``latency`` follows the median in seconds, 0 before the first success. ``breaks`` is
    False where the policy has no breaker. ``throttled_at`` is its last throttled answer.
    """

    __slots__ = (
        "account",
        "asked_until",
        "breaks",
        "calm_since",
        "gate",
        "held_until",
        "latency",
        "opened_at",
        "pause",
        "retry_at",
        "rule",
        "state",
        "step",
        "step_since",
        "strikes",
        "target",
        "throttled_at",
    )

    def __init__(self, target: Target, policy: Policy) -> None:
        self.target = target
        self.breaks = policy.breaker is not None
        self.rule = policy.breaker or Breaker(trips=UNLIMITED)
        self.account = policy.budget.account() if policy.budget else Account()
        self.gate = policy.throttle.gate() if policy.throttle else Gate()
        self.state: BreakerState = "closed"
        self.strikes = 0
        self.pause = 0.0
        self.retry_at = 0.0
        self.asked_until = 0.0
        self.held_until = -inf
        self.opened_at = 0.0
        self.calm_since: float | None = None
        self.step = -1
        self.step_since = 0.0
        self.latency = 0.0
        self.throttled_at = -inf

    def free(self, now: float) -> bool:
        """Whether calls may go here as they like."""
        return self.state == "closed" and now >= self.held_until

    def askable_at(self) -> float:
        """When a region that is not free may next be asked by one attempt."""
        if self.state == "closed":
            return self.held_until
        return max(self.retry_at, self.asked_until, self.held_until)

    def ask(self, now: float, lasts: float) -> None:
        """A probe begins that ends within ``lasts`` seconds; no other may begin beside it."""
        self.state = "half_open"
        self.asked_until = now + lasts

    def unask(self) -> None:
        """A probe ended without saying anything about the region."""
        self.asked_until = 0.0

    def succeeded(self, sent: float, now: float, rng: Random) -> None:
        """An attempt sent at ``sent`` succeeded here."""
        took = now - sent
        if not self.latency:
            self.latency = took
        else:
            self.latency *= _STEP if took > self.latency else 1.0 / _STEP
        if self.state == "closed":
            self.strikes = 0
        elif sent >= self.opened_at:
            self.state = "half_open"
            self.asked_until = 0.0
            # It answers, so that asking costs nothing: sooner again than a region that does not.
            self.retry_at = now + 0.5 * self._stretched(self.rule.pause, rng)
            self.calm_since = now if self.calm_since is None else self.calm_since

    def failed(self, sent: float, now: float, rng: Random) -> bool:
        """An attempt sent at ``sent`` failed here; True when that opened the breaker."""
        if self.state == "closed":
            self.strikes += 1
            if self.strikes < self.rule.trips:
                return False
            self.open(now, rng)
            return True
        # What was under way when the breaker opened is old news, not a failed probe.
        if sent >= self.opened_at:
            self.pause = min(self.rule.cap, 2.0 * self.pause)
            self._shut(now, rng)
        return False

    def open(self, now: float, rng: Random) -> None:
        """Leave this region alone from now on, but for probes."""
        self.opened_at = now
        self.pause = self.rule.pause
        self._shut(now, rng)

    def close(self) -> None:
        """Take this region for healthy again."""
        self.state = "closed"
        self.strikes = 0
        self.calm_since = None
        self.step = -1
        self.pause = 0.0

    def _shut(self, now: float, rng: Random) -> None:
        self.state = "open"
        self.asked_until = 0.0
        self.calm_since = None
        self.step = -1
        self.retry_at = now + self._stretched(self.pause, rng)

    def _stretched(self, wait: float, rng: Random) -> float:
        return wait * (1.0 + self.rule.spread * rng.random())
