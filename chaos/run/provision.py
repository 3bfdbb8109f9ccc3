"""The program that sets the stage: imports the root key in every region and wraps the first keys.

It speaks Key Protect to the service itself, past the proxy, as an operator would.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random

from chaos.client import wire
from chaos.client.call import Credential, Result, Target, Work
from chaos.errors import WorldError
from chaos.run.fleet import Supply
from chaos.run.operate import Sealed, digest_of
from chaos.run.operator import MARK, OPERATOR, asking, sign_in
from chaos.run.world import World, Wrapped, send
from chaos.scenario.model import RootKey, Scenario

MATERIAL_BYTES = 32
# Data keys wrapped before time zero are numbered above every arrival.
FIRST_PREPARED = 2**31


@dataclass(frozen=True, slots=True)
class Site:
    """Where one region of the key service is reached, and as which tenant.

    ``origin`` is the service's own address, for the operator; ``endpoint`` the proxy's, for the
    clients.
    """

    region: str
    origin: str
    endpoint: str
    instance: str


@dataclass(frozen=True, slots=True)
class Provisioned:
    """What provisioning made: the operator's targets and the clients' supply."""

    origins: tuple[Target, ...]
    supply: Supply


async def provision(
    world: World, scenario: Scenario, sites: Mapping[str, Site], api_key: str, iam: str
) -> Provisioned:
    """Make the scenario's root key in each of its regions, and each client's first data keys.

    Raises WorldError where the service refuses.
    """
    credential = await sign_in(world, api_key, iam)
    key = scenario.keys[0]
    rng = Random(f"{scenario.seed}/material/{key.name}")
    payload = base64.b64encode(rng.randbytes(MATERIAL_BYTES)).decode()
    origins = [
        await _import(world, key, sites[region], payload, credential) for region in key.regions
    ]
    primary = origins[0]
    sealed: dict[int, tuple[Sealed, ...]] = {}
    number = FIRST_PREPARED
    for client, group in enumerate(scenario.clients.each()):
        kept = []
        for _ in range(group.wrapped):
            kept.append(await _wrap(world, client, number, primary, credential))
            number += 1
        sealed[client] = tuple(kept)
    by_region = {target.region: target for target in origins}
    targets = tuple(
        Target(region, sites[region].endpoint, sites[region].instance, by_region[region].key_id)
        for region in scenario.clients.reached()
    )
    return Provisioned(tuple(origins), Supply(targets, credential, sealed))


async def handed_over(world: World, stage: Provisioned, api_key: str, iam: str) -> Provisioned:
    """The stage with a token for the clients that is as young as the run, however long it took.

    Played right before time zero, so that a token's end comes at the same second in every world.
    Raises WorldError where the token service gives none.
    """
    credential = await sign_in(world, api_key, iam)
    return replace(stage, supply=replace(stage.supply, credential=credential))


async def _import(
    world: World, key: RootKey, site: Site, payload: str, credential: Credential
) -> Target:
    origin = Target(site.region, site.origin, site.instance, "")
    work = Work(0, "create", name=key.name, payload=payload)
    wish = f"import the root key {key.name!r}"
    result = await _carry_out(world, origin, work, credential, wish)
    return Target(site.region, site.origin, site.instance, result.key_id)


async def _wrap(
    world: World, client: int, number: int, target: Target, credential: Credential
) -> Sealed:
    result = await _carry_out(
        world, target, Work(number, "wrap"), credential, "wrap a first data key"
    )
    digest = digest_of(result.plaintext)
    at = world.now()
    world.note(
        Wrapped(number, client, at, target.region, digest, result.ciphertext, result.key_version)
    )
    return Sealed(result.ciphertext, digest)


async def _carry_out(
    world: World, target: Target, work: Work, credential: Credential, wish: str
) -> Result:
    """The result of one operation, which must succeed; WorldError says what the region said."""
    correlation = wire.correlation_id(MARK, work.number, 1)
    request = wire.request(target, work, credential.token, correlation)
    reading = wire.read(work, await send(world, OPERATOR, asking(target, request)))
    if reading.result is None:
        raise WorldError(f"{target.region} at {target.endpoint} did not {wish}: {reading.why}.")
    return reading.result
