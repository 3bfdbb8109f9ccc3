"""Hand-made runs of which the right answer is known on paper.

A :class:`Made` is told what happened, operation by operation, and becomes the Run that a world
would have left behind. By default two regions, a fault of 20 s at 20 s, a run of 60 s.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from chaos.analysis import analyse
from chaos.analysis.findings import Finding
from chaos.client.call import Decision, DecisionKind
from chaos.run.record import (
    ATTEMPT,
    FAILURE_CODES,
    NOWHERE,
    OPERATION,
    OPERATION_KINDS,
    OUTCOMES,
    WHYS,
    Run,
)
from chaos.run.world import Applied, Audited, Decided, Wrapped
from chaos.scenario.expression import parse
from chaos.scenario.model import Clients, Fault, Load, Region, RootKey, Scenario
from chaos.scenario.objective import Measure, Objective, Unit
from chaos.scenario.quantity import Quantity
from chaos.scenario.vocabulary import VOCABULARY

HOME, BACKUP = "us-south", "us-east"
REGIONS = (HOME, BACKUP)
DOWN = Fault("home-down", "down", "wire", HOME, 20.0, 20.0)
LIMITS: dict[Unit, str] = {
    "seconds": "1s",
    "share": "1%",
    "ratio": "1",
    "count": "1",
    "rate": "1/s",
}
HOLE = Fault("home-hole", "timeout", "wire", HOME, 20.0, 20.0, (("timeout", 0.0),))
PARAMETERS = {"rto": Quantity(10.0, "seconds")}


def rule(text: str) -> Objective:
    """An objective as a scenario file would have it."""
    return parse(text, line=1, regions=REGIONS, parameters=PARAMETERS)


def measure_of(text: str) -> Measure:
    """A measure as a rule would name it, whatever its limit."""
    term = VOCABULARY[text.partition("(")[0].partition(".")[0]]
    if term.name in ("metastable", "wrong_plaintext"):
        return rule(f"{text} == 0").measure
    sign = "<=" if term.better == "lower" else ">="
    return rule(f"{text} {sign} {LIMITS[term.unit]}").measure


@dataclass(frozen=True)
class Tried:
    """One attempt: where, when, what came of it (an HTTP status or a kind of failure)."""

    region: str
    sent: float
    ended: float
    came: int | str = 200
    why: str = "first"
    waited: float = 0.0
    retry_after: float = float("nan")
    flags: int = 1

    @property
    def status(self) -> int:
        """The code as it is recorded."""
        return self.came if isinstance(self.came, int) else FAILURE_CODES[self.came]  # type: ignore[index]  # a test's own word


@dataclass
class Made:
    """What happened in a run, told in any order."""

    lasts: float = 60.0
    rate: float = 100.0
    clients: int = 2
    window: float = 5.0
    faults: tuple[Fault, ...] = (DOWN,)
    objectives: tuple[str, ...] = ()
    applied: tuple[Applied, ...] | None = None
    aborted: str = ""
    ended: float | None = None
    dropped: int = 0
    clock_error: float = 0.0
    attempts: list[tuple[float, ...]] = field(default_factory=list)
    operations: list[tuple[float, ...]] = field(default_factory=list)
    decisions: list[Decided] = field(default_factory=list)
    ledger: list[Wrapped] = field(default_factory=list)
    audit: list[Audited] = field(default_factory=list)
    whys: list[str] = field(default_factory=lambda: [""])

    def operation(  # noqa: PLR0913 - what an operation has
        self,
        client: int,
        due: float,
        *tries: Tried,
        outcome: str | None = None,
        started: float | None = None,
        ended: float | None = None,
        kind: str = "unwrap",
        why: str = "",
    ) -> int:
        """One operation; ok if its last attempt was answered 2xx. Returns its number."""
        number = len(self.operations)
        last = tries[-1] if tries else None
        if outcome is None:
            good = last is not None and 200 <= last.status < 300
            outcome = "ok" if good else "failed"
        if ended is None:
            ended = last.ended if last else due
        started = due if started is None else started
        for count, tried in enumerate(tries, start=1):
            self.attempt(client, number, count, tried)
        if why not in self.whys:
            self.whys.append(why)
        region = REGIONS.index(last.region) if last else NOWHERE
        self.operations.append(
            (
                due,
                started,
                ended,
                number,
                client,
                len(tries),
                OPERATION_KINDS.index(kind),
                OUTCOMES.index(outcome),
                region,
                self.whys.index(why),
            )
        )
        return number

    def attempt(self, client: int, number: int, count: int, tried: Tried) -> None:
        """One attempt of an operation, which may never have ended itself."""
        region = REGIONS.index(tried.region) if tried.region in REGIONS else NOWHERE
        self.attempts.append(
            (
                tried.sent,
                tried.ended,
                tried.waited,
                tried.retry_after,
                number,
                client,
                tried.status,
                count,
                region,
                WHYS.index(tried.why),
                tried.flags,
            )
        )

    def healthy(
        self,
        begins: float,
        ends: float,
        *,
        client: int = 0,
        region: str = HOME,
        every: float = 0.01,
    ) -> None:
        """Operations that one region answers within 10 ms, evenly spaced."""
        count = round((ends - begins) / every)
        for step in range(count):
            due = begins + step * every
            self.operation(client, due, Tried(region, due, due + 0.01))

    def failing(
        self, begins: float, ends: float, *, client: int = 0, came: int | str = "refused",
        every: float = 0.01,
    ) -> None:  # fmt: skip
        """Operations that the home region fails within 1 ms, evenly spaced, one attempt each."""
        count = round((ends - begins) / every)
        for step in range(count):
            due = begins + step * every
            self.operation(client, due, Tried(HOME, due, due + 0.001, came))

    def decided(
        self, client: int, kind: DecisionKind, at: float, region: str, left: str = ""
    ) -> None:
        """A decision of a client."""
        self.decisions.append(Decided(client, Decision(kind, at, 0, region, left, "because")))

    def wrapped(
        self, number: int, verdicts: Mapping[str, str], why: str = "",
        at: float = 1.0, version: str = "1",
    ) -> None:  # fmt: skip
        """A data key in the ledger and what the audit found of it, by region."""
        self.ledger.append(Wrapped(number, 0, at, HOME, "00" * 32, "Y2lwaGVy", version))
        for region, verdict in verdicts.items():
            self.audit.append(Audited(number, region, verdict, why))  # type: ignore[arg-type]  # a test's own word

    def scenario(self) -> Scenario:
        """The scenario that was played."""
        return Scenario(
            name="made",
            teaches="A run made by hand.",
            seed=7,
            lasts=self.lasts,
            regions=tuple(Region(name, 0.01, 0.0) for name in REGIONS),
            keys=(RootKey("orders", REGIONS),),
            clients=Clients(self.clients, "recommended", REGIONS, 1),
            load=Load(self.rate, "constant", (("wrap", 0.2), ("unwrap", 0.8))),
            faults=self.faults,
            objectives=tuple(rule(text) for text in self.objectives),
            parameters=(("rto", 10.0),),
            window=self.window,
            source="scenario: made\n",
            path="made.yaml",
        )

    def changes(self) -> tuple[Applied, ...]:
        """Every fault injected and healed to the instant, unless told otherwise."""
        if self.applied is not None:
            return self.applied
        return tuple(
            Applied(each.at, each.at, each.verb, each.fault.name, each.fault.kind,
                    each.fault.target, {})
            for each in self.scenario().changes()
        )  # fmt: skip

    def run(self) -> Run:
        """The run as it would have been stored."""
        operations = np.array(self.operations, dtype=OPERATION)
        last = float(operations["ended"].max()) if len(operations) else 0.0
        return Run(
            scenario=self.scenario(),
            seed=7,
            world="simulated",
            run_id="made/simulated-7",
            started_utc="2026-01-02T03:04:05Z",
            ended=last if self.ended is None else self.ended,
            aborted=self.aborted,
            command="keychaos run made",
            policy="preset:recommended",
            regions=REGIONS,
            whys=tuple(self.whys),
            attempts=np.array(self.attempts, dtype=ATTEMPT),
            operations=operations,
            decisions=tuple(self.decisions),
            changes=self.changes(),
            ledger=tuple(self.ledger),
            audit=tuple(self.audit),
            dropped=self.dropped,
            clock_error=self.clock_error,
            environment={},
        )


def shuffled(run: Run, seed: int) -> Run:
    """The same run with its records in another order on disk."""
    rng = np.random.default_rng(seed)
    return replace(
        run,
        attempts=rng.permutation(run.attempts),
        operations=rng.permutation(run.operations),
        decisions=tuple(run.decisions[at] for at in rng.permutation(len(run.decisions))),
        ledger=tuple(run.ledger[at] for at in rng.permutation(len(run.ledger))),
        audit=tuple(run.audit[at] for at in rng.permutation(len(run.audit))),
    )


def failed_over(made: Made, client: int, due: float, tries: int = 1, wait: float = 0.1) -> int:
    """An operation that home refuses ``tries`` times, ``wait`` apart; then the backup serves it."""
    attempts = []
    now = due
    for count in range(tries):
        why = "retry" if count else "first"
        attempts.append(Tried(HOME, now, now + 0.001, "refused", why, wait if count else 0.0))
        now += wait
    attempts.append(Tried(BACKUP, now, now + 0.02, 200, "failover"))
    return made.operation(client, due, *attempts)


def before(made: Made) -> None:
    """200 good operations of one client: something to hold the fault against."""
    made.healthy(0.0, 20.0, client=99, every=0.1)


def judged(made: Made, text: str) -> Finding:
    """The finding of one rule over a run; whatever failed says why in a whole sentence."""
    made.objectives = (text,)
    (finding,) = analyse(made.run()).findings
    if finding.verdict == "failed":
        assert finding.why.endswith(".")
        assert not finding.why[0].islower()
    return finding
