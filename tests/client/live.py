"""Two regions of the key service twin as real processes on loopback, with one root key in both."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import httpx
import orjson

from chaos.client.call import Credential, Target, Wiring
from chaos.service.server import new_signing_key
from tests.client.twin import API_KEY, MATERIAL

REGIONS = ("us-south", "us-east")
MEDIA = "application/vnd.ibm.kms.key+json"


@dataclass(frozen=True)
class Live:
    """The processes, where their root keys are, and what a client needs to call them."""

    processes: dict[str, subprocess.Popen[bytes]]
    targets: tuple[Target, ...]
    credential: Credential

    @property
    def wiring(self) -> Wiring:
        """A client's wiring to both, without a token to begin with."""
        return Wiring("live", self.targets, self.credential, 0.0)

    def rotate(self, region: int, material: str) -> None:
        """Rotate one root key, as an operator would."""
        target = self.targets[region]
        headers = _headers(self.credential, target.instance)
        url = f"{target.endpoint}/api/v2/keys/{target.key_id}/actions/rotate"
        assert httpx.post(url, headers=headers, json={"payload": material}).status_code == 204


@contextmanager
def two_regions() -> Iterator[Live]:
    """Start both, import the root key in each, end both whatever happens."""
    api_keys = [{"key": API_KEY, "iam_id": "IBMid-1", "account": "account"}]
    iam = {"signing_key": new_signing_key(), "api_keys": api_keys}
    with ExitStack() as stack:
        processes, targets, credential = {}, [], Credential(API_KEY, "")
        for region in REGIONS:
            told = {
                "region": region,
                "iam": iam,
                "instances": [{"id": region, "account": "account"}],
            }
            process = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", "chaos.service.server"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                )
            )
            stack.callback(process.kill)
            processes[region] = process
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(orjson.dumps(told) + b"\n")
            process.stdin.flush()
            url = orjson.loads(process.stdout.readline())["url"]
            credential = Credential(API_KEY, credential.endpoint or url)
            targets.append(_import(region, url, credential))
        # The last one answers for IAM, so that the first may die.
        yield Live(processes, tuple(targets), Credential(API_KEY, targets[-1].endpoint))


def _headers(credential: Credential, instance: str) -> dict[str, str]:
    form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": credential.api_key}
    answer = httpx.post(f"{credential.endpoint}/identity/token", data=form)
    return {
        "Authorization": f"Bearer {answer.json()['access_token']}",
        "Bluemix-Instance": instance,
    }


def _import(region: str, url: str, credential: Credential) -> Target:
    key = {"type": MEDIA, "name": "root", "extractable": False, "payload": MATERIAL}
    envelope = {"metadata": {"collectionType": MEDIA, "collectionTotal": 1}, "resources": [key]}
    headers = _headers(credential, region)
    made = httpx.post(f"{url}/api/v2/keys", headers=headers, json=envelope)
    return Target(region, url, region, made.json()["resources"][0]["id"])
