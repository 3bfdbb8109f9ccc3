"""What a scenario would do, without doing it: who is called, what is hit when, what must hold."""

from collections.abc import Iterator
from dataclasses import dataclass

from chaos.scenario.expression import DIMENSIONS
from chaos.scenario.fault_form import written
from chaos.scenario.model import IAM, Attribute, Change, Fault, Phase, PhaseName, Scenario
from chaos.scenario.quantity import duration, render
from chaos.scenario.words import timers


@dataclass(frozen=True, slots=True)
class Stage:
    """One phase of the plan: what changes in it and how many operations are expected to be due."""

    name: PhaseName
    starts: float
    ends: float
    changes: tuple[Change, ...]
    operations: float


@dataclass(frozen=True, slots=True)
class Plan:
    """The stages of a scenario, the operations expected in all, and whom each fault hits."""

    scenario: Scenario
    stages: tuple[Stage, ...]
    operations: float
    hits: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        """Plain text, for where there is no terminal to draw on."""
        return "\n".join(_lines(self))


def plan(scenario: Scenario) -> Plan:
    """The plan of a scenario; a value, for whoever shows it."""
    lasting = [phase for phase in scenario.phases() if phase.ends > phase.starts]
    stages = tuple(_stage(scenario, phase) for phase in lasting)
    return Plan(
        scenario=scenario,
        stages=stages,
        operations=scenario.load.rate * scenario.lasts,
        hits=tuple((fault.name, _hits(scenario, fault)) for fault in scenario.faults),
    )


def describe(fault: Fault) -> str:
    """One fault in a few words.

    >>> describe(Fault("slow", "latency", "wire", "us-east", 5.0, 9.0, (("latency", 0.2),)))
    'latency at us-east for 9s (latency 200ms)'
    """
    own = ", ".join(_told(name, value) for name, value in fault.attributes)
    return f"{fault.kind} at {fault.target} for {duration(fault.lasts)}" + (own and f" ({own})")


def _told(name: str, value: Attribute) -> str:
    said = written(name, value)
    return f"{name} {' and '.join(said) if isinstance(said, list) else said}"


def _lines(plan: Plan) -> Iterator[str]:
    scenario = plan.scenario
    yield f"{scenario.name}: {scenario.teaches}"
    lasts = duration(scenario.lasts)
    yield f"seed {scenario.seed}, {lasts}, about {plan.operations:,.0f} operations"
    yield from ("", *_topology(scenario), "", *_timeline(plan), "", "objectives")
    yield from (f"  {rule}" for rule in rules(scenario))


def rules(scenario: Scenario) -> Iterator[str]:
    """The objectives as written, each with the value of the limit that it names."""
    for rule in scenario.objectives:
        limit = render(round(rule.limit, 9), DIMENSIONS[rule.unit])
        yield f"{rule.text}   ({rule.parameter} = {limit})" if rule.parameter else rule.text


def _stage(scenario: Scenario, phase: Phase) -> Stage:
    last = phase.ends == scenario.lasts
    within = tuple(
        change
        for change in scenario.changes()
        if phase.starts <= change.at < phase.ends or (last and change.at == phase.ends)
    )
    expected = scenario.load.rate * (phase.ends - phase.starts)
    return Stage(phase.name, phase.starts, phase.ends, within, expected)


def _hits(scenario: Scenario, fault: Fault) -> str:
    """Which of the clients feel it: those for whom the region comes first, or only as a backup."""
    clients = scenario.clients
    if fault.target == IAM:
        return f"whoever of all {clients.count} clients needs a token"
    first = sum(group.regions[0] == fault.target for group in clients.each())
    if first:
        of = "all" if first == clients.count else f"{first} of"
        return f"the first choice of {of} {clients.count} clients"
    users = sum(fault.target in group.regions for group in clients.each())
    of = "all" if users == clients.count else f"{users} of"
    return f"a backup of {of} {clients.count} clients"


def _topology(scenario: Scenario) -> Iterator[str]:
    for region in scenario.regions:
        holds = [
            f"{'primary' if key.regions[0] == region.name else 'backup'} of root key {key.name}"
            for key in scenario.keys
            if region.name in key.regions
        ]
        trip = f"round trip {duration(region.latency)} ± {duration(region.jitter)}"
        if region.lag is not None:
            holds.append(f"a standby {duration(region.lag)} behind")
        yield f"region   {region.name}: {', '.join([trip, *holds])}"
    service, clients, load = scenario.service, scenario.clients, scenario.load
    lasts, pace = duration(service.token_lasts), timers(service.timers)
    yield f"service  tokens last {lasts}; timers: {pace}"
    order = ", then ".join(clients.regions)
    yield f"clients  {clients.count}, {clients.policy}: {order}; {clients.wrapped} data keys each"
    for group in clients.groups:
        own = f"{group.count}, {group.policy or clients.policy}: {', then '.join(group.regions)}"
        yield f"  group  {group.name}: {own}; {group.wrapped} data keys each"
    mix = ", ".join(f"{render(share, 'share')} {kind}" for kind, share in load.mix if share)
    yield f"load     {render(load.rate, 'rate')}, {load.arrivals}: {mix}"


def _timeline(plan: Plan) -> Iterator[str]:
    hits = dict(plan.hits)
    for stage in plan.stages:
        yield f"{duration(stage.starts):>8}  {stage.name}: about {stage.operations:,.0f} operations"
        for change in stage.changes:
            fault = change.fault
            what = f": {describe(fault)}; {hits[fault.name]}" if change.verb == "inject" else ""
            yield f"{duration(change.at):>8}    {change.verb} {fault.name}{what}"
    audited = ", ".join(plan.scenario.keys[0].regions)
    yield f"{duration(plan.scenario.lasts):>8}  audit: every data key is unwrapped in {audited}"
