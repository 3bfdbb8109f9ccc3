"""A primary and its standby as processes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from chaos.service.server import new_signing_key
from tests.service.test_region_faults import CONTROL, PATIENCE, Region
from tests.service.test_server import INSTANCE, SOMEONE, process

pytestmark = pytest.mark.slow
TENANT = {"id": INSTANCE, "account": "account", "plan": "cross-region-resiliency"}
LAG = 3.0


@contextmanager
def pair(lag: float) -> Iterator[tuple[Region, Region]]:
    """A region and its standby, the standby with the primary's key."""
    shared = {"iam": {"api_keys": [SOMEONE], "signing_key": new_signing_key()}}
    with process(control_token="control", instances=[TENANT], **shared) as (child, said):  # noqa: S106 (of a test)
        primary = Region(child, said)
        follows = {"url": said["url"], "control_token": "control", "lag": lag}
        with process(
            control_token="control",  # noqa: S106 (of a test)
            instances=[],
            standby_of=follows,
            **shared,
        ) as (other, there):
            yield primary, Region.beside(primary, other, there)


def wait_for(standby: Region, wanted: int) -> None:
    """Until the standby's wrap has that status."""
    until = time.monotonic() + LAG + PATIENCE
    while (found := standby.wrap()) != wanted:
        assert time.monotonic() < until, found
        time.sleep(0.02)


def test_a_standby_hears_of_its_primary_and_gives_back_what_changed() -> None:
    with pair(lag=0.0) as (primary, standby):
        assert standby.wrap() == 503
        standby.inject("provider_failover")
        wait_for(standby, 200)
        path = f"/api/v2/keys/{primary.key}/actions"
        assert primary.ask("POST", path + "/disable")[0] == 204
        wait_for(standby, 409)
        made = standby.ask("POST", "/api/v2/key_rings/blue")[0]
        assert made == 201
        assert standby.heal()["injected"] > 0
        until = time.monotonic() + PATIENCE
        while "blue" not in str(primary.ask("GET", "/api/v2/key_rings")[1]):
            assert time.monotonic() < until
            time.sleep(0.02)


def test_a_standby_outlives_its_primary_and_is_behind_by_its_lag() -> None:
    with pair(lag=LAG) as (primary, standby):
        standby.inject("provider_failover", read_only=600.0)
        wait_for(standby, 200)
        path = f"/api/v2/keys/{primary.key}/actions"
        begun = time.monotonic()
        assert primary.ask("POST", path + "/disable")[0] == 204
        # It is told at once and lets it happen later; whoever asks in between sees the past.
        assert standby.wrap() == 200 or time.monotonic() - begun >= LAG
        while not heard_of(standby) and time.monotonic() - begun < LAG:
            time.sleep(0.02)
        primary.child.kill()
        primary.child.wait(PATIENCE)
        wait_for(standby, 409)
        assert time.monotonic() - begun >= LAG
        assert standby.ask("POST", path + "/enable")[0] == 503


def heard_of(standby: Region) -> int:
    """How many changes are on their way to it."""
    told = standby.ask("GET", "/_keychaos/state", None, CONTROL)[1]["standby"]
    coming: int = told["coming"]
    return coming
