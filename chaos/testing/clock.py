"""An asyncio loop that never waits: where nothing is ready it moves its clock to what comes next.

Whatever runs on it, unmodified clients included, meets timeouts and backoffs in no time and to the
nanosecond. What virtual time cannot hold, threads and real sockets, is refused.
"""

import asyncio
import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn, Protocol

LONGEST = 7 * 86_400.0


class DeadlockError(AssertionError):
    """Everything waits and nothing will come, or the program goes on for ever."""


class Network(Protocol):
    """Who connects the loop's programs to anything at all."""

    def addresses(self, host: str) -> str:
        """The address of a host; socket.gaierror where it has none."""

    async def connect(
        self, factory: Callable[[], asyncio.BaseProtocol], host: str, port: int
    ) -> tuple[asyncio.Transport, asyncio.BaseProtocol]:
        """Connect to a host or address; OSError where nobody listens."""


class Clock(selectors.BaseSelector):
    """The selector that moves the time: asked to wait for so long, it says that it has.

    ``epoch`` is UTC at 0, in seconds since 1970.
    """

    def __init__(self, epoch: float) -> None:
        self.now = 0.0
        self.epoch = epoch
        self._limit = LONGEST
        self._keys: dict[int, selectors.SelectorKey] = {}

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Move the clock; what is registered here is never ready."""
        if timeout is None:
            raise DeadlockError(f"at {self.now:.3f} s everything waits and nothing will come")
        self.now += max(0.0, timeout)
        if self.now > self._limit:
            self._limit = self.now + LONGEST
            raise DeadlockError(f"the program still runs after {LONGEST / 86_400:g} virtual days")
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Remember it: the loop registers the pipe by which threads would wake it."""
        number = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        key = selectors.SelectorKey(fileobj, number, events, data)
        self._keys[number] = key
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        """Forget it."""
        return self._keys.pop(fileobj if isinstance(fileobj, int) else fileobj.fileno())

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        """What is registered."""
        return self._keys

    @contextlib.contextmanager
    def showing(self) -> Iterator[None]:
        """Let this thread's `time.time`, `monotonic` and `sleep` be of this clock meanwhile."""
        own, real = threading.get_ident(), (time.time, time.monotonic, time.sleep)

        def virtual() -> bool:
            return threading.get_ident() == own

        def sleep(seconds: Any) -> None:
            # A program that blocks its loop keeps everything else from going on meanwhile.
            if not virtual():
                real[2](seconds)
            else:
                self.now += seconds

        time.time = lambda: self.epoch + self.now if virtual() else real[0]()
        time.monotonic = lambda: self.now if virtual() else real[1]()
        time.sleep = sleep
        try:
            yield
        finally:
            time.time, time.monotonic, time.sleep = real


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop. Names and connections are the network's business."""

    def __init__(self, clock: Clock, network: Network) -> None:
        super().__init__(clock)
        self._clock = clock
        self._network = network

    def time(self) -> float:
        """Virtual seconds."""
        return self._clock.now

    async def getaddrinfo(self, *args: Any, **options: Any) -> Any:
        """Look a name up in the network."""
        host, port, *_ = args
        # anyio hands names over as IDNA bytes.
        name = host.decode() if isinstance(host, bytes) else str(host)
        found = self._network.addresses(name)
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (found, port))]

    async def create_connection(self, *args: Any, **options: Any) -> Any:
        """Connect in the network."""
        if options.get("ssl"):
            raise NotImplementedError("The virtual network speaks http, not https.")
        if options.get("sock") is not None:
            _refuse("a real socket")
        named = dict(zip(("protocol_factory", "host", "port"), args, strict=False)) | options
        return await self._network.connect(
            named["protocol_factory"], str(named["host"]), int(named["port"])
        )

    def run_in_executor(self, *args: Any) -> NoReturn:  # type: ignore[override] # in any form
        """Refuse: a thread's time is real."""
        _refuse("a thread (run_in_executor, to_thread)")

    def add_reader(self, *args: Any) -> NoReturn:  # type: ignore[override] # in any form
        """Refuse: a descriptor's time is real."""
        _refuse("a real file descriptor")

    def add_writer(self, *args: Any) -> NoReturn:  # type: ignore[override] # in any form
        """Refuse: a descriptor's time is real."""
        _refuse("a real file descriptor")

    async def sock_connect(self, *args: Any, **options: Any) -> Any:
        """Refuse: a socket's time is real."""
        _refuse("a real socket")

    async def create_server(self, *args: Any, **options: Any) -> Any:
        """Refuse: nobody could connect to it."""
        _refuse("a real socket")


def _refuse(what: str) -> NoReturn:
    raise RuntimeError(f"Virtual time cannot wait for {what}; chaos_clock refuses it.")
