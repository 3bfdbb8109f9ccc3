"""The clients of a scenario, built alike in every world: wired to their targets and seeded."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from chaos.client.call import Credential, Factory, Target, Wiring
from chaos.client.presets import factory_for
from chaos.run.operate import Member, Sealed, operate
from chaos.run.world import Program, World
from chaos.scenario.arrivals import arrivals
from chaos.scenario.model import Scenario


@dataclass(frozen=True, slots=True)
class Supply:
    """What provisioning left for the clients: where the root key lives, a token, wrapped data keys.

    ``targets`` are in the fleet's order of regions. ``sealed`` maps a client to the data keys that
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
    """One member for every client, each with a random generator of its own from the seed.

    ``factory`` builds those whose group names no policy of its own.
    """
    targets = {target.region: target for target in supply.targets}
    own = own_factories(scenario)
    return [
        Member(
            index,
            own.get(group.name, factory)(
                Wiring(
                    f"client-{index:03d}",
                    tuple(targets[region] for region in group.regions),
                    supply.credential,
                    epoch,
                ),
                Random(f"{scenario.seed}/client/{index}"),
            ),
            list(supply.sealed.get(index, ())),
        )
        for index, group in enumerate(scenario.clients.each())
    ]


def own_factories(scenario: Scenario) -> dict[str, Factory]:
    """The factories of the groups that name a policy; ScenarioError where there is none such."""
    groups = scenario.clients.groups
    return {group.name: factory_for(group.policy) for group in groups if group.policy}


def starts(
    world: World, scenario: Scenario, members: Sequence[Member]
) -> Iterator[tuple[float, Program]]:
    """The load's programs with their due times, lazily and in due order."""
    for arrival in arrivals(scenario):
        yield arrival.due, operate(world, members[arrival.client], arrival)
