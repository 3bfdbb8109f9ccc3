"""The key service that a test gets: in each region an instance and a duplicate root key."""

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from chaos.client import wire
from chaos.client.call import Credential, Target, Wiring, Work
from chaos.errors import WorldError
from chaos.exchange import Answer, Request
from chaos.service import provisioning
from chaos.service.briefing import Endpoint, Running, env_lines
from chaos.testing.ground import IAM, Ground

KEY_NAME = "orders"
MATERIAL_BYTES = 32
JSON = ("Content-Type", "application/json")


@dataclass(frozen=True, slots=True)
class Region:
    """One region as a test's client reaches it: through the proxy, with its own key id.

    ``alias`` names nothing in other regions; ``key_id`` is this region's root key, of the same
    material as every other region's.
    """

    name: str
    url: str
    instance: str
    key_id: str

    def path(self, action: str) -> str:
        """The URL of an action on the root key, ``wrap`` or ``unwrap``."""
        return f"{self.url}/api/v2/keys/{self.key_id}/actions/{action}"


@dataclass(frozen=True, slots=True)
class KeyServiceUnderTest:
    """A running twin as the tenant that a test is: addresses, API key, instances, root keys.

    ``regions`` are in order of preference, the primary first; ``iam_url`` is where tokens come
    from. All URLs lead through the fault proxy.
    """

    ground: Ground = field(repr=False)
    regions: tuple[Region, ...]
    iam_url: str
    api_key: str = field(repr=False)
    token: str = field(repr=False)

    @property
    def primary(self) -> Region:
        """The region to call first."""
        return self.regions[0]

    @property
    def backup(self) -> Region:
        """The region that holds the duplicate."""
        return self.regions[1]

    def region(self, name: str) -> Region:
        """The region of that name; KeyError with those that there are."""
        found = {region.name: region for region in self.regions}
        if name not in found:
            raise KeyError(f"the twin has no region {name!r}; it has {', '.join(found)}")
        return found[name]

    def headers(self, region: Region | None = None) -> dict[str, str]:
        """What a request needs for its region: a valid token and the instance."""
        instance = (region or self.primary).instance
        return {"Authorization": f"Bearer {self.token}", "Bluemix-Instance": instance}

    def environment(self, region: Region | None = None) -> dict[str, str]:
        """Variables for SDKs of Key Protect, and each region's for programs of one's own."""
        aimed = region or self.primary
        running = Running(
            [Endpoint(each.name, each.url, each.instance) for each in self.regions],
            self.iam_url,
            self.api_key,
        )
        lines = env_lines(running).splitlines()
        keys = {
            f"KEYCHAOS_{each.name.upper().replace('-', '_')}_KEY": each.key_id
            for each in self.regions
        }
        return {
            **dict(line.split("=", 1) for line in lines),
            **keys,
            "IBM_KEY_PROTECT_API_URL": aimed.url,
            "IBM_KEY_PROTECT_API_AUTH_TYPE": "iam",
            "IBM_KEY_PROTECT_API_AUTH_URL": self.iam_url,
            "IBM_KEY_PROTECT_API_APIKEY": self.api_key,
            "KP_INSTANCE_ID": aimed.instance,
        }

    def wiring(self, name: str = "test") -> Wiring:
        """What a client of this toolkit's own is built with (:mod:`chaos.client.key_client`)."""
        targets = (Target(one.name, one.url, one.instance, one.key_id) for one in self.regions)
        return Wiring(name, tuple(targets), Credential(self.api_key, self.iam_url), 0.0)


def token_of(ground: Ground) -> str:
    """An access token, asked for past the proxy."""
    asked = wire.token_request(Credential(ground.secrets.api_key, ""))
    return str(_told(ground.ask(IAM, asked), HTTPStatus.OK, "give a token")["access_token"])


def provision(ground: Ground, token: str) -> KeyServiceUnderTest:
    """An instance in every region, and one root key in all of them, known to nobody else."""
    payload = base64.b64encode(secrets.token_bytes(MATERIAL_BYTES)).decode()
    regions = []
    for name in ground.regions:
        instance = _instance(ground, name, token)
        target = Target(name, "", instance, "")
        asked = wire.request(target, Work(0, "create", name=KEY_NAME, payload=payload), token, "")
        made = _told(ground.ask(name, asked), HTTPStatus.CREATED, f"make a root key in {name}")
        key_id = str(made["resources"][0]["id"])
        regions.append(Region(name, ground.endpoint(name), instance, key_id))
    key = ground.secrets.api_key
    return KeyServiceUnderTest(ground, tuple(regions), ground.endpoint(IAM), key, token)


def retire(service: KeyServiceUnderTest) -> None:
    """Remove the instances with all that is in them."""
    for region in service.regions:
        path = f"{provisioning.PATH}/{region.instance}"
        headers = (("Authorization", f"Bearer {service.token}"),)
        service.ground.ask(region.name, Request("DELETE", path, headers))


def _instance(ground: Ground, region: str, token: str) -> str:
    wish = {"name": "test", "target": region, "resource_group": "default"}
    body = json.dumps({**wish, "resource_plan_id": "tiered-pricing"}).encode()
    headers = (("Authorization", f"Bearer {token}"), JSON)
    asked = Request("POST", provisioning.PATH, headers, body)
    made = _told(ground.ask(region, asked), HTTPStatus.CREATED, f"make an instance in {region}")
    return str(made["guid"])


def _told(answer: Answer, expected: HTTPStatus, wish: str) -> Mapping[str, Any]:
    """What was answered; WorldError where that is not what a healthy twin says."""
    if answer.status != expected:
        raise WorldError(f"The twin did not {wish}: HTTP {answer.status}.")
    told: Mapping[str, Any] = json.loads(answer.body)
    return told
