"""A Scenario written back as the YAML that reads to it: as resolved, with every default stated."""

from collections.abc import Iterator

import yaml

from chaos.scenario.expression import DIMENSIONS
from chaos.scenario.fault_form import written
from chaos.scenario.model import Clients, Fault, Group, Region, Scenario
from chaos.scenario.quantity import render
from chaos.scenario.words import timers


def write(scenario: Scenario) -> str:
    """The scenario as YAML; reading it gives an equal scenario but for where it was written.

    For the record of a run: overrides are applied, defaults are visible.
    """
    return yaml.safe_dump(_plain(scenario), sort_keys=False, allow_unicode=True, width=100)


def _plain(scenario: Scenario) -> dict[str, object]:
    clients, load = scenario.clients, scenario.load
    return {
        "scenario": scenario.name,
        "teaches": scenario.teaches,
        "seed": scenario.seed,
        "lasts": _seconds(scenario.lasts),
        "regions": {region.name: _region(region) for region in scenario.regions},
        "keys": {key.name: list(key.regions) for key in scenario.keys},
        "service": {
            "token_lasts": _seconds(scenario.service.token_lasts),
            "timers": timers(scenario.service.timers),
        },
        "clients": _clients(clients),
        "load": {
            "rate": render(load.rate, "rate"),
            "arrivals": load.arrivals,
            "operations": {kind: render(share, "share") for kind, share in load.mix},
        },
        "faults": [_fault(fault) for fault in scenario.faults],
        "objectives": {
            **dict(_parameters(scenario)),
            "rules": [rule.text for rule in scenario.objectives],
        },
        "window": _seconds(scenario.window),
    }


def _seconds(value: float) -> str:
    return render(value, "seconds")


def _region(region: Region) -> dict[str, object]:
    told: dict[str, object] = {
        "latency": _seconds(region.latency),
        "jitter": _seconds(region.jitter),
    }
    if region.lag is not None:
        told["standby"] = {"lag": _seconds(region.lag)}
    return told


def _clients(clients: Clients | Group) -> dict[str, object]:
    told: dict[str, object] = {"count": clients.count}
    if clients.policy:
        told["policy"] = clients.policy
    told |= {"regions": list(clients.regions), "wrapped": clients.wrapped}
    if isinstance(clients, Clients) and clients.groups:
        told["groups"] = {group.name: _clients(group) for group in clients.groups}
    return told


def _fault(fault: Fault) -> dict[str, object]:
    return {
        "name": fault.name,
        "kind": fault.kind,
        "target": fault.target,
        "at": _seconds(fault.at),
        "lasts": _seconds(fault.lasts),
        **{name: written(name, value) for name, value in fault.attributes},
    }


def _parameters(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """The named limits in the unit of the rules that use them; the reader refuses unused ones."""
    units = {rule.parameter: rule.unit for rule in scenario.objectives}
    for name, value in scenario.parameters:
        yield name, render(value, DIMENSIONS[units[name]])
