"""The program that sets the stage: imports the root key in every region and wraps the first keys.

It speaks Key Protect to the service itself, past the proxy, as an operator would.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from random import Random
from typing import Any
from urllib.parse import urlencode

from chaos.client import wire
from chaos.client.call import Credential, Target, Work
from chaos.errors import WorldError
from chaos.exchange import Answer, Reply, Request
from chaos.run.fleet import Supply
from chaos.run.operate import Sealed, digest_of
from chaos.run.operator import MARK, OPERATOR, asking
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
    credential = await _token(world, api_key, iam)
    key = scenario.keys[0]
    rng = Random(f"{scenario.seed}/material/{key.name}")
    payload = base64.b64encode(rng.randbytes(MATERIAL_BYTES)).decode()
    origins = [
        await _import(world, key, sites[region], payload, credential) for region in key.regions
    ]
    primary = origins[0]
    sealed: dict[int, tuple[Sealed, ...]] = {}
    number = FIRST_PREPARED
    for client in range(scenario.clients.count):
        kept = []
        for _ in range(scenario.clients.wrapped):
            kept.append(await _wrap(world, client, number, primary, credential))
            number += 1
        sealed[client] = tuple(kept)
    by_region = {target.region: target for target in origins}
    targets = tuple(
        Target(region, sites[region].endpoint, sites[region].instance, by_region[region].key_id)
        for region in scenario.clients.regions
    )
    return Provisioned(tuple(origins), Supply(targets, credential, sealed))


async def _token(world: World, api_key: str, iam: str) -> Credential:
    form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": api_key}
    request = Request(
        "POST",
        "/identity/token",
        (
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Accept", "application/json"),
        ),
        urlencode(form).encode(),
    )
    issued = world.now()
    reply = await send(world, OPERATOR, asking(Target("", iam, "", ""), request))
    members = _members(reply, "the token service gave no token")
    expires = issued + float(members["expires_in"])
    return Credential(api_key, iam, str(members["access_token"]), issued, expires)


async def _import(
    world: World, key: RootKey, site: Site, payload: str, credential: Credential
) -> Target:
    resource = {
        "type": "application/vnd.ibm.kms.key+json",
        "name": key.name,
        "extractable": False,
        "payload": payload,
    }
    envelope = {
        "metadata": {
            "collectionType": "application/vnd.ibm.kms.key+json",
            "collectionTotal": 1,
        },
        "resources": [resource],
    }
    request = Request(
        "POST",
        "/api/v2/keys",
        (
            ("Authorization", f"Bearer {credential.token}"),
            ("Bluemix-Instance", site.instance),
            ("Content-Type", "application/vnd.ibm.kms.key+json"),
            ("Prefer", "return=minimal"),
        ),
        json.dumps(envelope).encode(),
    )
    origin = Target(site.region, site.origin, site.instance, "")
    reply = await send(world, OPERATOR, asking(origin, request))
    members = _members(reply, f"{site.region} did not import the root key {key.name!r}")
    return Target(site.region, site.origin, site.instance, str(members["resources"][0]["id"]))


async def _wrap(
    world: World, client: int, number: int, target: Target, credential: Credential
) -> Sealed:
    work = Work(number, "wrap")
    correlation = wire.correlation_id(MARK, number, 1)
    request = wire.request(target, work, credential.token, correlation)
    reading = wire.read(work, await send(world, OPERATOR, asking(target, request)))
    result = reading.result
    if result is None:
        raise WorldError(f"{target.region} did not wrap a first data key: {reading.why}.")
    digest = digest_of(result.plaintext)
    at = world.now()
    world.note(
        Wrapped(number, client, at, target.region, digest, result.ciphertext, result.key_version)
    )
    return Sealed(result.ciphertext, digest)


def _members(reply: Reply, complaint: str) -> dict[str, Any]:
    """The JSON object of a 2xx answer; WorldError otherwise. Bodies are never quoted: secrets."""
    if isinstance(reply, Answer) and reply.status in (HTTPStatus.OK, HTTPStatus.CREATED):
        members = json.loads(reply.body)
        if isinstance(members, dict):
            return members
    told = f"HTTP {reply.status}" if isinstance(reply, Answer) else reply.kind
    raise WorldError(f"{complaint}: {told}.")
