"""The rows of a report's tables, in raw numbers: seconds, shares of one, counts.

None stands where there was nothing to measure. They are what `findings.json` holds.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PhaseRow:
    """What callers saw in one phase: operations by when they were due, attempts by when sent."""

    phase: str
    starts: float
    ends: float
    due: int
    ok: int
    failed: int
    unknown: int
    availability: float | None
    goodput: float | None
    response_p50: float | None
    response_p99: float | None
    service_p99: float | None
    attempts: int
    amplification: float | None
    server_amplification: float | None = None


@dataclass(frozen=True, slots=True)
class GroupRow:
    """How one group of the clients came through; ``policy`` is who played it."""

    group: str
    clients: int
    policy: str
    regions: tuple[str, ...]
    due: int
    availability: float | None
    availability_in_fault: float | None
    response_p99: float | None
    amplification: float | None
    failover_p95: float | None
    failover_censored: bool
    switches_max: float | None


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """What one region gave to single attempts: an HTTP status or a failure."""

    region: str
    answer: str
    attempts: int
    share: float
    p50: float
    longest: float


@dataclass(frozen=True, slots=True)
class BackoffRow:
    """The waits before one attempt of an operation: asked for by the policy, and observed."""

    attempt: int
    why: str
    attempts: int
    asked_p50: float
    asked_longest: float
    observed_p50: float
    observed_longest: float


@dataclass(frozen=True, slots=True)
class RetryAfterRow:
    """What one region's answers asked by Retry-After, and when their operations came back there.

    ``least_margin`` is the shortest time between when a retry was allowed and when it was sent,
    negative where it was early; null where none was made. In JSON, which has no infinity, a length
    is null where it was for ever, too.
    """

    region: str
    answers: int
    asked_p50: float | None
    asked_longest: float | None
    retries: int
    waited_p50: float | None
    least_margin: float | None
    early: int


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One kind of decision, condensed: how often, by how many clients, when and why."""

    kind: str
    towards: str
    times: int
    clients: int
    first: float
    last: float
    why: str


@dataclass(frozen=True, slots=True)
class IntegrityRow:
    """The audit of one region for one key version: which data keys still opened there."""

    region: str
    key_version: str
    audited: int
    right: int
    wrong: int
    lost: int
    why: str


@dataclass(frozen=True, slots=True)
class EventRow:
    """One moment of the run."""

    at: float
    event: str
    text: str


@dataclass(frozen=True, slots=True)
class FileRow:
    """One raw file: where the numbers come from."""

    name: str
    octets: int
    rows: int | None
    sha256: str
