"""What no single line of a scenario file shows: whether its parts fit together.

Two kinds of mistake are looked for: parts that contradict each other (a client told to use a region
that has no key), and objectives that the phases are too short to decide, whose run would end
inconclusive whatever the clients did.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from chaos.scenario.document import Node, deepest
from chaos.scenario.mistake import Mistake, did_you_mean
from chaos.scenario.model import CRASH, IAM, PROVIDER_FAILOVER, Fault, Phase, PhaseName, Scenario
from chaos.scenario.objective import Objective
from chaos.scenario.quantity import duration, parse_as
from chaos.scenario.vocabulary import (
    AFTER,
    AFTER_FAILOVER,
    EVERY,
    GROUP,
    METASTABLE_AFTER,
    OPERATIONS,
    PHASES,
    VOCABULARY,
)

MOST_OPERATIONS = 50_000_000
RESERVED = frozenset({*PHASES, *OPERATIONS, AFTER, EVERY, GROUP})
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
_LENGTHS = re.compile(rf"\b(?:{AFTER}|{EVERY}) +([A-Za-z_][\w-]*)", re.ASCII)
_NOTHING_TO_UNWRAP = "must be at least 1: clients that hold no data key have nothing to unwrap"
Keys = tuple[str | int, ...]


def mistakes(scenario: Scenario, tree: Node) -> list[Mistake]:
    """Everything that does not fit together, each at its line."""
    found = [
        *_topology(scenario),
        *_load(scenario),
        *_faults(scenario),
        *_parameters(scenario),
        *_objectives(scenario),
    ]
    return [Mistake(deepest(tree, keys).place, text) for keys, text in found]


def _topology(scenario: Scenario) -> Iterator[tuple[Keys, str]]:
    names = [key.name for key in scenario.keys]
    if len(names) > 1:
        yield ("keys", names[1]), "one root key a scenario is played; this is a second one"
    for key in scenario.keys:
        yield from _twice(("keys", key.name), key.regions)
    for name in (region.name for region in scenario.regions):
        if name in RESERVED:
            text = f"'{name}' is a word of the objectives; a region needs another name"
            yield ("regions", name), text
    holding = scenario.keys[0].regions
    preferred = scenario.clients.regions
    if preferred != holding:
        yield from _twice(("clients", "regions"), preferred)
    yield from _keyless(scenario, ("clients", "regions"), preferred)
    for group in scenario.clients.groups:
        if group.regions != preferred:
            keys: Keys = ("clients", "groups", group.name, "regions")
            yield from (*_twice(keys, group.regions), *_keyless(scenario, keys, group.regions))


def _keyless(scenario: Scenario, keys: Keys, regions: Sequence[str]) -> Iterator[tuple[Keys, str]]:
    holding = scenario.keys[0].regions
    for number, region in enumerate(regions):
        if region not in holding:
            near = did_you_mean(region, holding)
            text = f"'{region}' holds no root key '{scenario.keys[0].name}'{near}"
            yield (*keys, number), text


def _twice(keys: Keys, words: Sequence[str]) -> Iterator[tuple[Keys, str]]:
    for number, word in enumerate(words):
        if word in words[:number]:
            yield (*keys, number), f"'{word}' is given twice"


def _load(scenario: Scenario) -> Iterator[tuple[Keys, str]]:
    expected = scenario.load.rate * scenario.lasts
    if expected > MOST_OPERATIONS:
        yield ("load", "rate"), f"makes {expected:.2g} operations; at most {MOST_OPERATIONS:.0g}"
    unwraps = dict(scenario.load.mix)["unwrap"] > 0
    if unwraps and scenario.clients.wrapped == 0:
        yield ("clients", "wrapped"), _NOTHING_TO_UNWRAP
    for group in scenario.clients.groups:
        if unwraps and group.wrapped == 0 and scenario.clients.wrapped:
            yield ("clients", "groups", group.name, "wrapped"), _NOTHING_TO_UNWRAP


def _faults(scenario: Scenario) -> Iterator[tuple[Keys, str]]:
    for number, fault in enumerate(scenario.faults):
        here: Keys = ("faults", number)
        if fault.lasts <= 0:
            yield (*here, "lasts"), f"fault '{fault.name}' must last longer than 0s"
        if fault.target not in (*scenario.clients.reached(), IAM):
            yield (*here, "target"), f"hits nobody: no client calls '{fault.target}'"
        if fault.heals > scenario.lasts:
            heals, lasts = duration(fault.heals), duration(scenario.lasts)
            text = f"fault '{fault.name}' heals at {heals}, after the end of the run at {lasts}"
            yield (*here, "lasts"), text
        if any(fault.name == other.name for other in scenario.faults[:number]):
            yield (*here, "name"), f"a second fault is called '{fault.name}'"
    yield from _standbys(scenario)
    yield from _together(scenario)


def _together(scenario: Scenario) -> Iterator[tuple[Keys, str]]:
    """Faults that cannot be in force side by side."""
    for (_, first), (number, second) in combinations(enumerate(scenario.faults), 2):
        if crash := _ended(first, second):
            text = f"'{crash.name}' has ended the process of '{crash.target}', and"
            yield ("faults", number, "at"), f"{text} nothing else can befall it until that heals"
        elif _collide(first, second):
            text = f"fault '{second.name}' overlaps '{first.name}': same kind, same target"
            yield ("faults", number, "at"), text


def _standbys(scenario: Scenario) -> Iterator[tuple[Keys, str]]:
    """Failovers to a standby that is not there, or that knows nothing yet."""
    lags = {region.name: region.lag for region in scenario.regions}
    for number, fault in enumerate(scenario.faults):
        if fault.kind != PROVIDER_FAILOVER:
            continue
        lag = lags[fault.target]
        if lag is None:
            text = f"'{fault.target}' has no standby; give it one, as in 'standby: {{lag: 2s}}'"
            yield ("faults", number, "target"), text
        elif fault.at < lag:
            text = f"the standby knows of no key before {duration(lag)}, its lag"
            yield ("faults", number, "at"), text


def _collide(first: Fault, second: Fault) -> bool:
    same = (first.kind, first.target) == (second.kind, second.target)
    return same and _overlap(first, second)


def _ended(first: Fault, second: Fault) -> Fault | None:
    """The crash of the two that leaves no process for the other to befall."""
    inside = (fault.site == "service" or fault.kind == "down" for fault in (first, second))
    if first.target != second.target or not all(inside) or not _overlap(first, second):
        return None
    if PROVIDER_FAILOVER in (first.kind, second.kind):
        return None
    return next((fault for fault in (first, second) if fault.kind == CRASH), None)


def _overlap(first: Fault, second: Fault) -> bool:
    early, late = sorted((first, second), key=lambda fault: fault.at)
    return late.at < early.heals


def _parameters(scenario: Scenario) -> Iterator[tuple[Keys, str]]:
    names = [name for name, _ in scenario.parameters]
    used = {rule.parameter for rule in scenario.objectives}
    # A rule may name one between its parentheses as well: `availability(after rto, every 5s)`.
    used |= {name for rule in scenario.objectives for name in _LENGTHS.findall(rule.text)}
    for name in names:
        if name not in used:
            near = did_you_mean(name, [word for word in names if word in used])
            yield ("objectives", name), f"'{name}' is used by no rule{near}"


def _objectives(scenario: Scenario) -> Iterator[tuple[Keys, str]]:
    for number, rule in enumerate(scenario.objectives):
        keys: Keys = ("objectives", "rules", number)
        for text in (_missing(scenario, rule), _undecidable(scenario, rule)):
            if text:
                yield keys, f"'{rule.text}': {text}"
                break
        if any(rule.text == other.text for other in scenario.objectives[:number]):
            yield keys, f"'{rule.text}' is given twice"


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


def _undecidable(scenario: Scenario, rule: Objective) -> str | None:
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
    return _too_short(scenario, rule, lasting) or _no_window(scenario, rule)


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
