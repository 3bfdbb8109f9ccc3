"""What the report says in sentences: what was tried, whether it is good enough, what limits it."""

from collections.abc import Iterator

from chaos.analysis.findings import Analysis, Finding, Verdict
from chaos.analysis.wording import listed
from chaos.report import numbers
from chaos.run.record import Run
from chaos.scenario.model import Fault

_ARRIVALS = {"poisson": "Poisson arrivals", "constant": "evenly spaced arrivals"}
_ANSWERS: dict[Verdict, str] = {
    "passed": "Yes. All {all} objectives held.",
    "failed": "No. {failed} of {all} objectives did not hold{rest}.",
    "inconclusive": "It cannot be said. {open} of {all} objectives could not be decided.",
    "aborted": "It cannot be said. The run did not reach its end, so nothing here may count as "
    "passed.",
}
_FEW_REPETITIONS = (
    "One run is one repetition. Operations within it depend on each other, so no interval is given "
    "and no difference to another run is claimed; repeat the run with other seeds for that."
)


def tried(run: Run) -> str:
    """What was played: who called whom, how often, and what was done to them."""
    scenario, load = run.scenario, run.scenario.load
    mix = " and ".join(f"{numbers.share(part)} {kind}" for kind, part in load.mix)
    said = (
        f"{_clients(run)}: operations at {numbers.rate(load.rate)} ({mix}), "
        f"{_ARRIVALS[load.arrivals]} in an open loop, for {numbers.seconds(scenario.lasts)}."
    )
    return " ".join([said, *(f"Fault {fault(one)}." for one in scenario.faults)])


def _clients(run: Run) -> str:
    """Who played, with which policy, and where they may go, which is not where they went."""
    fleet = run.scenario.clients
    may = f"free to call {', then '.join(fleet.regions)}"
    if not fleet.groups:
        return f"{numbers.count(fleet.count)} clients with the policy {run.policy}, {may}"
    parts = []
    for each in fleet.groups:
        own = f", free to call {', then '.join(each.regions)}"
        where = own if each.regions != fleet.regions else ""
        parts.append(
            f"{numbers.count(each.count)} {each.name} (policy {each.policy or run.policy}{where})"
        )
    return f"{numbers.count(fleet.count)} clients, {listed(parts)}, {may}"


def self_check(run: Run) -> str:
    """How the run can be played again and what of it must come again."""
    head = "Determinism self-check: keychaos verify --replay, on this run's folder,"
    if run.world == "simulated":
        return f"{head} plays it again and fails where one record of it does not come again."
    return (
        f"{head} holds every operation against the plan that the seed draws; when attempts were "
        "sent and answered was the machine's own timing, and no second run repeats that."
    )


def fault(one: Fault) -> str:
    """One fault: what, where, from when to when."""
    kind = one.kind.replace("_", " ")
    return (
        f"{one.name}, {kind} at {one.target}, from {numbers.seconds(one.at)} to "
        f"{numbers.seconds(one.at + one.lasts)}"
    )


def answer(analysis: Analysis) -> str:
    """Whether that is good enough, in one or two sentences."""
    found = analysis.findings
    undecided = sum(finding.verdict not in {"passed", "failed"} for finding in found)
    return _ANSWERS[analysis.verdict].format(
        all=len(found),
        failed=sum(finding.verdict == "failed" for finding in found),
        open=undecided,
        rest=f"; {undecided} could not be decided" if undecided else "",
    )


def standing(run: Run, analysis: Analysis, finding: Finding) -> tuple[Verdict, str]:
    """How an objective stands in its run: its verdict, and in words.

    Nothing of an aborted run counts as passed, so that nothing there may look as if it did.
    """
    if analysis.verdict != "aborted" or finding.verdict != "passed":
        return finding.verdict, finding.verdict
    return "aborted", "held until the abort" if run.aborted else "held, not counted"


def troubles(run: Run, analysis: Analysis) -> tuple[str, ...]:
    """What went wrong: the abort, then the reason of each objective that did not pass."""
    rules: dict[str, list[str]] = {}
    open_ones = [each for each in analysis.findings if each.verdict not in {"passed", "failed"}]
    # What failed is told before what could not be decided, and of a run that was cut off nobody
    # needs to hear of each rule why it could not.
    for finding in [each for each in analysis.findings if each.verdict == "failed"]:
        rules.setdefault(finding.why, []).append(finding.objective.text)
    for finding in [] if run.aborted else open_ones:
        rules.setdefault(finding.why, []).append(finding.objective.text)
    # One cause often breaks several rules; it is told once.
    told = (f"{listed(texts)}: {why}" for why, texts in rules.items())
    if not run.aborted:
        return tuple(told)
    rest = (f"{len(open_ones)} objectives could not be decided before that.",) if open_ones else ()
    return (f"The run was aborted: {run.aborted}.", *told, *rest)


def todo(analysis: Analysis) -> tuple[str, ...]:
    """What to do about it."""
    if analysis.deficiencies:
        again = ("Run it again, to its end.",) if analysis.verdict == "aborted" else ()
        return (*again, *analysis.deficiencies)
    match analysis.verdict:
        case "passed":
            return ("Nothing. Keep the scenario in the pipeline, so that it stays so.",)
        case "failed":
            return ("Change the client's policy until the objectives above hold, then run again.",)
        case "inconclusive":
            return ("Remove what kept the objectives above from being decided, then run again.",)
        case "aborted":
            return ("Run it again, to its end.",)


def limitations(run: Run, analysis: Analysis) -> tuple[str, ...]:
    """What this report does not show."""
    return tuple(_limitations(run, analysis))


def _limitations(run: Run, analysis: Analysis) -> Iterator[str]:
    yield (
        "The key service is emulated. It speaks the interface of the real one and does real "
        "cryptography, but its capacity, timing and faults are models; this is evidence that "
        "supports a claim about the client, not a measurement of the service."
    )
    if run.world == "simulated":
        yield (
            "Time is virtual and the network is a model: no socket, kernel or scheduler took part. "
            "The same scenario on real sockets is the check of that model."
        )
    else:
        yield (
            "Service, proxies and clients share one machine, so that their load on each other is "
            "part of what was measured."
        )
    yield _FEW_REPETITIONS
    kept = analysis.saturation
    yield (
        f"The load generator planned {numbers.count(kept.planned)} operations, dropped "
        f"{numbers.count(kept.dropped)} and started {numbers.count(kept.late)} more than 100 ms "
        f"late; 99 % started within {numbers.seconds(kept.lag_p99)} of when they were due."
    )
    if run.clock_error > 0:
        yield (
            f"The clock of the load and that of the faults agree within "
            f"{numbers.seconds(run.clock_error)}."
        )
