"""A FastAPI application with envelope encryption, when the region of its root key goes silent.

In virtual time: application, key service and the timeouts between them run on one clock.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from chaos.client.cache import CacheRule
from chaos.client.key_client import AsyncKeyClient
from chaos.client.policy import Policy
from chaos.client.presets import PRESETS, RECOMMENDED
from chaos.testing.chaos_clock import ChaosClock
from tests.examples.documents import application

EACH_ITS_OWN = CacheRule(uses=1)
# IBM's SDK as it comes: one region, one attempt, a minute of patience.
PATIENT = PRESETS["keyprotect-python-3.0"]


@asynccontextmanager
async def served(clock: ChaosClock, policy: Policy, store: Any) -> AsyncIterator[httpx.AsyncClient]:
    wiring = clock.key_service.wiring()
    async with AsyncKeyClient(wiring, policy=policy, cache=EACH_ITS_OWN) as keys:
        app = httpx.ASGITransport(application(keys.encrypt, keys.decrypt, *store))
        async with httpx.AsyncClient(transport=app, base_url="http://app") as browser:
            yield browser


async def through_an_outage(clock: ChaosClock, policy: Policy, store: Any) -> tuple[int, float]:
    """The status of a document stored while the primary is silent, and what it took to say it."""
    async with served(clock, policy, store) as browser:
        assert (await browser.put("/documents/a", content=b"before")).is_success
        begun = clock.now()
        with clock.faults.region_outage(how="blackhole"):
            stored = await browser.put("/documents/b", content=b"meanwhile")
        lasted = clock.now() - begun
        if stored.is_success:
            assert (await browser.get("/documents/b")).json() == {"text": "meanwhile"}
        return stored.status_code, lasted


async def test_one_region_and_a_minute_of_patience_is_an_outage(
    chaos_clock: ChaosClock, store: Any
) -> None:
    status, lasted = await through_an_outage(chaos_clock, PATIENT, store)
    assert (status, lasted >= 60.0) == (503, True)


async def test_the_mended_application_stores_it_within_seconds(
    chaos_clock: ChaosClock, store: Any
) -> None:
    status, lasted = await through_an_outage(chaos_clock, RECOMMENDED, store)
    assert (status, lasted < 5.0) == (204, True)
