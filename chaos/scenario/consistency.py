"""What no single line of a scenario file shows: whether its parts fit together.

Two kinds of mistake are looked for: parts that contradict each other (a client told to use a region
that has no key), and objectives that no run of the scenario could decide.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import combinations

from chaos.scenario.deciding import undecidable
from chaos.scenario.document import Node, deepest
from chaos.scenario.mistake import Mistake, did_you_mean
from chaos.scenario.model import CRASH, IAM, PROVIDER_FAILOVER, Fault, Scenario
from chaos.scenario.quantity import duration
from chaos.scenario.vocabulary import AFTER, EVERY, GROUP, OPERATIONS, PHASES

MOST_OPERATIONS = 50_000_000
RESERVED = frozenset({*PHASES, *OPERATIONS, AFTER, EVERY, GROUP})
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
        if text := undecidable(scenario, rule):
            yield keys, f"'{rule.text}': {text}"
        if any(rule.text == other.text for other in scenario.objectives[:number]):
            yield keys, f"'{rule.text}' is given twice"
