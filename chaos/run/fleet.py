"""The clients of a scenario, built alike in every world: wired to their targets and seeded."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from chaos.client.call import Credential, Factory, Target, Wiring
from chaos.run.operate import Member, Sealed, operate
from chaos.run.world import Program, World
from chaos.scenario.arrivals import arrivals
from chaos.scenario.model import Scenario


@dataclass(frozen=True, slots=True)
class Supply:
    """What provisioning left for the clients: where the root key lives, a token, wrapped data keys.

    ``targets`` are in the clients' order of regions. ``sealed`` maps a client to the data keys that
    it holds before time zero.
    """

    targets: tuple[Target, ...]
    credential: Credential
    sealed: Mapping[int, tuple[Sealed, ...]]

    def moved(self, by: float) -> "Supply":
        """The same on a clock whose time zero comes ``by`` seconds later."""
        issued, expires = self.credential.issued - by, self.credential.expires - by
        return replace(self, credential=replace(self.credential, issued=issued, expires=expires))


def fleet(scenario: Scenario, factory: Factory, supply: Supply, epoch: float) -> list[Member]:
    """One member for every client, each with a random generator of its own from the seed."""
    return [
        Member(
            index,
            factory(
                Wiring(f"client-{index:03d}", supply.targets, supply.credential, epoch),
                Random(f"{scenario.seed}/client/{index}"),
            ),
            list(supply.sealed.get(index, ())),
        )
        for index in range(scenario.clients.count)
    ]


def starts(
    world: World, scenario: Scenario, members: Sequence[Member]
) -> Iterator[tuple[float, Program]]:
    """The load's programs with their due times, lazily and in due order."""
    for arrival in arrivals(scenario):
        yield arrival.due, operate(world, members[arrival.client], arrival)
