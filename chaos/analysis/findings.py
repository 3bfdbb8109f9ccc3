"""What a run means, as values: verdicts, findings, the marks on the timeline and the measures.

Four verdicts, worst wins: aborted > failed > inconclusive > passed. A value that was not reached is
censored and said so, never replaced by the length of a phase.
"""

from dataclasses import dataclass, field
from typing import Literal

from chaos import exits
from chaos.scenario.objective import Objective, Unit

Verdict = Literal["passed", "inconclusive", "failed", "aborted"]
EXIT_CODES: dict[Verdict, int] = {
    "passed": exits.PASSED,
    "failed": exits.FAILED,
    "inconclusive": exits.INCONCLUSIVE,
    "aborted": exits.ABORTED,
}


@dataclass(frozen=True, slots=True)
class Measured:
    """One measured value with its unit and n.

    ``value`` None means that there was nothing to measure. ``censored`` means that the value was
    not reached: it is a lower bound ("> 60 s, not recovered").
    """

    value: float | None
    unit: Unit
    n: int
    censored: bool = False


@dataclass(frozen=True, slots=True)
class Watched(Measured):
    """What was looked for, for so many seconds, too shortly to say that there is no more of it."""

    watched: float = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class Finding:
    """One objective, held against the run.

    ``margin`` is how far the value lies on the right side of the limit, as a share of the limit,
    negative on the wrong side; None where there is no value. ``why`` is one sentence with the
    causal chain, for anything but passed. ``records`` are the numbers of the operations it cites.
    """

    objective: Objective
    verdict: Verdict
    measured: Measured
    margin: float | None
    why: str
    records: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """Proof of injection: what one fault touched, and when it first did.

    ``injected`` and ``healed`` are when the change took effect; ``first`` the first touch (T0 of
    this fault). None where it never happened.
    """

    fault: str
    kind: str
    target: str
    injected: float | None
    healed: float | None
    first: float | None
    counts: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """One instant on the timeline: detected, failed over, recovered, failed back."""

    name: Literal["detected", "failed_over", "recovered", "failed_back"]
    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Saturation:
    """How far the load kept to its plan: over 1 % late or dropped makes a run inconclusive.

    ``late`` counts arrivals that started more than 100 ms after they were due.
    """

    planned: int
    dropped: int
    late: int
    lag_p99: float


Strategy = Literal[
    "none", "constant", "exponential", "full jitter", "equal jitter", "decorrelated jitter"
]


@dataclass(frozen=True, slots=True)
class Backoff:
    """What the waits between attempts show of the clients' backoff, in seconds.

    ``strategy`` is the likeliest of six with its ``base``, ``factor`` and ``cap`` (None where no
    cap was reached); ``margin`` is by how much its log-likelihood beats the next strategy's.
    ``jitter`` is the coefficient of variation of waits of the same retry number, ``growth`` the
    factor from one retry to the next, ``autocorrelation`` how a wait hangs on the one before;
    each is None where there are too few waits. ``late`` is how much longer than asked for.
    """

    strategy: Strategy
    base: float
    factor: float
    cap: float | None
    margin: float
    n: int
    jitter: float | None
    growth: float | None
    autocorrelation: float | None
    longest: float
    late_p50: float
    late_p99: float


@dataclass(frozen=True, slots=True)
class Point:
    """One point of the run's phase portrait: a stretch of time with its rates, all per second.

    ``offered`` operations were due, ``sent`` attempts were sent and ``good`` operations due then
    ended ok. A metastable run stays where ``sent`` is high and ``good`` is low.
    """

    starts: float
    ends: float
    offered: float
    sent: float
    good: float


@dataclass(frozen=True, slots=True)
class Analysis:
    """All that analysis says of one run: the verdict, findings, marks, proofs and every measure.

    ``measures`` maps the measure's text (`failover.p95`, `availability(fault)`) to its value, for
    the tables of the report; ``t0`` is None where no fault took effect. ``backoff`` is None where
    there were too few retries to tell; ``portrait`` has one point a second or so. ``baseline`` is
    the availability before T0 that recovery is held against, None where there is none, and
    ``stranded`` how many clients a fault touched that were never served elsewhere.
    """

    verdict: Verdict
    headline: str
    findings: tuple[Finding, ...]
    t0: float | None
    marks: tuple[Mark, ...]
    proofs: tuple[Proof, ...]
    measures: tuple[tuple[str, Measured], ...]
    saturation: Saturation
    deficiencies: tuple[str, ...]
    backoff: Backoff | None = None
    portrait: tuple[Point, ...] = ()
    baseline: float | None = None
    stranded: int = 0
