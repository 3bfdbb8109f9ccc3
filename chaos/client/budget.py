"""Retry budgets: how much a client may add to the load that it offers.

Each budget is data that opens an account; an account belongs to one client and one region.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ratio:
    """``ratio`` tokens come with every operation, a retry takes one; at most ``reserve`` are kept.

    The 10 % retry ratio of the SRE book (ch. 21) as a bucket, with a reserve so that a quiet client
    can retry at all.
    """

    ratio: float = 0.1
    reserve: float = 10.0

    def account(self) -> "RatioAccount":
        """A full account."""
        return RatioAccount(self)


class RatioAccount:
    """What one client has left to spend on retries at one region."""

    __slots__ = ("rule", "tokens")

    def __init__(self, rule: Ratio) -> None:
        self.rule = rule
        self.tokens = rule.reserve

    def deposit(self) -> None:
        """An operation began here."""
        self.tokens = min(self.rule.reserve, self.tokens + self.rule.ratio)

    def withdraw(self) -> bool:
        """Take one retry's worth; False when there is too little."""
        if self.tokens < 1.0:
            return False
        self.tokens -= 1.0
        return True
