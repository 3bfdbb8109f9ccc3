"""What a report is about: its objective, scope and assumptions, and what its measures mean."""

from collections.abc import Iterator

from chaos.report import numbers, wording
from chaos.report.account import Account
from chaos.run.record import Run
from chaos.scenario.vocabulary import VOCABULARY

_WORLDS = {
    "simulated": "in virtual time: service, proxies and clients are function calls in one process",
    "sockets": "on real sockets of one machine: a process a region, a proxy, a load generator",
}


def scope(account: Account) -> tuple[tuple[str, str], ...]:
    """The objective, the scope and the assumptions of a run, each as a term and what it says."""
    run = account.run
    return (
        ("Objective", _objective(run)),
        ("In scope", " ".join(_within(run))),
        ("Not in scope", " ".join(_without(run))),
        ("Assumptions", " ".join(_assumed(account))),
    )


def definitions(account: Account) -> tuple[tuple[str, str], ...]:
    """What the measures mean that this report names."""
    analysis = account.analysis
    named = {text.split("(")[0].split(".")[0] for text, _ in analysis.measures}
    named |= {finding.objective.measure.name for finding in analysis.findings}
    return tuple((name, term.meaning) for name, term in VOCABULARY.items() if name in named)


def _objective(run: Run) -> str:
    rules = len(run.scenario.objectives)
    held = "1 rule that must hold" if rules == 1 else f"{rules} rules that must all hold"
    return f"{run.scenario.teaches} It is judged by {held}."


def _within(run: Run) -> Iterator[str]:
    scenario = run.scenario
    regions = ", ".join(
        f"{each.name} ({numbers.seconds(each.latency)} away)" for each in scenario.regions
    )
    yield f"Regions {regions}."
    for key in scenario.keys:
        yield f"Root key {key.name} in {' and '.join(key.regions)}, its primary first."
    phases = ", ".join(
        f"{each.name} {numbers.seconds(each.ends - each.starts)}" for each in scenario.phases()
    )
    yield f"Phases: {phases}."
    faults = "; ".join(map(wording.fault, scenario.faults))
    yield f"Faults: {faults}." if faults else "No fault: what is usual."
    yield f"Played {_WORLDS.get(run.world, f'in the world {run.world}')}."


def _without(run: Run) -> Iterator[str]:
    idle = [kind for kind, share in run.scenario.load.mix if not share]
    if idle:
        yield f"No {' and no '.join(idle)} was asked for."
    hit = {fault.target for fault in run.scenario.faults}
    spared = [each.name for each in run.scenario.regions if each.name not in hit]
    if hit and spared:
        yield f"No fault was injected at {', '.join(spared)}."
    if run.aborted:
        yield f"What was planned after {numbers.seconds(run.ended)}, when the run was cut short."
    yield "Other faults than these, more load than this, and other clients were not tried."


def _assumed(account: Account) -> Iterator[str]:
    scenario = account.run.scenario
    yield (
        f"Operations come at {numbers.rate(scenario.load.rate)} whatever the answers are: users "
        "do not go away."
    )
    if len(scenario.keys[0].regions) > 1:
        yield (
            "The regions of the root key hold the same key material, so that a data key wrapped in "
            "one should open in the other."
        )
    yield f"An access token is good for {numbers.seconds(scenario.service.token_lasts)}."
    if scenario.service.timers > 1:
        yield (
            f"The service's own waiting times pass {numbers.count(scenario.service.timers)} times "
            "as fast as in reality."
        )
    before = dict(account.analysis.measures).get("availability(steady)")
    if before is not None and before.value is not None and scenario.faults:
        yield (
            f"What is usual is what was seen before the first fault: {numbers.share(before.value)} "
            f"of {numbers.count(before.n)} operations ok{_held_against(account)}."
        )
    yield f"Good again means good for {numbers.seconds(scenario.window)} on end."


def _held_against(account: Account) -> str:
    """What recovery takes for usual, where that differs: without what the fault reached back to."""
    usual = account.analysis.baseline
    before = dict(account.analysis.measures)["availability(steady)"].value
    if usual is None or numbers.share(usual) == numbers.share(before or 0.0):
        return ""
    held = numbers.share(usual)
    return f"; recovery is held against the {held} of those that no fault touched"
