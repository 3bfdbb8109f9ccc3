"""One call to the service for all who want the same of it at the same time.

When a data key expires, every thread or task that is about to seal or open with it finds that out
in the same instant. The first of them asks; the others wait for what it is told.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

Came = TypeVar("Came")


@dataclass(frozen=True, slots=True)
class _Landed(Generic[Came]):
    """How a flight ended: with what came of it, or with the exception that all are told."""

    came: Came | None = None
    error: Exception | None = None

    def told(self) -> Came:
        if self.error is not None:
            raise self.error
        assert self.came is not None
        return self.came


class Flights(Generic[Came]):
    """Flights of threads, by what they are for."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._under_way: dict[str, Future[_Landed[Came] | None]] = {}

    def join(self, name: str, act: Callable[[], Came]) -> tuple[Came, bool]:
        """What came of the flight of that name, and whether it was ours; raises what it raised.

        If its thread was interrupted there is nothing to tell, and one of those who wait flies.
        """
        while True:
            with self._lock:
                flight = self._under_way.get(name)
                ours = flight is None
                if flight is None:
                    flight = self._under_way[name] = Future()
            landed = self._fly(name, flight, act) if ours else flight.result()
            if landed is not None:
                return landed.told(), ours

    def _fly(
        self, name: str, flight: Future[_Landed[Came] | None], act: Callable[[], Came]
    ) -> _Landed[Came]:
        landed: _Landed[Came] | None = None
        try:
            landed = _Landed(act())
        except Exception as error:  # noqa: BLE001 - whatever it is, all are told
            landed = _Landed(error=error)
        finally:
            with self._lock:
                del self._under_way[name]
            flight.set_result(landed)
        return landed


class AsyncFlights(Generic[Came]):
    """The same for the tasks of one loop."""

    def __init__(self) -> None:
        self._under_way: dict[str, asyncio.Future[_Landed[Came] | None]] = {}

    async def join(self, name: str, act: Callable[[], Awaitable[Came]]) -> tuple[Came, bool]:
        """As :meth:`Flights.join`; a task that is cancelled leaves the flight to the others."""
        while True:
            flight = self._under_way.get(name)
            ours = flight is None
            if flight is None:
                flight = asyncio.get_running_loop().create_future()
                self._under_way[name] = flight
                landed: _Landed[Came] | None = await self._fly(name, flight, act)
            else:
                landed = await asyncio.shield(flight)
            if landed is not None:
                return landed.told(), ours

    async def _fly(
        self,
        name: str,
        flight: asyncio.Future[_Landed[Came] | None],
        act: Callable[[], Awaitable[Came]],
    ) -> _Landed[Came]:
        landed: _Landed[Came] | None = None
        try:
            landed = _Landed(await act())
        except Exception as error:  # noqa: BLE001 - whatever it is, all are told
            landed = _Landed(error=error)
        finally:
            del self._under_way[name]
            flight.set_result(landed)
        return landed
