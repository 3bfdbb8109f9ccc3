"""The load's plan: which client is to start which operation when, whatever the answers do.

Open loop: N independent Poisson clients are one Poisson stream whose arrivals pick their client at
random, so one generator serves any number of clients.
"""

from collections.abc import Iterator
from math import log1p
from random import Random

from chaos.scenario.model import Arrival, OperationKind, Scenario


def arrivals(scenario: Scenario) -> Iterator[Arrival]:
    """The arrivals in due order, lazily; the same scenario and seed give the same arrivals.

    Each arrival takes the same draws whatever the mix is, so that changing the mix or the number of
    clients does not move the due times.
    """
    rng = Random(f"{scenario.seed}/arrivals")
    poisson = scenario.load.arrivals == "poisson"
    count = scenario.clients.count
    order = list(range(count))
    Random(f"{scenario.seed}/order").shuffle(order)
    mix = scenario.load.mix
    for number, due in enumerate(_poisson(scenario, rng) if poisson else _constant(scenario)):
        drawn, mixed, draw = rng.random(), rng.random(), rng.random()
        client = int(drawn * count) if poisson else order[number % count]
        yield Arrival(number, due, client, _kind(mix, mixed), draw)


def _poisson(scenario: Scenario, rng: Random) -> Iterator[float]:
    rate, lasts = scenario.load.rate, scenario.lasts
    due = 0.0
    while True:
        # By inversion instead of expovariate, whose formula Python does not promise to keep.
        due -= log1p(-rng.random()) / rate
        if due >= lasts:
            return
        yield due


def _constant(scenario: Scenario) -> Iterator[float]:
    number = 0
    while number / scenario.load.rate < scenario.lasts:
        yield number / scenario.load.rate
        number += 1


def _kind(mix: tuple[tuple[OperationKind, float], ...], mixed: float) -> OperationKind:
    below = 0.0
    for kind, share in mix:
        below += share
        if mixed < below:
            return kind
    # Shares that sum to a hair under one leave a gap; it goes to the last kind in use.
    return [kind for kind, share in mix if share > 0][-1]
