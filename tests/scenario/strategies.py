"""Hypothesis strategies: valid scenarios of every shape, and the text of the shipped one."""

from pathlib import Path

from hypothesis import strategies as st

from chaos.scenario.expression import parse
from chaos.scenario.fault_form import TIMES, FaultForm
from chaos.scenario.faults import KINDS
from chaos.scenario.model import (
    IAM,
    PROVIDER_FAILOVER,
    Attribute,
    Clients,
    Fault,
    Group,
    Load,
    Region,
    RootKey,
    Scenario,
    Service,
)
from chaos.scenario.quantity import Quantity

SHIPPED = Path(__file__).parents[2] / "scenarios/failover/region-down-backup-key.yaml"
NAMES = ("us-south", "us-east", "eu-de", "jp-tok")


def milliseconds(least: int, most: int) -> st.SearchStrategy[float]:
    """Durations in whole milliseconds, as people write them."""
    return st.integers(least, most).map(lambda number: number / 1000)


@st.composite
def regions(draw: st.DrawFn) -> tuple[Region, ...]:
    """One to four regions; jitter is within the latency."""
    made = []
    for name in draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True)):
        latency = draw(milliseconds(0, 300))
        jitter = min(latency, draw(milliseconds(0, 300)))
        made.append(Region(name, latency, jitter, draw(st.none() | milliseconds(0, 9000))))
    return tuple(made)


# A value of each field that a kind of fault may have of its own.
OWN: dict[str, st.SearchStrategy[Attribute]] = {
    **dict.fromkeys(("latency", "jitter", "timeout", "retry_after"), milliseconds(0, 5000)),
    "read_only": milliseconds(0, 5000),
    "loses": st.booleans(),
    "service": milliseconds(1, 5000),
    "share": st.integers(1, 1000).map(lambda number: number / 1000),
    "rate": st.integers(1, 5000).map(lambda number: number / 10),
    **dict.fromkeys(("workers", "queue", "burst"), st.integers(1, 100_000)),
    "status": st.just(503),
    "zone": st.integers(1, 3),
    "tells": st.booleans(),
    "retry_after_form": st.sampled_from(["seconds", "date"]),
    "shows": st.sampled_from(["error", "hang"]),
    "distribution": st.sampled_from(["exponential", "constant", "lognormal"]),
    "operations": st.lists(st.sampled_from(["wrap", "unwrap"]), min_size=1, max_size=2).map(tuple),
}


@st.composite
def own_fields(draw: st.DrawFn, form: type[FaultForm]) -> tuple[tuple[str, Attribute], ...]:
    """A value for each of a kind's own fields, sorted by name."""
    return tuple((name, draw(OWN[name])) for name in sorted(set(form.model_fields) - TIMES))


@st.composite
def faults(
    draw: st.DrawFn, targets: tuple[str, ...], ends: float, standbys: frozenset[str]
) -> tuple[Fault, ...]:
    """Up to three faults one after the other, all healed by ``ends``, the first after 10 s."""
    made: list[Fault] = []
    at = 10.0
    for number in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(sorted(KINDS)))
        lasts = draw(milliseconds(30_000, 60_000))
        if at + lasts > ends:
            break
        form = KINDS[kind]
        told = draw(own_fields(form))
        target = (
            IAM if form.model_fields["target"].default == IAM else draw(st.sampled_from(targets))
        )
        if kind == PROVIDER_FAILOVER and target not in standbys:
            continue
        made.append(Fault(f"fault-{number}", kind, form.site, target, at, lasts, told))
        at += lasts + draw(milliseconds(0, 5000))
    return tuple(made)


@st.composite
def fleets(draw: st.DrawFn, preferred: tuple[str, ...]) -> Clients:
    """Clients that are alike, or up to three groups of them."""
    groups = tuple(
        Group(
            f"group-{number}",
            draw(st.integers(1, 200)),
            draw(st.sampled_from(["", "httpx-0.28"])),
            tuple(draw(st.permutations(preferred))),
            draw(st.integers(1, 9)),
        )
        for number in range(draw(st.integers(0, 3)))
    )
    count = sum(group.count for group in groups) or draw(st.integers(1, 500))
    return Clients(count, "recommended", preferred, draw(st.integers(1, 9)), groups)


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """Any scenario that the reader would accept."""
    places = draw(regions())
    names = tuple(region.name for region in places)
    holding = tuple(draw(st.permutations(names)))[: draw(st.integers(1, len(names)))]
    preferred = tuple(draw(st.permutations(holding)))[: draw(st.integers(1, len(holding)))]
    lasts = draw(milliseconds(60_000, 300_000))
    standbys = frozenset(region.name for region in places if region.lag is not None)
    planned = draw(faults(preferred, lasts - 30.0, standbys))
    wraps = draw(st.integers(0, 1000)) / 1000
    parameters = {"rto": Quantity(draw(milliseconds(1, 20_000)), "seconds")}
    rules = ["integrity == 100%", "response.p99 <= rto"]
    rules += ["recover <= rto", "lost_operations <= 9"] if planned else []
    rules += ["failover.p95 <= rto"] if planned and len(preferred) > 1 else []
    return Scenario(
        name="any-scenario",
        teaches=draw(st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), min_size=1)),
        seed=draw(st.integers(0, 2**63 - 1)),
        lasts=lasts,
        regions=places,
        keys=(RootKey("orders", holding),),
        clients=draw(fleets(preferred)),
        load=Load(
            draw(st.integers(1, 5000)) / 10,
            draw(st.sampled_from(["poisson", "constant"])),
            (("wrap", wraps), ("unwrap", round(1 - wraps, 3))),
        ),
        faults=planned,
        objectives=tuple(parse(rule, names, parameters) for rule in rules),
        parameters=tuple((name, limit.value) for name, limit in parameters.items()),
        window=draw(milliseconds(1, 9000)),
        source="",
        service=Service(draw(milliseconds(1000, 7_200_000)), draw(st.integers(1000, 10**9)) / 1000),
        path="",
    )
