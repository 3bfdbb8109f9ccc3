"""The fixture `chaos_clock`: a key service, its faults and its wire, all of it in virtual time."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

from chaos.testing.clock import Clock, VirtualLoop
from chaos.testing.faults import Faults
from chaos.testing.key_service import provision, token_of
from chaos.testing.virtual_ground import VirtualGround
from chaos.testing.wire import Wire

Returned = TypeVar("Returned")


class ChaosClock:
    """A world of its own for one test; every :meth:`run` goes on where the last one ended.

    ``key_service``, ``faults`` and ``wire`` are what the fixtures of these names are, for this
    world. On it `asyncio`, `time.time`, `time.monotonic` and `time.sleep` tell and take virtual
    time; `datetime.now` does not.
    """

    def __init__(self, regions: tuple[str, ...], seed: int = 1) -> None:
        self._clock = Clock(time.time())
        ground = VirtualGround(self._clock, regions, seed)
        self.key_service = provision(ground, token_of(ground))
        self.faults = Faults(self.key_service)
        self.wire = Wire(ground.attempts, 0.0)
        self._runner = asyncio.Runner(loop_factory=lambda: VirtualLoop(self._clock, ground))

    def now(self) -> float:
        """Virtual seconds since the test began."""
        return self._clock.now

    def run(self, program: Coroutine[Any, Any, Returned]) -> Returned:
        """Run a coroutine to its end, in virtual time.

        Raises DeadlockError where everything waits and nothing will come, and RuntimeError for
        threads and real sockets, and where a loop is already running.
        """
        with self._clock.showing():
            return self._runner.run(program)

    def close(self) -> None:
        """End what still runs."""
        with self._clock.showing():
            self.faults.close()
            self._runner.close()
