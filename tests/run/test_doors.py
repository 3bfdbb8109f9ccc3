"""The doors of a simulated service: one IAM, standbys where they are wanted, timers as told."""

from random import Random

import pytest

from chaos.run.doors import Doors, doors
from chaos.scenario import Scenario
from chaos.service.front_door import FrontDoor
from chaos.service.iam import Iam
from chaos.service.iam_door import IamDoor
from chaos.service.roles import Identity
from chaos.service.tokens import SecretSigner
from tests.run.made import small
from tests.service.caller import Caller

EPOCH = 1.8e9
CRASH = "[{{name: dies, kind: crash, target: {0}, at: 3s, lasts: 3s}}]"


def made(scenario: Scenario) -> Doors:
    draw = Random(1).randbytes
    owner = Identity("IBMid-1", "account")
    return doors(
        scenario, Iam(SecretSigner(draw(32)), {"key": owner}, entropy=draw), draw, "account", EPOCH
    )


def test_only_a_region_that_asks_for_it_has_a_standby() -> None:
    service = made(small("regions.us-south.standby={lag: 2s}"))

    assert set(service.standbys) == {"us-south"}
    plans = {
        name: door.service.instances[service.instances[name]].plan
        for name, door in service.regions.items()
    }
    assert plans == {"us-south": "cross-region-resiliency", "us-east": "tiered-pricing"}
    assert set(service.faults()) == {"us-south", "us-east", "us-south/standby", "iam"}


@pytest.mark.parametrize(("dies", "alone"), [("us-south", True), ("us-east", False)])
def test_the_token_service_outlives_every_region(dies: str, alone: bool) -> None:  # noqa: FBT001 - a case
    service = made(small(faults=CRASH.format(dies)))

    assert isinstance(service.iam, IamDoor if alone else FrontDoor)


@pytest.mark.parametrize(("timers", "status"), [("real", 409), ("scale 3600", 204)])
def test_the_services_own_waiting_times_pass_as_fast_as_told(timers: str, status: int) -> None:
    service = made(small(f"service.timers={timers}"))
    there = service.regions["us-south"].service
    instance = there.instances[service.instances["us-south"]]
    caller = Caller(there, instance, Identity("IBMid-1", "account"), EPOCH)
    path = f"keys/{caller.create()['id']}/actions/rotate"

    assert caller.call("POST", path).status == 204
    caller.now += 1.5
    assert caller.call("POST", path).status == status
    # Tokens are read by the caller's own clock, which no scale moves.
    assert there.iam.verify(there.iam.issue(caller.identity, EPOCH), EPOCH + 3500.0) is not None
