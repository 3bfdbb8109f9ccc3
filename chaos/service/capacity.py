"""How much a region can do: workers, a queue of bounded length before them, and what is shed.

A queueing model, G/G/c/K, first come first served. Service times are drawn when a request arrives,
so the instant at which it will have been served is known at once and only moves when the capacity
itself is changed. Pure: ``now`` and ``rng`` are arguments, times are seconds.
"""

from collections import deque
from collections.abc import Callable
from heapq import heapify, heapreplace
from math import inf, log, sqrt
from random import Random
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from chaos.service.retry_after import Form

Distribution = Literal["exponential", "constant", "lognormal"]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
LONGEST_QUEUE = 1_000_000
PRUNED_ABOVE = 64


class Capacity(BaseModel):
    """What a region is able to do. Field names are those of configurations and faults.

    ``workers`` serve one request each; 0 is a stall: what comes waits. ``service`` is the mean
    service time; ``deviation`` is a lognormal's standard deviation relative to it. A share ``tail``
    of requests takes ``tail_service`` instead. ``queue`` requests may wait, what comes on top is
    shed with ``status`` and, unless it is null, Retry-After.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    workers: int = Field(ge=0, le=100_000)
    service: Seconds
    distribution: Distribution = "exponential"
    deviation: float = Field(default=1.0, gt=0, le=100)
    tail: float = Field(default=0.0, ge=0, le=1)
    tail_service: Seconds = 0.0
    queue: int = Field(default=LONGEST_QUEUE, ge=0, le=LONGEST_QUEUE)
    status: Literal[429, 503] = 503
    retry_after: Seconds | None = None
    retry_after_form: Form = "seconds"

    def draw(self, rng: Random) -> float:
        """One service time."""
        if self.tail and rng.random() < self.tail:
            return self.tail_service
        if self.distribution == "constant":
            return self.service
        if self.distribution == "exponential":
            return rng.expovariate(1.0) * self.service
        sigma = sqrt(log(1.0 + self.deviation**2))
        return self.service * rng.lognormvariate(-sigma * sigma / 2.0, sigma)


class Job:
    """A request that was taken in: it is served from ``begins`` until ``until``.

    ``moved`` is called when a change of the capacity moved ``until``.
    """

    __slots__ = ("begins", "lasts", "moved", "until")

    def __init__(self, begins: float, lasts: float) -> None:
        self.begins = begins
        self.lasts = lasts
        self.until = begins + lasts
        self.moved: Callable[[float], None] | None = None

    def move(self, begins: float) -> None:
        """Begin at another instant."""
        self.begins = begins
        self.until = begins + self.lasts
        if self.moved is not None:
            self.moved(self.until)


class Shed:
    """A request that found the queue full."""


SHED = Shed()


class Station:
    """The workers of a region and the queue before them."""

    def __init__(self, capacity: Capacity) -> None:
        self.capacity = capacity
        self.taken = self.shed = 0
        self._workers = capacity.workers
        # When each worker has served everything that was given to it.
        self._free = [-inf] * self._workers
        self._waiting: deque[Job] = deque()
        self._running: list[Job] = []

    def arrive(self, now: float, rng: Random, longer: float = 0.0) -> Job | Shed:
        """Take a request in, which will be served until `job.until`, or shed it.

        ``longer`` comes on top of its service time.
        """
        waiting = self._begun(now)
        free = self._free
        begins = max(now, free[0]) if free else inf
        if begins > now and len(waiting) >= self.capacity.queue:
            self.shed += 1
            return SHED
        self.taken += 1
        job = Job(begins, self.capacity.draw(rng) + longer)
        if free:
            heapreplace(free, job.until)
        if begins > now:
            waiting.append(job)
        else:
            self._run(job, now)
        return job

    def change(self, capacity: Capacity, now: float, working: float = 1.0) -> None:
        """Have another capacity from now on, of whose workers the share ``working`` works.

        Who is being served is served to the end, however few workers are left; who waits is
        given to the new workers in the old order.
        """
        waiting = self._begun(now)
        busy = sorted(job.until for job in self._running if job.until > now)
        self.capacity = capacity
        self._workers = workers = int(capacity.workers * working + 0.5)
        idle = [now] * max(0, workers - len(busy))
        self._free = free = (busy[len(busy) - workers :] if len(busy) > workers else busy) + idle
        heapify(free)
        for job in waiting:
            begins = max(now, free[0]) if free else inf
            job.move(begins)
            if free:
                heapreplace(free, job.until)

    def release(self, now: float) -> None:
        """Have no bounds any more: whoever waits is served from now on."""
        for job in self._begun(now):
            job.move(now)

    def waiting(self, now: float) -> int:
        """How many requests wait for a worker."""
        return len(self._begun(now))

    def running(self, now: float) -> int:
        """How many are being served."""
        self._begun(now)
        return sum(job.until > now for job in self._running)

    def _begun(self, now: float) -> deque[Job]:
        """The requests that still wait, after those whose turn has come have begun."""
        waiting = self._waiting
        while waiting and waiting[0].begins <= now:
            self._run(waiting.popleft(), now)
        return waiting

    def _run(self, job: Job, now: float) -> None:
        running = self._running
        running.append(job)
        if len(running) > PRUNED_ABOVE + 2 * len(self._free):
            self._running = [each for each in running if each.until > now]
