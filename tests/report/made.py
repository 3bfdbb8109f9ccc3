"""Hand-made runs for the tests of the report: a fixture, never a result.

A toy client is played over a toy outage so that every column, decision and table has something in
it. Nothing here says anything about a real client; what matters is that the answer is known.
"""

from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np

from chaos.analysis.findings import Analysis, Finding, Mark, Measured, Proof, Saturation, Verdict
from chaos.client.call import Decision
from chaos.report import figure
from chaos.report.account import Account, account
from chaos.report.figure import Picture
from chaos.run.record import ATTEMPT, FAILURE_CODES, NOWHERE, OPERATION, OUTCOMES, WHYS, Run
from chaos.run.world import Applied, Audited, Decided, Wrapped
from chaos.scenario.expression import parse
from chaos.scenario.model import Clients, Fault, Load, Region, RootKey, Scenario
from chaos.scenario.objective import Objective
from chaos.scenario.quantity import Quantity

REGIONS = ("us-south", "us-east")
LATENCY = (0.014, 0.046)
GAVE_UP = "refused three times in us-south"
SOURCE = """\
# A region goes away; the duplicate root key in the other one is alive. <b>&amp;</b>
name: region-down-backup-key
"""


@dataclass
class Columns:
    """Rows of attempts, operations and decisions while a toy run is played."""

    attempts: list[tuple[float | int, ...]] = field(default_factory=list)
    operations: list[tuple[float | int, ...]] = field(default_factory=list)
    decisions: list[Decided] = field(default_factory=list)


@dataclass(frozen=True)
class Toy:
    """What the toy run is to show."""

    rate: float = 120.0
    clients: int = 60
    lasts: float = 70.0
    outages: tuple[tuple[float, float], ...] = ((15.0, 35.0),)
    fails_over: bool = True
    stops: float = 1e9
    seed: int = 7


def scenario(toy: Toy = Toy()) -> Scenario:
    """The toy's scenario: us-south refuses, us-east holds the duplicate root key."""
    faults = tuple(
        Fault(
            f"us-south-down-{n}" if n > 1 else "us-south-down", "down", "wire", "us-south", a, b - a
        )
        for n, (a, b) in enumerate(toy.outages, start=1)
    )
    return Scenario(
        name="region-down-backup-key",
        teaches="A client that holds a duplicate root key outlives the loss of its primary region.",
        seed=toy.seed,
        lasts=toy.lasts,
        regions=tuple(
            Region(name, latency, 0.004) for name, latency in zip(REGIONS, LATENCY, strict=True)
        ),
        keys=(RootKey("orders", REGIONS),),
        clients=Clients(toy.clients, "recommended", REGIONS, 4),
        load=Load(toy.rate, "poisson", (("unwrap", 0.8), ("wrap", 0.2))),
        faults=faults,
        objectives=tuple(finding.objective for finding in findings("passed")),
        parameters=(("rto", 10.0),),
        window=5.0,
        source=SOURCE,
        path="scenarios/failover/region-down-backup-key.yaml",
    )


def objective(text: str, line: int) -> Objective:
    """An objective as a scenario file would have it."""
    return parse(text, line=line, regions=REGIONS, parameters={"rto": Quantity(10.0, "seconds")})


def findings(verdict: Verdict) -> tuple[Finding, ...]:
    """Five findings of which, unless all passed, some did not."""
    rto = objective("failover.p95 <= rto", 31)
    steady = objective("availability(steady) >= 99.9%", 32)
    after = objective("availability(fault, after failover) >= 99%", 33)
    tries = objective("amplification(fault) <= 3", 34)
    intact = objective("integrity == 100%", 35)
    passed = [
        Finding(rto, "passed", Measured(0.137, "seconds", 60), 0.986, ""),
        Finding(steady, "passed", Measured(1.0, "share", 1801), 0.001, ""),
        Finding(after, "passed", Measured(0.99958, "share", 2377), 0.0097, ""),
        Finding(tries, "passed", Measured(1.08, "ratio", 2402), 0.64, ""),
        Finding(intact, "passed", Measured(1.0, "share", 1924), 0.0, ""),
    ]
    if verdict == "failed":
        passed[0] = Finding(
            rto,
            "failed",
            Measured(20.0, "seconds", 60, censored=True),
            -1.0,
            "No client tried us-east: each of the three attempts of an operation went to us-south, "
            "which refused them, and the last backoff of 4.0 s was waited out for nothing.",
            (1804, 1807, 1811),
        )
        passed[2] = Finding(
            after,
            "failed",
            Measured(0.0, "share", 2377),
            -1.0,
            "2,377 operations failed after 7.0 s each: refused three times in us-south.",
            (1804,),
        )
    if verdict in {"inconclusive", "aborted"}:
        why = "The fault never touched a request: there is nothing to measure."
        passed[0] = Finding(rto, "inconclusive", Measured(None, "seconds", 0), None, why)
        passed[2] = Finding(after, "inconclusive", Measured(None, "share", 0), None, why)
    return tuple(passed)


def _operate(toy: Toy, rng: np.random.Generator) -> Columns:
    columns = Columns()
    moved: dict[int, float] = {}
    back: dict[int, float] = {}
    due = 0.0
    for number in range(1, int(toy.rate * toy.lasts * 2)):
        due += rng.exponential(1.0 / toy.rate)
        if due > min(toy.lasts, toy.stops):
            break
        client = int(rng.integers(toy.clients))
        outage = next((o for o in toy.outages if o[0] <= due < o[1]), None)
        if client in moved and outage is None and due > back[client]:
            columns.decisions.append(
                Decided(client, Decision("failback", due, number, "us-south", "us-east", "healthy"))
            )
            del moved[client]
        if client in moved:
            _tries(columns, rng, number, client, due, [(1, "first")])
        elif outage is None:
            _tries(columns, rng, number, client, due, [(0, "first")])
        elif toy.fails_over:
            _tries(columns, rng, number, client, due, [(0, "first"), (0, "retry"), (1, "failover")])
            moved[client] = due
            back[client] = outage[1] + rng.uniform(0.5, 5.0)
            columns.decisions.append(
                Decided(
                    client,
                    Decision(
                        "failover", due + 0.1, number, "us-east", "us-south", "2 refused in a row"
                    ),
                )
            )
        else:
            _tries(columns, rng, number, client, due, [(0, "first"), (0, "retry"), (0, "retry")])
    return columns


def _tries(
    columns: Columns,
    rng: np.random.Generator,
    number: int,
    client: int,
    due: float,
    plan: list[tuple[int, str]],
) -> None:
    started = now = due + float(rng.exponential(0.0004))
    many = len(plan) > 1
    docs = many and plan[-1][1] == "retry"
    for count, (region, why) in enumerate(plan, start=1):
        waited = 0.0
        if why == "retry":
            waited = float(2 ** (count - 2)) if docs else float(rng.uniform(0.0, 0.1))
        sent = now + waited
        bad = many and why != "failover"
        service = 0.002 if bad else LATENCY[region] * float(rng.lognormal(0.0, 0.3))
        now = sent + service
        status = FAILURE_CODES["refused"] if bad else 200
        columns.attempts.append(
            (sent, now, waited, np.nan, number, client, status, count, region, WHYS.index(why), 2)
        )
    if docs:
        now += 4.0
    kind = int(rng.random() < 0.8)
    columns.operations.append(
        (due, started, now, number, client, len(plan), kind, int(docs), plan[-1][0], int(docs))
    )


@cache
def run(toy: Toy = Toy(), *, aborted: str = "") -> Run:
    """Play the toy and keep what it left behind; the columns are shared, so nobody may write."""
    rng = np.random.default_rng(toy.seed)
    columns = _operate(toy, rng)
    operations = np.array(columns.operations, dtype=OPERATION)
    changes = []
    for fault in scenario(toy).faults:
        if fault.at > toy.stops:
            continue
        counts = {"eligible": 2402.0, "matched": 2402.0, "injected": 71.0, "escaped": 0.0}
        end = fault.at + fault.lasts
        for verb, at in (("inject", fault.at), ("heal", end)):
            changes.append(
                Applied(at, at + 0.004, verb, fault.name, fault.kind, fault.target, counts)  # type: ignore[arg-type]
            )
    wraps = operations[(operations["kind"] == 0) & (operations["outcome"] == 0)]
    ledger = tuple(
        Wrapped(int(o["number"]), int(o["client"]), float(o["ended"]), REGIONS[o["region"]],
                "0" * 64, "c2VjcmV0LWNpcGhlcnRleHQ=", "1")
        for o in wraps
    )  # fmt: skip
    attempts = np.array(columns.attempts, dtype=ATTEMPT)
    for shared in (attempts, operations):
        shared.flags.writeable = False
    return Run(
        scenario=scenario(toy),
        seed=toy.seed,
        world="simulated",
        run_id="region-down-backup-key-simulated-7",
        started_utc="2026-01-02T03:04:05Z",
        ended=float(operations["ended"].max()) if len(operations) else 0.0,
        aborted=aborted,
        command="keychaos run region-down-backup-key --world simulated --seed 7",
        policy="recommended" if toy.fails_over else "preset:key-protect-docs",
        regions=REGIONS,
        whys=("", GAVE_UP),
        attempts=attempts,
        operations=operations,
        decisions=tuple(columns.decisions),
        changes=tuple(sorted(changes, key=lambda change: change.at)),
        ledger=ledger,
        audit=tuple(
            Audited(entry.number, region, "right", "") for entry in ledger for region in REGIONS
        ),
        dropped=0,
        clock_error=0.0,
        environment={"python": "3.11.7", "platform": "Linux x86_64", "cpus": "2", "numpy": "2.4.6"},
    )


def analysis(verdict: Verdict, toy: Toy = Toy(), marks: tuple[Mark, ...] | None = None) -> Analysis:
    """What a toy run means, by hand."""
    begins, ends = toy.outages[0] if toy.outages else (0.0, 0.0)
    if marks is None and verdict == "passed":
        marks = (
            Mark("detected", begins + 0.02, "detected 17 ms after T0"),
            Mark("failed_over", begins + 0.14, "failed over in 0.14 s"),
            Mark("recovered", begins + 1.9, "recovered in 1.9 s"),
            Mark("failed_back", ends + 4.9, "failed back 4.9 s after the heal"),
        )
    headlines: dict[Verdict, str] = {
        "passed": "The clients lost us-south and failed over to us-east in 137 ms",
        "failed": "The clients lost us-south and never failed over: 28 % of operations failed",
        "inconclusive": "Nothing can be said: the fault never touched a request",
        "aborted": "The run was aborted 9.2 s in: interrupted (SIGINT)",
    }
    censored = verdict == "failed"
    measures = (
        ("availability", Measured(0.9996 if not censored else 0.716, "share", 8402)),
        ("detect.p95", Measured(0.021, "seconds", 60)),
        ("failover.p50", Measured(20.0 if censored else 0.09, "seconds", 60, censored)),
        ("failover.p95", Measured(20.0 if censored else 0.137, "seconds", 60, censored)),
        ("recover", Measured(55.0 if censored else 1.9, "seconds", 1, censored)),
        ("failback", Measured(None if censored else 4.9, "seconds", 0 if censored else 1)),
    )
    return Analysis(
        verdict=verdict,
        headline=headlines[verdict],
        findings=findings(verdict),
        t0=None if verdict in {"inconclusive", "aborted"} or not toy.outages else begins + 0.006,
        marks=marks or (),
        proofs=tuple(
            _proof(fault, verdict) for fault in scenario(toy).faults
        ),
        measures=measures,
        saturation=Saturation(8402, 0, 3, 0.0021),
        deficiencies=(
            (
                "Configure a second target: the client never calls us-east.",
                "Do not wait after the last attempt: 4.0 s per operation are lost.",
            )
            if censored
            else ()
        ),
    )  # fmt: skip


def _proof(fault: Fault, verdict: Verdict) -> Proof:
    """What the fault did: bit, never bit (inconclusive) or was never injected (aborted)."""
    if verdict == "aborted":
        return Proof(fault.name, fault.kind, fault.target, None, None, None, ())
    touched = verdict != "inconclusive"
    counts = {"eligible": 2402.0, "matched": 2402.0 * touched, "injected": 71.0 * touched}
    begins = fault.at + 0.004
    return Proof(fault.name, fault.kind, fault.target, begins, begins + fault.lasts,
                 fault.at + 0.006 if touched else None, tuple(counts.items()))  # fmt: skip


@cache
def case(verdict: Verdict) -> tuple[Run, Analysis]:
    """One run and its analysis per verdict."""
    toy = Toy(
        fails_over=verdict != "failed",
        stops=9.2 if verdict == "aborted" else 1e9,
        outages=() if verdict == "inconclusive" else ((15.0, 35.0),),
    )
    told = Toy() if verdict == "inconclusive" else toy
    played = replace(run(toy, aborted="interrupted (SIGINT)" if verdict == "aborted" else ""),
                     scenario=scenario(told))  # fmt: skip
    return played, analysis(verdict, told)


def empty() -> Run:
    """A run that ended before its first operation."""
    return replace(run(Toy(stops=-1.0)), ended=0.0)


def everything_failed() -> Run:
    """A run in which no operation was answered."""
    whole = run(Toy(fails_over=False, outages=((0.0, 70.0),)))
    operations = whole.operations.copy()
    operations["outcome"] = OUTCOMES.index("failed")
    operations["region"][::2] = NOWHERE
    return replace(whole, operations=operations)


@cache
def told(verdict: Verdict) -> Account:
    """The account of one case."""
    return account(*case(verdict))


@cache
def picture(verdict: Verdict) -> Picture:
    """The figure of one case; drawing takes most of a second."""
    return figure.draw(*case(verdict))


@cache
def narrow(verdict: Verdict) -> Picture:
    """The figure for phones of one case."""
    return figure.draw_narrow(*case(verdict))
