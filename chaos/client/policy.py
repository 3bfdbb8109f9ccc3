"""A policy as data: everything that decides how one client copes, and nothing that acts.

Every part is optional but the timeouts and the deadline, so that the policy of an SDK that has no
breaker or no failover is the same value with that part left out.
"""

from dataclasses import dataclass

from chaos.client.backoff import Backoff, none
from chaos.client.budget import Ratio
from chaos.exchange import FAILURE_KINDS, Answer, FailureKind, Reply

# Stands for "never" where an SDK sets no bound: a run must end, and an infinite timeout would not.
NEVER = 3600.0
# A cancelled attempt was given up by us, so it says nothing that a retry could mend.
ALL_FAILURES: frozenset[FailureKind] = frozenset(FAILURE_KINDS) - {"cancelled"}
TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Of one attempt, in seconds: TCP connect, each wait for bytes, and the attempt as a whole."""

    connect: float
    read: float
    total: float = NEVER


@dataclass(frozen=True, slots=True)
class Retried:
    """Which replies are worth another attempt; ``statuses`` None means every one but success."""

    statuses: frozenset[int] | None = TRANSIENT
    failures: frozenset[FailureKind] = ALL_FAILURES

    def covers(self, reply: Reply) -> bool:
        """Whether another attempt may follow this reply."""
        if isinstance(reply, Answer):
            return self.statuses is None or reply.status in self.statuses
        return reply.kind in self.failures


@dataclass(frozen=True, slots=True)
class Breaker:
    """When a region is left alone, and how it is asked whether it is back.

    It opens after ``trips`` attempts in a row failed there. Open, one probe at a time may go there,
    the first after ``pause`` seconds, each wait twice the last up to ``cap``, all drawn from
    ``U(1, 2)`` times that so that a fleet's probes spread.
    """

    trips: int = 3
    pause: float = 1.0
    cap: float = 2.0


@dataclass(frozen=True, slots=True)
class Failover:
    """How a call reaches the backup root key and how the client comes home again.

    ``patience`` is how many attempts one call spends at a region whose breaker is closed before it
    goes elsewhere; one that timed out counts double. A client that left a region comes back no
    sooner than ``dwell`` after it left and ``calm`` after the first of only successful probes, by
    ``steps`` (shares of its operations), each for ``step`` seconds with a success and no failure. A
    failure after a successful probe multiplies ``calm`` by ``relapse`` up to ``calm_cap``. A probe
    without an answer after ``probe`` seconds, or three times the region's usual latency if that is
    longer, has failed.
    """

    patience: int = 2
    dwell: float = 25.0
    calm: float = 3.0
    calm_cap: float = 45.0
    relapse: float = 8.0
    steps: tuple[float, ...] = (0.01, 0.1, 0.5)
    step: float = 1.5
    probe: float = 0.3


@dataclass(frozen=True, slots=True)
class Policy:
    """How one client copes.

    ``attempts`` bounds a call's attempts and ``deadline`` its whole duration in seconds.
    ``last_wait`` is the fault of the documented example: it waits after the last attempt, too.
    """

    name: str
    timeouts: Timeouts
    deadline: float = NEVER
    attempts: int = 1
    backoff: Backoff = none()  # noqa: RUF009 - a frozen value
    retried: Retried = Retried()
    last_wait: bool = False
    budget: Ratio | None = None
    breaker: Breaker | None = None
    failover: Failover | None = None
