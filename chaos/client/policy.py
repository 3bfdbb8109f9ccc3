"""A policy as data: everything that decides how one client copes, and nothing that acts.

Every part is optional but the timeouts and the deadline, so that the policy of an SDK that has no
breaker or no failover is the same value with that part left out.
"""

from dataclasses import dataclass

from chaos.client.backoff import Backoff, full_jitter, none
from chaos.client.budget import Budget
from chaos.client.reading import Meaning
from chaos.client.retry_after import AmazonRetryAfter, RetryAfter
from chaos.client.throttle import Throttle
from chaos.exchange import FAILURE_KINDS, Answer, FailureKind, Reply

# Stands for "never" where an SDK sets no bound: a run must end, and an infinite timeout would not.
NEVER = 3600.0
UNLIMITED = 1_000_000
# A cancelled attempt was given up by us, so it says nothing that a retry could mend.
ALL_FAILURES: frozenset[FailureKind] = frozenset(FAILURE_KINDS) - {"cancelled"}
NO_FAILURES: frozenset[FailureKind] = frozenset()
TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})
# A client without a token is no client, so that it does not stay away for longer than that.
_ASKED_BY_TOKEN_SERVICE = RetryAfter(cap=300.0, beyond="cut", spread=0.1, plus=0.25)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Of one attempt, in seconds: TCP connect, each wait for bytes, and the attempt as a whole."""

    connect: float
    read: float
    total: float = NEVER


@dataclass(frozen=True, slots=True)
class Retried:
    """Which replies are worth another attempt; ``statuses`` None means every one but success.

    ``connect``, ``read`` and ``status`` bound the retries of one call after each of the three sorts
    of failure, as urllib3 and azure-core count them; ``unanswered`` those after either of the first
    two together, as retry-axios does.
    """

    statuses: frozenset[int] | None = TRANSIENT
    failures: frozenset[FailureKind] = ALL_FAILURES
    connect: int = UNLIMITED
    read: int = UNLIMITED
    status: int = UNLIMITED
    unanswered: int = UNLIMITED

    def covers(self, reply: Reply) -> bool:
        """Whether another attempt may follow this reply."""
        if isinstance(reply, Answer):
            return self.statuses is None or reply.status in self.statuses
        return reply.kind in self.failures


@dataclass(frozen=True, slots=True)
class Breaker:
    """When a region is left alone, and how it is asked whether it is back.

    It opens after ``trips`` attempts in a row failed there. Open, one probe at a time may go there,
    the first after ``pause`` seconds, each wait twice the last up to ``cap``, all stretched by up
    to ``spread`` times themselves so that a fleet's probes do not come together.
    """

    trips: int = 3
    pause: float = 1.0
    cap: float = 2.0
    spread: float = 1.0


@dataclass(frozen=True, slots=True)
class Failover:
    """How a call reaches the backup root key and how the client comes home again.

    ``patience`` is how many attempts one call spends at a region whose breaker is closed before it
    goes elsewhere; one that timed out counts double. A client that changed its home does so again
    no sooner than ``dwell`` after that, and it comes back no sooner than ``calm`` after the first
    of only successful probes, by ``steps`` (shares of its operations), each for ``step`` seconds
    with a success and no failure. A failure after a successful probe multiplies ``calm`` by
    ``relapse`` up to ``calm_cap``. A probe without an answer after ``probe`` seconds, or three
    times the region's usual latency if that is longer, has failed. Operations of the kinds in
    ``yielding`` give way, instead of waiting, where every region asked to be left alone, and for
    ``strain`` seconds after the last region left throttled them.

    ``leaves_on`` are the meanings of answers that send a call to the next region although the
    service spoke; ``forgives`` says whether a region left for such an answer is ever asked again.
    """

    patience: int = 2
    dwell: float = 27.0
    calm: float = 3.0
    calm_cap: float = 45.0
    relapse: float = 8.0
    steps: tuple[float, ...] = (0.01, 0.1, 0.5)
    step: float = 1.0
    probe: float = 0.3
    yielding: frozenset[str] = frozenset()
    strain: float = 10.0
    leaves_on: frozenset[Meaning] = frozenset({"gone"})
    forgives: bool = True


@dataclass(frozen=True, slots=True)
class Hedge:
    """A second attempt beside a slow first one, for operations that may be done twice.

    It goes out ``after`` seconds, or ``times`` the region's usual latency if that is longer, and is
    paid for like a retry. A region that loses to its hedge takes a strike.
    """

    after: float = 0.25
    times: float = 5.0


@dataclass(frozen=True, slots=True)
class Refresh:
    """How the token is renewed: one attempt at a time for all calls of the client.

    A share of ``early`` of the token's life, drawn anew for each token up to ``spread`` more, is
    used before a refresh is tried beside a call; the old token is used to its end if that fails. A
    refresh that fails is tried again after ``backoff``, and not before what ``retry_after`` makes
    of its answer; once there is no valid token, no later than ``bare`` seconds after it failed or
    the token ended, for then nothing works. ``insists`` says whether a call whose refresh failed
    waits for the next one, as long as its deadline allows, or fails. A token that the service calls
    unauthorized is renewed once per ``distrust`` seconds, no more.
    """

    early: float = 0.7
    spread: float = 0.1
    timeouts: Timeouts = Timeouts(connect=1.0, read=3.0, total=4.0)
    backoff: Backoff = full_jitter(base=1.0, cap=30.0)  # noqa: RUF009 - frozen
    retry_after: RetryAfter | None = _ASKED_BY_TOKEN_SERVICE
    bare: float = 5.0
    insists: bool = True
    distrust: float = 60.0


@dataclass(frozen=True, slots=True)
class Policy:
    """How one client copes.

    ``attempts`` bounds a call's attempts and ``deadline`` its whole duration in seconds.
    ``throttled`` is the backoff after a throttled answer where it differs. ``last_wait`` is the
    fault of the documented example: it waits after the last attempt, too. ``reconciles`` says
    whether an operation that changes something is looked up before it is tried again with its
    outcome unknown, ``checks`` whether a plaintext is held against the digest that the caller gave,
    ``fresh`` whether a retry goes over a connection of its own, and ``bounded``
    whether attempts are cut at the call's deadline.
    """

    name: str
    timeouts: Timeouts
    deadline: float = NEVER
    attempts: int = 1
    backoff: Backoff = none()  # noqa: RUF009 - frozen
    throttled: Backoff | None = None
    retried: Retried = Retried()
    last_wait: bool = False
    retry_after: RetryAfter | AmazonRetryAfter | None = None
    budget: Budget | None = None
    throttle: Throttle | None = None
    breaker: Breaker | None = None
    failover: Failover | None = None
    hedge: Hedge | None = None
    refresh: Refresh | None = None
    reconciles: bool = False
    checks: bool = True
    fresh: bool = False
    bounded: bool = True
