"""How our processes run and stop: a loop, signals, and a parent's lifeline."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any

_SOME = 4096


def stopped_by(loop: asyncio.AbstractEventLoop, *, lifeline: bool) -> asyncio.Event:
    """An event that is set by SIGTERM, SIGINT or, with a lifeline, by the end of stdin.

    With a lifeline SIGINT is ignored: Ctrl-C reaches the whole group, and the parent decides.
    """
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    if not lifeline:
        loop.add_signal_handler(signal.SIGINT, stop.set)
        return stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stdin = sys.stdin.fileno()
    os.set_blocking(stdin, False)

    def read() -> None:
        try:
            if os.read(stdin, _SOME):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        loop.remove_reader(stdin)
        stop.set()

    loop.add_reader(stdin, read)
    return stop


def first_line(stdin: int) -> bytes:
    """The first line of a pipe; read without a buffer, so that none of the rest is swallowed."""
    line = bytearray()
    while not line.endswith(b"\n"):
        more = os.read(stdin, 1)
        if not more:
            break
        line += more
    return bytes(line)


def run(main: Callable[[], Coroutine[Any, Any, int]]) -> int:
    """Run a shell's main coroutine on uvloop where it is installed; its exit code."""
    try:
        import uvloop  # noqa: PLC0415 - a default dependency only where it installs
    except ImportError:
        return asyncio.run(main())
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main())
