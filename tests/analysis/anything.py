"""Runs of any shape, made by hand: what a world may leave behind, and what it hardly would."""

from dataclasses import replace

from hypothesis import strategies as st

from chaos.run.record import Run
from chaos.run.world import Applied
from chaos.scenario.model import Fault, Group, RootKey
from chaos.scenario.vocabulary import VOCABULARY
from tests.analysis.made import BACKUP, HOME, REGIONS, Made, Tried

CAME: tuple[int | str, ...] = (
    200, 200, 200, 401, 429, 503, "refused", "reset", "closed", "connect_timeout", "read_timeout",
    "cancelled", "truncated",
)  # fmt: skip
WHYS = ("first", "retry", "failover", "probe", "hedge")
DECISIONS = (
    "failover",
    "failback",
    "breaker_opened",
    "breaker_closed",
    "held",
    "rotation_repeated",
)
ATTRIBUTES: dict[str, tuple[tuple[str, float], ...]] = {
    "down": (),
    "timeout": (("timeout", 0.0),),
    "latency": (("latency", 0.2),),
    "iam_outage": (),
}
SHARPEST = {"seconds": "0.001s", "share": "100%", "ratio": "0.001", "count": "0", "rate": "999/s"}
MOMENTS = st.floats(0.0, 80.0)
SPANS = st.floats(0.0, 30.0) | st.sampled_from((0.0, 0.01, 10.0))


def sharp_rules() -> tuple[str, ...]:
    """A rule over every measure and place that nearly any run breaks, so that it tells why."""
    rules = []
    for term in VOCABULARY.values():
        places = ["", *(["(fault)", "(steady)"] if "phase" in term.wheres else [])]
        places += ["(us-east)"] if "region" in term.wheres else []
        places += ["(wrap)"] if "operation" in term.wheres else []
        places += ["(fault, after failover)"] if "after failover" in term.wheres else []
        places += ["(every 5s)", "(after 1.5s)", "(recovery, every 300ms)"] * (
            "every" in term.wheres
        )
        never = term.name in ("metastable", "wrong_plaintext")
        sign = "==" if never else "<=" if term.better == "lower" else ">="
        rules += [
            f"{term.name}{place}{'.' + statistic if statistic else ''} {sign} {SHARPEST[term.unit]}"
            for place in places
            for statistic in term.statistics or ("",)
        ]
    return tuple(rules)


@st.composite
def faults(draw: st.DrawFn) -> tuple[Fault, ...]:
    """Up to three faults at any time, at once or one after the other."""
    made = []
    for number in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(sorted(ATTRIBUTES)))
        target = "iam" if kind == "iam_outage" else draw(st.sampled_from(REGIONS))
        at = draw(st.sampled_from((0.0, 20.0, 34.4)) | MOMENTS)
        lasts = draw(st.floats(0.001, 60.0))
        made.append(Fault(f"f-{number}", kind, "wire", target, at, lasts, ATTRIBUTES[kind]))
    return tuple(made)


@st.composite
def tries(draw: st.DrawFn, due: float) -> list[Tried]:
    """Up to four attempts, one after the other or not."""
    made, now = [], due
    for _ in range(draw(st.integers(0, 4))):
        now += draw(SPANS)
        made.append(
            Tried(
                draw(st.sampled_from((*REGIONS, "iam"))),
                now,
                now + draw(SPANS),
                draw(st.sampled_from(CAME)),
                draw(st.sampled_from(WHYS)),
                draw(SPANS),
                draw(st.sampled_from((float("nan"), 0.0, 2.0, float("inf")))),
                draw(st.integers(0, 3)),
            )
        )
    return made


def _operations(draw: st.DrawFn, made: Made) -> None:
    if draw(st.booleans()):
        made.healthy(0.0, draw(MOMENTS), every=draw(st.sampled_from((0.1, 0.37))))
    for _ in range(draw(st.integers(0, 12))):
        due, client = draw(MOMENTS), draw(st.integers(0, 3))
        outcome = draw(st.sampled_from((None, "unknown", "failed")))
        kind = draw(st.sampled_from(("wrap", "unwrap")))
        own = draw(tries(due))
        if own and draw(st.integers(0, 5)) == 0:
            for count, tried in enumerate(own, start=1):
                made.attempt(client, 70_000 + len(made.attempts), count, tried)
        else:
            while own and own[-1].region not in REGIONS:
                own.pop()
            made.operation(client, due, *own, outcome=outcome, kind=kind)


def _rest(draw: st.DrawFn, made: Made) -> None:
    for _ in range(draw(st.integers(0, 6))):
        region, left = draw(st.permutations((HOME, BACKUP)))
        kind = draw(st.sampled_from(DECISIONS))
        made.decided(draw(st.integers(0, 3)), kind, draw(MOMENTS), region, left)  # type: ignore[arg-type]  # a test's own words
    for number in range(draw(st.integers(0, 4))):
        asked = draw(st.sampled_from((REGIONS, (HOME,), ())))
        verdict = st.sampled_from(("right", "right", "lost", "wrong"))
        version = draw(st.sampled_from(("1", "2")))
        made.wrapped(number, {each: draw(verdict) for each in asked}, at=draw(MOMENTS),
                     version=version)  # fmt: skip


def _changes(draw: st.DrawFn, made: Made) -> tuple[Applied, ...]:
    """The changes a little late, and perhaps not all of them, with counts or without."""
    late = draw(st.sampled_from((0.0, 0.013, 2.5)))
    counts = draw(st.sampled_from(({}, {"injected": 0.0}, {"injected": 3.0, "first": 21.0})))
    changes = tuple(
        replace(each, took_effect=each.at + late, counts=counts) for each in made.changes()
    )
    return changes[: draw(st.integers(0, len(changes)))] if draw(st.booleans()) else changes


@st.composite
def runs(draw: st.DrawFn) -> Run:
    """Any run: faults at any time, operations that end or never do, empty columns, cut short."""
    made = Made(
        lasts=draw(st.sampled_from((0.5, 30.0, 60.0, 90.0))),
        rate=draw(st.sampled_from((1.0, 10.0, 100.0))),
        clients=draw(st.sampled_from((2, 4))),
        window=draw(st.sampled_from((0.2, 5.0, 7.0))),
        faults=draw(faults()),
        objectives=sharp_rules(),
        aborted=draw(st.sampled_from(("", "", "stopped"))),
        ended=draw(st.none() | MOMENTS),
        dropped=draw(st.sampled_from((0, 3))),
        clock_error=draw(st.sampled_from((0.0, 0.01))),
    )
    _operations(draw, made)
    _rest(draw, made)
    made.applied = _changes(draw, made)
    run = made.run()
    scenario = run.scenario
    if draw(st.booleans()):
        groups = (Group("a", 1, "", REGIONS, 1), Group("b", made.clients - 1, "", REGIONS[::-1], 1))
        scenario = replace(scenario, clients=replace(scenario.clients, groups=groups))
    if draw(st.booleans()):
        scenario = replace(scenario, keys=(RootKey("orders", (HOME,)),))
    planned = draw(st.sampled_from((None, None, 10, 6000)))
    return replace(run, scenario=scenario, planned=planned)
