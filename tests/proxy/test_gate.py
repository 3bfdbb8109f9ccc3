import asyncio
import contextlib
import socket
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import uvloop

from chaos.proxy.alarm import Alarm
from chaos.proxy.gate import BACKLOG, Gate
from chaos.proxy.traffic import Budget
from tests.proxy.ends import black_hole, how_it_ends, reset
from tests.proxy.peers import PATIENCE

Play = Coroutine[Any, Any, None]


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def loop(request: pytest.FixtureRequest) -> Callable[[], asyncio.AbstractEventLoop]:
    factory: Callable[[], asyncio.AbstractEventLoop] = request.param
    return factory


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def _until(settled: Callable[[], bool]) -> None:
    by = time.monotonic() + PATIENCE
    while not settled() and time.monotonic() < by:  # noqa: ASYNC110 - nothing tells of it
        await asyncio.sleep(0.001)
    assert settled()


async def _shut_after(steps: int, leave: Callable[[socket.socket], None] | None) -> None:
    """Shut a proxy when its loop has made so many steps with a client that is coming in."""
    alarm = Alarm(asyncio.get_running_loop())
    gate = Gate("it", alarm, Budget(), "7")
    with black_hole() as upstream, socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
        listener.settimeout(0)
        listener.listen(BACKLOG)
        gate.open(listener, upstream)
        await asyncio.sleep(0.01)
        before = _descriptors()
        with socket.create_connection(address, timeout=PATIENCE) as client:
            for _ in range(steps):
                await asyncio.sleep(0)
            if leave is not None:
                leave(client)
            gate.shut()

            await _until(lambda: _descriptors() <= before)
            await _until(lambda: not gate.connections)
            await _until(lambda: asyncio.all_tasks() == {asyncio.current_task()})
            if leave is None:
                assert await asyncio.to_thread(how_it_ends, client) in {"end", "reset"}
        assert gate.counts()["live"] == 0
        alarm.close()


# Python's own loop drops, without closing it, what it accepted from a listener that was then shut.
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
@pytest.mark.parametrize("steps", range(9))
@pytest.mark.parametrize("leave", [None, socket.socket.close, reset])
def test_a_proxy_that_is_shut_while_a_client_comes_in_keeps_nothing_of_it(
    loop: Callable[[], asyncio.AbstractEventLoop],
    steps: int,
    leave: Callable[[socket.socket], None] | None,
) -> None:
    with contextlib.closing(asyncio.Runner(loop_factory=loop)) as runner:
        runner.run(_shut_after(steps, leave))
