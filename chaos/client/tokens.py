"""The client's access token: used to its end, renewed early, by one attempt for all calls.

Life is counted on the client's own clock from when the token was asked for, never by comparing wall
clocks, so that a skewed clock neither refreshes in a loop nor trusts a token too long.
"""

from dataclasses import dataclass
from math import inf
from random import Random
from typing import Literal

import orjson

from chaos.client.call import Credential
from chaos.client.policy import Refresh
from chaos.client.reading import OK
from chaos.client.retry_after import asked_for
from chaos.exchange import Answer, Reply

Need = Literal["none", "early", "must"]


@dataclass(frozen=True, slots=True)
class Renewal:
    """What came of a refresh: ``ok`` or not, and a sentence for the report."""

    ok: bool
    why: str


class Tokens:
    """The token of one client and the refresh that may be under way for it.

    ``text`` is the token, ``due`` when it should be renewed, ``expires`` when it must have been,
    ``ends_at`` when a refresh under way is over at the latest, ``retry_at`` when one that failed
    may be tried again. ``trouble`` says why there is none since the last refresh failed, at
    ``failed_at``.
    """

    __slots__ = (
        "due",
        "ends_at",
        "expires",
        "failed_at",
        "failures",
        "retry_at",
        "rng",
        "rule",
        "text",
        "trouble",
        "trusts_from",
        "waited",
    )

    def __init__(self, credential: Credential, rule: Refresh | None, rng: Random) -> None:
        self.rule = rule or Refresh()
        self.rng = rng
        self.text = credential.token
        self.expires = credential.expires if credential.expires > credential.issued else inf
        self.due = inf
        if rule is not None and self.text:
            self.due = self._due(credential.issued)
        elif rule is not None:
            self.due = self.expires = -inf
        self.ends_at = -inf
        self.retry_at = self.failed_at = -inf
        self.trusts_from = -inf
        self.failures = 0
        self.waited = 0.0
        self.trouble = "none was given"

    def need(self, now: float) -> Need:
        """Whether a refresh is wanted now, and whether a call can go on without it."""
        if now < self.due:
            return "none"
        return "early" if now < self.expires else "must"

    def under_way(self, now: float) -> bool:
        """Whether a refresh is under way; one that its call lost is forgotten at its timeout."""
        return now < self.ends_at

    def begin(self, now: float) -> None:
        """A refresh begins."""
        self.ends_at = now + self.rule.timeouts.total

    def refused(self, token: str, now: float) -> bool:
        """The service called ``token`` unauthorized; True when it is worth renewing it.

        One that was renewed for that very reason is not blamed again so soon: then it is the
        identity that is refused, and IAM is not to be hammered.
        """
        if token != self.text:
            return True
        if now < self.trusts_from or inf in (self.due, self.rule.distrust):
            return False
        self.trusts_from = now + self.rule.distrust
        self.due = self.expires = -inf
        return True

    def observe(self, sent: float, reply: Reply, now: float) -> Renewal:
        """A refresh that was sent at ``sent`` ended."""
        self.ends_at = -inf
        try:
            token, lasts = _read(reply)
        except (ValueError, KeyError, TypeError):
            self.failures += 1
            self.waited = self.rule.backoff.draw(self.failures, self.waited, self.rng)
            left = max(0.0, self.expires - now)
            if self.waited > left:
                # Half of it drawn: a fleet whose tokens ended together must not ask together.
                bare = self.rule.bare * (0.5 + 0.5 * self.rng.random())
                self.waited = min(self.waited, left + bare)
            self.waited = max(self.waited, self._asked(reply))
            self.failed_at, self.retry_at = now, now + self.waited
            what = reply.status if isinstance(reply, Answer) else reply.kind.replace("_", " ")
            self.trouble = f"no new token ({what})"
            return Renewal(ok=False, why=f"{self.trouble}; the old one lasts {left:.0f} s")
        self.text = token
        self.expires = sent + lasts
        self.due = self._due(sent)
        self.failures, self.waited, self.retry_at = 0, 0.0, -inf
        return Renewal(ok=True, why=f"a new token that lasts {lasts:.0f} s")

    def _asked(self, reply: Reply) -> float:
        """Seconds that the token service asks to be left alone, 0 where it does not."""
        rule = self.rule.retry_after
        if rule is None or not isinstance(reply, Answer):
            return 0.0
        # Seconds, or a date held against the answer's own clock: ours has no say in it.
        asked = asked_for(reply.headers, None)
        return 0.0 if asked is None else rule.wait(asked, self.rng) or 0.0

    def _due(self, issued: float) -> float:
        share = self.rule.early + self.rule.spread * self.rng.random()
        return issued + share * (self.expires - issued)


def _read(reply: Reply) -> tuple[str, float]:
    """The token and its life in seconds; ValueError, KeyError or TypeError if there is none."""
    if not isinstance(reply, Answer) or reply.status != OK:
        raise ValueError
    members = orjson.loads(reply.body)
    token, lasts = members["access_token"], float(members["expires_in"])
    if not isinstance(token, str) or not token or not lasts > 0.0:
        raise ValueError
    return token, lasts
