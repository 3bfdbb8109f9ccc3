"""Retry budgets: how much a client may add to the load that it offers.

A budget is data that opens accounts; an account belongs to one client and one region. What is
bought is an attempt that the region would not see if every operation asked it once.
"""

from collections import deque
from dataclasses import dataclass
from typing import Literal

Cause = Literal["transient", "throttled", "timeout"]


class Account:
    """What one client may still spend at one region. Without a rule of its own: everything."""

    __slots__ = ()

    def began(self, now: float) -> None:
        """An operation sends its first attempt here."""

    def sent(self, *, retry: bool) -> None:
        """An attempt goes out."""

    def ended(self, *, retry: bool) -> None:
        """That attempt is over."""

    def failed(self, now: float) -> None:
        """An attempt failed in a way that a retry may mend."""

    def succeeded(self, now: float, cost: float) -> None:
        """An operation succeeded here; ``cost`` is what its last retry cost, 0 without one."""

    def withdraw(self, now: float, cause: Cause) -> float | None:
        """Take one retry's worth and say what it cost; None when there is too little."""
        return 0.0


@dataclass(frozen=True, slots=True)
class Bucket:
    """Each operation brings ``ratio`` tokens up to ``capacity``; a retry needs more than one.

    Brooker, "Fixing retries with token buckets and circuit breakers" (2022). It starts full, so
    ``capacity - 1`` retries are there before any operation has paid for one.
    """

    capacity: float = 5.0
    ratio: float = 0.1

    def account(self) -> Account:
        """A full account."""
        return _BucketAccount(self)


class _BucketAccount(Account):
    __slots__ = ("rule", "tokens")

    def __init__(self, rule: Bucket) -> None:
        self.rule = rule
        self.tokens = rule.capacity

    def began(self, now: float) -> None:
        self.tokens = min(self.rule.capacity, self.tokens + self.rule.ratio)

    def withdraw(self, now: float, cause: Cause) -> float | None:
        if self.tokens <= 1.0:
            return None
        self.tokens -= 1.0
        return 1.0


@dataclass(frozen=True, slots=True)
class GrpcThrottle:
    """gRPC's retryThrottling (proposal A6): -1 per failure, +ratio per success, retry above half.

    A failure of a first attempt costs a token, too, which is what stops retries altogether when
    more than ``ratio / (1 + ratio)`` of the attempts fail.
    """

    max_tokens: float = 10.0
    ratio: float = 0.1

    def account(self) -> Account:
        """A full account."""
        return _GrpcAccount(self)


class _GrpcAccount(Account):
    __slots__ = ("rule", "tokens")

    def __init__(self, rule: GrpcThrottle) -> None:
        self.rule = rule
        self.tokens = rule.max_tokens

    def failed(self, now: float) -> None:
        self.tokens = max(0.0, self.tokens - 1.0)

    def succeeded(self, now: float, cost: float) -> None:
        self.tokens = min(self.rule.max_tokens, self.tokens + self.rule.ratio)

    def withdraw(self, now: float, cause: Cause) -> float | None:
        return 0.0 if self.tokens > self.rule.max_tokens / 2.0 else None


@dataclass(frozen=True, slots=True)
class Windowed:
    """Finagle's RetryBudget, as in tower and linkerd 2: a share of the last seconds' operations.

    Within ``window`` seconds there may be ``ratio`` retries per operation and ``reserve`` per
    second on top. With ``reserve`` 0 it is the SRE book's per-client retry ratio (chapter 21).
    """

    ratio: float = 0.2
    reserve: float = 10.0
    window: float = 10.0

    def account(self) -> Account:
        """An account whose window is empty."""
        return _WindowedAccount(self)


class _WindowedAccount(Account):
    __slots__ = ("balance", "changes", "rule")

    def __init__(self, rule: Windowed) -> None:
        self.rule = rule
        self.balance = 0.0
        self.changes: deque[tuple[float, float]] = deque()

    def began(self, now: float) -> None:
        self._change(now, self.rule.ratio)

    def withdraw(self, now: float, cause: Cause) -> float | None:
        self._expire(now)
        if self.balance + self.rule.reserve * self.rule.window < 1.0:
            return None
        self._change(now, -1.0)
        return 1.0

    def _change(self, now: float, by: float) -> None:
        self.changes.append((now, by))
        self.balance += by
        self._expire(now)

    def _expire(self, now: float) -> None:
        while self.changes and self.changes[0][0] <= now - self.rule.window:
            self.balance -= self.changes.popleft()[1]


@dataclass(frozen=True, slots=True)
class ActiveShare:
    """Envoy's retry_budget: retries under way at most ``share`` of all attempts, or ``least``."""

    share: float = 0.2
    least: int = 3

    def account(self) -> Account:
        """An account with nothing under way."""
        return _ActiveAccount(self)


class _ActiveAccount(Account):
    __slots__ = ("active", "retries", "rule")

    def __init__(self, rule: ActiveShare) -> None:
        self.rule = rule
        self.active = 0
        self.retries = 0

    def sent(self, *, retry: bool) -> None:
        self.active += 1
        self.retries += retry

    def ended(self, *, retry: bool) -> None:
        self.active -= 1
        self.retries -= retry

    def withdraw(self, now: float, cause: Cause) -> float | None:
        most = max(float(self.rule.least), self.rule.share * self.active)
        return 0.0 if self.retries < most else None


@dataclass(frozen=True, slots=True)
class Quota:
    """The AWS SDKs' retry quota: a retry costs by its cause; success gives the last cost back.

    A success without a retry gives 1 back. The costs of 2026 (botocore 1.44) are the defaults.
    """

    capacity: float = 500.0
    transient: float = 14.0
    throttled: float = 5.0
    timeout: float = 14.0

    def account(self) -> Account:
        """A full account."""
        return _QuotaAccount(self)


class _QuotaAccount(Account):
    __slots__ = ("rule", "tokens")

    def __init__(self, rule: Quota) -> None:
        self.rule = rule
        self.tokens = rule.capacity

    def succeeded(self, now: float, cost: float) -> None:
        self.tokens = min(self.rule.capacity, self.tokens + (cost or 1.0))

    def withdraw(self, now: float, cause: Cause) -> float | None:
        rule = self.rule
        costs = {"transient": rule.transient, "throttled": rule.throttled, "timeout": rule.timeout}
        if costs[cause] > self.tokens:
            return None
        self.tokens -= costs[cause]
        return costs[cause]


@dataclass(frozen=True, slots=True)
class FailureShare:
    """Brooker's circuit breaker on retries (2022): none while failures exceed a share of calls.

    Both are counted since the start, without a window.
    """

    most: float = 0.1

    def account(self) -> Account:
        """An account that has seen nothing."""
        return _FailureAccount(self)


class _FailureAccount(Account):
    __slots__ = ("calls", "failures", "rule")

    def __init__(self, rule: FailureShare) -> None:
        self.rule = rule
        self.calls = 0
        self.failures = 0

    def began(self, now: float) -> None:
        self.calls += 1

    def failed(self, now: float) -> None:
        self.failures += 1

    def withdraw(self, now: float, cause: Cause) -> float | None:
        return 0.0 if self.failures <= self.rule.most * self.calls else None


Budget = Bucket | GrpcThrottle | Windowed | ActiveShare | Quota | FailureShare
