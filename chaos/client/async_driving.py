"""Plays calls over real connections, for asyncio: the same rules, tasks instead of threads."""

import asyncio
import time

import httpx

from chaos.client.call import Done, Try, Wait, Work
from chaos.client.caller import PolicyClient
from chaos.client.driving import Driven, Observer, Story, answer_of, httpx_request
from chaos.client.httpx_terms import failure_of
from chaos.client.telemetry import Telemetry, telemetry
from chaos.client.wire import Headers
from chaos.exchange import Failure, Reply

_CANCELLED = Failure("cancelled", written=True)
_GIVEN_UP = Done("unknown", "", None, "it was cancelled")


class AsyncDriver:
    """Drives the calls of one client from any number of tasks of one loop, over one transport.

    ``errands`` are the shared attempts under way, ``sharing`` what wakes the calls that wait for
    one.
    """

    def __init__(
        self,
        client: PolicyClient,
        transport: httpx.AsyncBaseTransport,
        *,
        observe: Observer | None = None,
        tells: Telemetry | None = None,
    ) -> None:
        self.client = client
        self.transport = transport
        self.observe = observe
        self.tells = tells or telemetry()
        self._zero = time.monotonic()
        self.errands: set[asyncio.Task[None]] = set()
        self.sharing: set[asyncio.Event] = set()

    def now(self) -> float:
        """Seconds since this driver was made."""
        return time.monotonic() - self._zero

    async def run(self, work: Work, own: Headers = ()) -> Driven:
        """Play one operation to its end; takes no longer than its policy's deadline.

        ``own`` are header fields of the caller's that go with its attempts.
        """
        return await _Run(self, work, own).play()

    async def aclose(self) -> None:
        """End what is still done for all calls."""
        for task in self.errands:
            task.cancel()
        await asyncio.gather(*self.errands, return_exceptions=True)


class _Run:
    """One operation while it is driven."""

    def __init__(self, driver: AsyncDriver, work: Work, own: Headers) -> None:
        self._driver = driver
        self._story = Story(driver.client, work, driver.now(), driver.tells.began(work), own)
        self._changed = asyncio.Event()
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def play(self) -> Driven:
        driver, story = self._driver, self._story
        done = _GIVEN_UP
        try:
            while not isinstance(step := story.call.step(driver.now()), Done):
                self._hand_over()
                if isinstance(step, Try):
                    self._begin(step)
                else:
                    await self._wait(step)
            done = step
        finally:
            await self._abandon()
            self._hand_over()
            driver.tells.ended(story.span, done, driver.now() - story.began)
        return story.ends(done)

    def _begin(self, step: Try) -> None:
        task = asyncio.create_task(self._attempt(step))
        if step.shared:
            self._driver.errands.add(task)
            task.add_done_callback(self._driver.errands.discard)
        else:
            self._tasks[step.number] = task

    async def _wait(self, step: Wait) -> None:
        """Until an attempt of this call ends, or a shared one that it waits for, or the time."""
        driver = self._driver
        if step.shared:
            driver.sharing.add(self._changed)
        try:
            async with asyncio.timeout(max(0.0, step.until - driver.now())):
                await self._changed.wait()
        except TimeoutError:
            pass
        finally:
            driver.sharing.discard(self._changed)
        self._changed.clear()

    async def _attempt(self, step: Try) -> None:
        driver, story = self._driver, self._story
        sent = driver.now()
        try:
            reply = await _send(driver.transport, httpx_request(step, story.own), step.total)
        except asyncio.CancelledError:
            driver.tells.attempted(story.span, step, _CANCELLED, driver.now() - sent)
            raise
        driver.tells.attempted(story.span, step, reply, driver.now() - sent)
        story.hear(step, reply, driver.now())
        self._tasks.pop(step.number, None)
        self._changed.set()
        if step.shared:
            for waiting in driver.sharing:
                waiting.set()

    async def _abandon(self) -> None:
        """Give up what is under way, and tell the call: when we are cancelled it does not know."""
        tasks = dict(self._tasks)
        for number, task in tasks.items():
            task.cancel()
            self._story.call.observe(number, _CANCELLED, self._driver.now())
        await asyncio.gather(*tasks.values(), return_exceptions=True)

    def _hand_over(self) -> None:
        driver = self._driver
        for decision in driver.client.decisions():
            driver.tells.decided(self._story.span, decision)
            if driver.observe:
                driver.observe(decision)


async def _send(transport: httpx.AsyncBaseTransport, request: httpx.Request, total: float) -> Reply:
    try:
        async with asyncio.timeout(total):
            response = await transport.handle_async_request(request)
            await response.aread()
    except TimeoutError:
        return Failure("total_timeout", written=True)
    except (httpx.TransportError, httpx.DecodingError) as error:
        return failure_of(error)
    except Exception as error:  # noqa: BLE001 - a transport's own bug must not hang the call
        return Failure("closed", written=True, detail=repr(error))
    return answer_of(response)
