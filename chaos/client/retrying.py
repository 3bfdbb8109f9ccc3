"""Whether and when one call tries again: a policy's retry rules applied to what came back."""

from math import inf, nan

from chaos.client.budget import Cause
from chaos.client.policy import Policy
from chaos.client.reading import SUCCESSES, TIMEOUTS, Reading
from chaos.client.retry_after import AmazonRetryAfter, RetryAfter, asked_for
from chaos.client.route import Route
from chaos.exchange import Answer, Failure, Reply

_CONNECTING = frozenset({"refused", "connect timeout", "dns", "tls"})
_TRUNCATED = Failure("truncated", written=True)


class Retrying:
    """What one call has retried so far, and what its policy makes of the next failure.

    ``waited`` is the last wait in seconds and ``cause`` what the last failure costs a budget for.
    """

    __slots__ = ("_connect", "_policy", "_read", "_retries", "_status", "cause", "waited")

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._retries = 0
        self._connect = self._read = self._status = 0
        self.cause: Cause = "transient"
        self.waited = 0.0

    def may_follow(self, reply: Reply, reading: Reading) -> bool:
        """Whether the policy lets another attempt follow this reply."""
        policy = self._policy
        if policy.failover and reading.meaning in policy.failover.leaves_on:
            return True
        if isinstance(reply, Answer) and reply.status in SUCCESSES:
            # It came as a success but is none.
            return policy.retried.covers(_TRUNCATED)
        if policy.retried.covers(reply):
            return True
        rule = policy.retry_after
        asked = isinstance(reply, Answer) and "retry-after" in reply.headers
        return asked and isinstance(rule, RetryAfter) and rule.anything

    def count(self, reply: Reply, reading: Reading) -> bool:
        """Count one failure by its sort; True when that sort has had its share of retries."""
        rule = self._policy.retried
        self._retries += 1
        timed_out = reading.why in TIMEOUTS
        throttled = reading.meaning == "throttled"
        self.cause = "throttled" if throttled else "timeout" if timed_out else "transient"
        if isinstance(reply, Answer):
            self._status += 1
        elif reading.why in _CONNECTING:
            self._connect += 1
        else:
            self._read += 1
        over = self._connect > rule.connect or self._read > rule.read
        unanswered = self._connect + self._read
        return over or self._status > rule.status or unanswered > rule.unanswered

    def wait(self, reply: Reply, reading: Reading, asked: float | None, route: Route) -> float:
        """Seconds to the next attempt, inf when there is to be none.

        ``asked`` is what Retry-After makes of it, None where the backoff decides.
        """
        if asked is not None:
            self.waited = asked
            return asked
        policy = self._policy
        throttled = policy.throttled if reading.meaning == "throttled" else None
        backoff = throttled or policy.backoff
        self.waited = backoff.draw(self._retries, self.waited, route.rng)
        if isinstance(policy.retry_after, AmazonRetryAfter) and isinstance(reply, Answer):
            self.waited = policy.retry_after.raised(reply.headers, self.waited)
        return self.waited

    def asked(
        self, reply: Reply, utc: float, route: Route
    ) -> tuple[float | None, float | None, float]:
        """What Retry-After makes this call wait, and how long its whole client must (or None).

        Last what the service itself asked for: waits have the rule's jitter on top.
        """
        rule = self._policy.retry_after
        if not isinstance(reply, Answer) or not isinstance(rule, RetryAfter):
            return None, None, nan
        if not rule.applies(reply):
            return None, None, nan
        seconds = asked_for(reply.headers, utc, own_clock=rule.own_clock)
        wait = None if seconds is None else rule.wait(seconds, route.rng)
        if wait is None:
            return None, None, nan
        # Even where this call will not wait so long, nobody of its client asks earlier.
        held = seconds if wait == inf else wait
        return wait, held if rule.shared else None, nan if seconds is None else seconds
