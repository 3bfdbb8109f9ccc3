"""A twin of two regions and IAM, a process each, as the drivers find it in their environment."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from chaos.service.briefing import Endpoint, Running, env_lines
from chaos.service.server import new_signing_key
from tests.service.test_server import SOMEONE, process

REGIONS = {
    "us-south": "0f4b62ee-8b9a-4c5b-9d5a-a5d4c39c0e0d",
    "us-east": "7be9b0c1-2d3e-4a5f-8b6c-9d0e1f2a3b4c",
}


def served(*, scale_time: float, stack: ExitStack) -> Running:
    """Start the processes; the stack ends them."""
    iam = {"api_keys": [SOMEONE], "signing_key": new_signing_key()}
    endpoints = []
    for region, instance in REGIONS.items():
        tenant = {"id": instance, "account": "account"}
        told = {"region": region, "iam": iam, "instances": [tenant], "scale_time": scale_time}
        _, said = stack.enter_context(process(**told))
        endpoints.append(Endpoint(region, said["url"], instance))
    _, alone = stack.enter_context(process(region=None, iam=iam, instances=[]))
    return Running(endpoints, alone["url"], SOMEONE["key"])


@pytest.fixture(scope="session")
def quick_twin() -> Iterator[dict[str, str]]:
    """A twin whose clock makes an hour of a second, as NAME=value."""
    with ExitStack() as stack:
        running = served(scale_time=3600.0, stack=stack)
        yield dict(line.split("=", 1) for line in env_lines(running).splitlines())


@pytest.fixture
def twin() -> Iterator[dict[str, str]]:
    """A twin in real time, as NAME=value."""
    with ExitStack() as stack:
        running = served(scale_time=1.0, stack=stack)
        yield dict(line.split("=", 1) for line in env_lines(running).splitlines())
