"""Plain httpx: the loop that everybody writes, and its mended twin; in virtual time, so at once."""

import asyncio
import random

import httpx
import pytest

from chaos.testing.chaos_clock import ChaosClock
from chaos.testing.key_service import KeyServiceUnderTest, Region


class Naive:
    """Attempts a second apart, five in all, at the one region that it knows."""

    def __init__(self, service: KeyServiceUnderTest, http: httpx.AsyncClient) -> None:
        self.service, self.http = service, http

    async def wrap(self) -> httpx.Response:
        answer, tries = await self.ask(self.service.primary), 1
        while not answer.is_success and tries < 5:
            await asyncio.sleep(1.0)
            answer, tries = await self.ask(self.service.primary), tries + 1
        return answer

    async def ask(self, region: Region) -> httpx.Response:
        sent = self.service.headers(region)
        return await self.http.post(region.path("wrap"), json={}, headers=sent)


class Mended(Naive):
    """Waits as long as it is asked to, and goes to the backup root key where nobody answers."""

    async def wrap(self) -> httpx.Response:
        for region in self.service.regions * 3:
            try:
                answer = await self.ask(region)
            except httpx.TransportError:
                continue
            if answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
                return answer
            await asyncio.sleep(float(answer.headers["Retry-After"]) + random.random())
        raise TimeoutError


async def test_the_loop_comes_back_too_early(chaos_clock: ChaosClock) -> None:
    with chaos_clock.faults.throttle(retry_after=30.0):
        async with httpx.AsyncClient() as http:
            await Naive(chaos_clock.key_service, http).wrap()
    with pytest.raises(AssertionError, match=r"asked for 30 s; the next wrap came after 1\.0"):
        chaos_clock.wire.assert_retry_after_honoured()


async def test_its_mended_twin_waits(chaos_clock: ChaosClock) -> None:
    with chaos_clock.faults.throttle(retry_after=30.0), chaos_clock.faults.throttle("us-east"):
        async with httpx.AsyncClient() as http:
            with pytest.raises(TimeoutError):
                await Mended(chaos_clock.key_service, http).wrap()
    chaos_clock.wire.assert_retry_after_honoured()
