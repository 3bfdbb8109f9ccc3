"""The key service of a simulated world, all in one process: its doors, by function call. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from chaos.run.faults import mortal, standby_of
from chaos.scenario.model import IAM, Region, Scenario
from chaos.service.api import KeyService
from chaos.service.clock import Clock
from chaos.service.conditions import Terms
from chaos.service.front_door import FrontDoor
from chaos.service.iam import Iam
from chaos.service.iam_door import IamDoor
from chaos.service.injected import Faults
from chaos.service.instance import STANDARD_PLAN, Entropy
from chaos.service.replication import CROSS_REGION_PLAN, Outbox, Standby
from chaos.service.storage import Forgetful


@dataclass(frozen=True, slots=True)
class Doors:
    """The regions' doors and those of their standbys by region, the tenant that each region has.

    ``iam`` is the door of the token service: the first region's, or where a crash is to end that
    one, its own.
    """

    regions: Mapping[str, FrontDoor]
    standbys: Mapping[str, FrontDoor]
    instances: Mapping[str, str]
    iam: FrontDoor | IamDoor

    def faults(self) -> dict[str, Faults]:
        """What can be injected where, by the names of :func:`chaos.run.faults.site_of`."""
        found = {name: door.faults for name, door in self.regions.items()}
        found |= {standby_of(name): door.faults for name, door in self.standbys.items()}
        return {**found, IAM: self.iam.faults}


def doors(scenario: Scenario, iam: Iam, entropy: Entropy, account: str, began: float) -> Doors:
    """A scenario's regions, each with a tenant of ``account``, from ``began`` (UTC) on."""
    clock, terms = Clock(scenario.service.timers, began), Terms(seed=scenario.seed)
    regions: dict[str, FrontDoor] = {}
    standbys: dict[str, FrontDoor] = {}
    instances = {}
    for region in scenario.regions:
        outbox = Outbox(Forgetful())
        service = KeyService(region.name, iam=iam, entropy=entropy, clock=clock, storage=outbox)
        plan = STANDARD_PLAN if region.lag is None else CROSS_REGION_PLAN
        instances[region.name] = service.add_instance(account, plan=plan, now=began).id
        regions[region.name] = FrontDoor(service, terms)
        if region.lag is not None:
            draw = Random(f"{scenario.seed}/standby/{region.name}").randbytes
            behind = _behind(region, region.lag, service, outbox, draw)
            standbys[region.name] = FrontDoor(behind.service, terms, standby=behind)
    first = scenario.regions[0].name
    alone = first in mortal(scenario)
    door = IamDoor(iam, seed=scenario.seed) if alone else regions[first]
    return Doors(regions, standbys, instances, door)


def _behind(
    region: Region, lag: float, primary: KeyService, outbox: Outbox, entropy: Entropy
) -> Standby:
    """The standby of a region: it hears of every change, and lets it happen ``lag`` later."""
    own = Outbox(Forgetful())
    service = KeyService(
        region.name, iam=primary.iam, entropy=entropy, clock=primary.clock, storage=own
    )
    return Standby(
        service,
        own,
        lag,
        source=lambda after, _: outbox.changes(after, primary.instances),
        returned=lambda changes, now: primary.take_back([each.record for each in changes], now),
    )
