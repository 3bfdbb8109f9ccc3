"""One heap of due instants and one timer for all of them, to well below a millisecond on Linux.

A loop's own timers are rounded up to the next millisecond (epoll's unit), which a latency toxic
would add to every chunk; a timerfd is not.
"""

import asyncio
import ctypes
import heapq
import itertools
import os
import sys
import time
from collections.abc import Callable

_TFD_FLAGS = os.O_NONBLOCK | os.O_CLOEXEC
_TFD_TIMER_ABSTIME = 1
_CLOCK_MONOTONIC = 1
_LONGEST = 86400.0
_EXPIRATIONS = 8
# Below so many entries it is not worth while to throw out those that were cancelled.
_FEW = 1024

Ring = Callable[[float], None]


class _Timespec(ctypes.Structure):
    _fields_ = (
        ("interval_seconds", ctypes.c_long),
        ("interval_nanoseconds", ctypes.c_long),
        ("seconds", ctypes.c_long),
        ("nanoseconds", ctypes.c_long),
    )


class _TimerFd:
    """A Linux timer that a loop can watch; absolute, on the clock of `time.monotonic`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._fd = libc.timerfd_create(_CLOCK_MONOTONIC, _TFD_FLAGS)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        self._settime = libc.timerfd_settime
        self._loop = loop
        self._ring = ring
        self._spec = _Timespec()
        self._pointer = ctypes.byref(self._spec)
        loop.add_reader(self._fd, self._fired)

    def _fired(self) -> None:
        try:
            os.read(self._fd, _EXPIRATIONS)
        except BlockingIOError:
            return
        self._ring()

    def set(self, due: float) -> None:
        self._spec.seconds = int(due)
        # An all-zero instant would disarm the timer.
        self._spec.nanoseconds = max(1, int(due % 1 * 1e9))
        self._settime(self._fd, _TFD_TIMER_ABSTIME, self._pointer, None)

    def close(self) -> None:
        self._loop.remove_reader(self._fd)
        os.close(self._fd)


class _LoopTimer:
    """The loop's own timer, where there is no timerfd."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        self._loop = loop
        self._ring = ring
        self._set: asyncio.TimerHandle | None = None

    def set(self, due: float) -> None:
        self.close()
        delay = max(0.0, due - time.monotonic())
        self._set = self._loop.call_later(delay, self._ring)

    def close(self) -> None:
        if self._set is not None:
            self._set.cancel()


class Call:
    """Something to be called at an instant; without ``ring`` it was cancelled."""

    __slots__ = ("ring",)

    def __init__(self, ring: Ring) -> None:
        self.ring: Ring | None = ring


class Alarm:
    """Calls back at instants of `time.monotonic`, earliest first, ties in the order set."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._heap: list[tuple[float, int, Call]] = []
        self._cancelled = 0
        self._number = itertools.count()
        self._set_for = float("inf")
        linux = sys.platform == "linux"
        self._timer = _TimerFd(loop, self._ring) if linux else _LoopTimer(loop, self._ring)

    def at(self, due: float, ring: Ring) -> Call:
        """Call with the time of the call, not before ``due``."""
        call = Call(ring)
        heapq.heappush(self._heap, (due, next(self._number), call))
        if due < self._set_for:
            self._arm(due)
        return call

    def cancel(self, call: Call) -> None:
        """Forget a call, and what it would have held in memory until it was due."""
        if call.ring is None:
            return
        call.ring = None
        self._cancelled += 1
        if self._cancelled > _FEW and self._cancelled > len(self._heap) // 2:
            self._heap = [one for one in self._heap if one[2].ring is not None]
            heapq.heapify(self._heap)
            self._cancelled = 0

    def _arm(self, due: float) -> None:
        due = min(due, time.monotonic() + _LONGEST)
        self._set_for = due
        self._timer.set(due)

    def _ring(self) -> None:
        now = time.monotonic()
        # What a call sets is called in its turn; a new heap may stand in the old one's place.
        while self._heap and self._heap[0][0] <= now:
            call = heapq.heappop(self._heap)[2]
            ring, call.ring = call.ring, None
            if ring is None:
                self._cancelled -= 1
            else:
                ring(now)
        self._set_for = float("inf")
        if self._heap:
            self._arm(self._heap[0][0])

    def __len__(self) -> int:
        return len(self._heap) - self._cancelled

    def close(self) -> None:
        """Forget everything and give the timer back."""
        self._heap.clear()
        self._timer.close()
