"""A whole scenario in virtual time: stage, load and faults side by side, then the audit. Pure."""

from collections.abc import Callable, Iterable
from random import Random

from chaos.client.call import Factory
from chaos.proxy.toxics import Latency
from chaos.run.audit import audit
from chaos.run.doors import doors
from chaos.run.ending import Ending
from chaos.run.fleet import fleet, starts
from chaos.run.insides import Insides
from chaos.run.nemesis import nemesis
from chaos.run.provision import Provisioned, Site, handed_over, provision
from chaos.run.simulated import SimulatedWorld
from chaos.run.virtual import VirtualTime
from chaos.run.wires import Wire
from chaos.run.world import Event, Program
from chaos.scenario.model import Scenario
from chaos.service.iam import Iam
from chaos.service.roles import Identity
from chaos.service.tokens import SecretSigner

PREPARED_WITHIN = 60.0
# About as long before time zero as on sockets, where the load generator must first be told.
HANDED_OVER_AT = -0.5
IAM_ORIGIN = "http://iam.origin"
API_KEY, ACCOUNT = "keychaos-operator", "keychaos"


def simulate(
    scenario: Scenario, factory: Factory, note: Callable[[Event], None], epoch: float
) -> Ending:
    """Play a scenario in virtual time: provision, load and faults side by side, then the audit.

    ``epoch`` is the UTC time of time zero in seconds since 1970.
    """
    time = VirtualTime(-PREPARED_WITHIN)
    world, sites, iam = _build(scenario, time, epoch, note)
    stages: list[Provisioned] = []

    async def set_stage() -> None:
        stage = await provision(world, scenario, sites, API_KEY, iam)
        assert time.now < HANDED_OVER_AT, "provisioning took longer than was set aside for it"
        await world.sleep_until(HANDED_OVER_AT)
        stages.append(await handed_over(world, stage, API_KEY, iam))

    time.play([(time.now, set_stage())])
    (stage,) = stages
    members = fleet(scenario, factory, stage.supply, epoch)
    time.play(_both(nemesis(world, scenario.changes()), starts(world, scenario, members)))
    ended = time.now
    time.play([(ended, audit(world, world.ledger, stage.origins, stage.supply.credential))])
    return Ending(ended)


def _both(first: Program, rest: Iterable[tuple[float, Program]]) -> Iterable[tuple[float, Program]]:
    yield 0.0, first
    yield from rest


def _build(
    scenario: Scenario, time: VirtualTime, epoch: float, note: Callable[[Event], None]
) -> tuple[SimulatedWorld, dict[str, Site], str]:
    """The service's regions, a direct and a proxied wire to each, and the world around them."""
    entropy = Random(f"{scenario.seed}/entropy").randbytes
    owner = Identity("IBMid-keychaos", ACCOUNT)
    iam = Iam(
        SecretSigner(entropy(32)),
        {API_KEY: owner},
        entropy=entropy,
        token_lasts=round(scenario.service.token_lasts),
    )
    wires: dict[str, Wire] = {}
    regions: dict[str, Wire] = {}
    sites: dict[str, Site] = {}
    service = doors(scenario, iam, entropy, ACCOUNT, epoch + time.now)
    for region in scenario.regions:
        door, instance = service.regions[region.name], service.instances[region.name]
        origin, endpoint = f"http://{region.name}.origin", f"http://{region.name}.proxy"
        wires[origin] = Wire(time, door.receive, Random(0), epoch=epoch)
        far = Latency(region.latency, region.jitter)
        rng = Random(f"{scenario.seed}/wire/{region.name}")
        proxied = Wire(time, door.receive, rng, far, epoch)
        wires[endpoint] = regions[region.name] = proxied
        sites[region.name] = Site(region.name, origin, endpoint, instance)
    wires[IAM_ORIGIN] = Wire(time, service.iam.receive, Random(0), epoch=epoch)
    standbys = {name: door.receive for name, door in service.standbys.items()}
    inside = Insides(service.faults(), epoch, standbys)
    return SimulatedWorld(time, wires, regions, epoch, note, inside), sites, IAM_ORIGIN
