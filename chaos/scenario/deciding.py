"""Whether any run of a scenario could decide an objective, before it is played.

An objective that its phase is too short to decide, or that has nothing to be held against, would
end inconclusive whatever the clients did.
"""

from collections.abc import Mapping

from chaos.scenario.mistake import did_you_mean
from chaos.scenario.model import IAM, Phase, PhaseName, Scenario
from chaos.scenario.objective import Objective
from chaos.scenario.quantity import duration, parse_as
from chaos.scenario.vocabulary import (
    AFTER,
    AFTER_FAILOVER,
    EVERY,
    GROUP,
    HERD_WATCHED,
    METASTABLE_AFTER,
    PHASES,
    VOCABULARY,
)

# The times that a rule may bound: the phase in which each is counted, and which of them are only
# believed when they held for a whole window.
_COUNTED_IN: dict[str, PhaseName] = {
    "detect": "fault",
    "failover": "fault",
    "recover": "fault",
    "failback": "recovery",
    "time_to_steady": "recovery",
    "metastable": "recovery",
}
_CONFIRMED = frozenset({"recover", "failback", "time_to_steady", "metastable"})
# Those that are watched for from a client's first touch to the heal.
_WATCHED_WITHIN = frozenset({"detect", "failover"})
_AGAINST_BEFORE = frozenset(
    {"recover", "failback", "time_to_steady", "metastable", "lost_operations", "herd_index"}
)


def undecidable(scenario: Scenario, rule: Objective) -> str | None:
    """Why no run could decide the rule, and what would be right; None where one can."""
    if text := _missing(scenario, rule):
        return text
    checks = (_unphased, _outlasted, _without_past, _unhealed, _no_window)
    return next((text for check in checks if (text := check(scenario, rule))), None)


def _missing(scenario: Scenario, rule: Objective) -> str | None:
    """What the measure needs and the scenario does not have."""
    needs = VOCABULARY[rule.measure.name].needs
    if "fault" in needs and not scenario.faults:
        return f"{rule.measure.name} needs a fault, and there is none"
    if "second region" in needs and not _seconded(scenario, rule):
        return f"{rule.measure.name} needs clients with a second region"
    return None


def _seconded(scenario: Scenario, rule: Objective) -> bool:
    """Whether a client that the rule is about has a second region."""
    clients = scenario.clients
    named = [group for group in clients.groups if f"{GROUP} {group.name}" in rule.measure.where]
    return any(len(each.regions) > 1 for each in named or clients.groups or (clients,))


def _unphased(scenario: Scenario, rule: Objective) -> str | None:
    """Why the phase that must decide the rule cannot."""
    lasting: dict[str, float] = {
        phase.name: max(0.0, phase.ends - phase.starts) for phase in scenario.phases()
    }
    for phase in PHASES:
        if phase not in rule.measure.where:
            continue
        if lasting.get(phase, 0) <= 0:
            return f"there is no {phase} phase in this scenario"
        if lasting[phase] < scenario.window:
            shown, window = duration(lasting[phase]), duration(scenario.window)
            return f"the {phase} phase lasts {shown}, less than the window of {window}"
    return _too_short(scenario, rule, lasting)


def _no_window(scenario: Scenario, rule: Objective) -> str | None:
    """Why no window of the length that the rule names lies where it looks."""
    where = rule.measure.where
    looked_at = [phase for phase in scenario.phases() if phase.name in where] or [
        Phase("steady", 0.0, scenario.lasts)
    ]
    begins, ends = looked_at[0].starts, looked_at[-1].ends
    lengths = dict(
        word.split(" ")
        for word in where
        if word.startswith((f"{AFTER} ", f"{EVERY} ")) and word != AFTER_FAILOVER
    )
    if AFTER in lengths:
        if not scenario.faults:
            return f"'{AFTER}' is counted from the fault, and there is none"
        begins = max(
            begins, min(fault.at for fault in scenario.faults) + parse_as("seconds", lengths[AFTER])
        )
    needed = parse_as("seconds", lengths[EVERY]) if EVERY in lengths else 0.0
    if round(ends - begins - needed, 6) > 0:
        return None
    if begins >= ends:
        return f"nothing is left of it {lengths[AFTER]} after the fault begins"
    return f"no window of {lengths[EVERY]} fits into {duration(ends - begins)}"


def _too_short(scenario: Scenario, rule: Objective, lasting: Mapping[str, float]) -> str | None:
    """A time that is counted within a phase must be able to pass there, and to be confirmed."""
    name = rule.measure.name
    if name not in _COUNTED_IN:
        return None
    phase, confirmed = _COUNTED_IN[name], scenario.window if name in _CONFIRMED else 0.0
    length = lasting.get(phase, 0.0)
    passes = METASTABLE_AFTER if name == "metastable" else rule.limit
    if round(passes + confirmed - length, 6) <= 0:
        return None
    needed = " + ".join(duration(part) for part in (passes, confirmed) if part)
    shown = duration(length)
    return f"cannot be decided: it needs {needed} and the {phase} phase lasts {shown}"


def _outlasted(scenario: Scenario, rule: Objective) -> str | None:
    """A client is watched from when a fault touches it, which is never the whole of that fault."""
    if rule.measure.name not in _WATCHED_WITHIN:
        return None
    longest = max(min(fault.heals, scenario.lasts) - fault.at for fault in scenario.faults)
    if round(rule.limit - longest, 6) < 0:
        return None
    limit, lasts = duration(rule.limit), duration(longest)
    it = "the fault" if len(scenario.faults) == 1 else "the longest fault"
    return f"cannot be decided: {it} must last longer than {limit}, and it lasts {lasts}"


def _without_past(scenario: Scenario, rule: Objective) -> str | None:
    """What is held against the time before the faults needs one."""
    if rule.measure.name in _AGAINST_BEFORE and min(each.at for each in scenario.faults) <= 0:
        name = rule.measure.name
        return f"{name} is held against the time before the fault, and that begins at 0s"
    return None


def _unhealed(scenario: Scenario, rule: Objective) -> str | None:
    """A herd comes to a region that was healed, and is looked for in a while after that."""
    if rule.measure.name != "herd_index":
        return None
    heals: dict[str, float] = {}
    for fault in scenario.faults:
        region = fault.target.split("/", maxsplit=1)[0]
        if region != IAM:
            heals[region] = max(heals.get(region, 0.0), fault.heals)
    asked = [where for where in rule.measure.where if where not in heals]
    if asked or not heals:
        where = f"'{asked[0]}'" if asked else "a region"
        near = did_you_mean(asked[0], heals) if asked and heals else ""
        return f"no fault hits {where}, so that no herd can come back to it{near}"
    last = max(heals[where] for where in rule.measure.where or heals)
    left = max(0.0, scenario.lasts - last)
    if round(HERD_WATCHED - left, 6) <= 0:
        return None
    needed, shown = duration(HERD_WATCHED), duration(left)
    return f"cannot be decided: it needs {needed} after the last heal, and {shown} are left"
