import asyncio
import functools
import gc
import time
import weakref

from hypothesis import given, settings
from hypothesis import strategies as st

from chaos.proxy.alarm import Alarm


def test_calls_come_in_the_order_of_their_times_and_never_early() -> None:
    async def play() -> list[tuple[float, float]]:
        alarm = Alarm(asyncio.get_running_loop())
        rung: list[tuple[float, float]] = []
        now = time.monotonic()
        dues = [now + wait for wait in (0.02, 0.005, 0.01, 0.0, 0.01)]

        def ring(due: float, at: float) -> None:
            rung.append((due, at))

        for due in dues:
            alarm.at(due, functools.partial(ring, due))
        await asyncio.sleep(0.06)
        alarm.close()
        assert [due for due, _ in rung] == sorted(dues)
        return rung

    assert all(at >= due for due, at in asyncio.run(play()))


def test_a_call_that_is_set_by_a_call_comes_too() -> None:
    async def play() -> list[str]:
        alarm = Alarm(asyncio.get_running_loop())
        rung: list[str] = []

        def first(now: float) -> None:
            rung.append("first")
            alarm.at(now, lambda _: rung.append("second"))

        alarm.at(time.monotonic(), first)
        await asyncio.sleep(0.02)
        alarm.close()
        return rung

    assert asyncio.run(play()) == ["first", "second"]


@settings(deadline=None, max_examples=20)
@given(st.lists(st.booleans(), max_size=40))
def test_a_cancelled_call_does_not_come(kept: list[bool]) -> None:
    async def play() -> list[int]:
        alarm = Alarm(asyncio.get_running_loop())
        rung: list[int] = []
        due = time.monotonic() + 0.002

        def ring(number: int, _: float) -> None:
            rung.append(number)

        calls = [alarm.at(due, functools.partial(ring, number)) for number in range(len(kept))]
        for call, stays in zip(calls, kept, strict=True):
            if not stays:
                alarm.cancel(call)
                alarm.cancel(call)
        assert len(alarm) == sum(kept)
        await asyncio.sleep(0.01)
        assert len(alarm) == 0
        alarm.close()
        return rung

    assert asyncio.run(play()) == [number for number, stays in enumerate(kept) if stays]


def test_what_is_cancelled_is_let_go_of_long_before_it_was_due() -> None:
    class Held:
        def ring(self, now: float) -> None:
            """Never called."""

    async def play() -> None:
        alarm = Alarm(asyncio.get_running_loop())
        held = Held()
        gone = weakref.ref(held)
        calls = [alarm.at(time.monotonic() + 3600, held.ring) for _ in range(5000)]
        for call in calls:
            alarm.cancel(call)
        del held
        gc.collect()
        assert gone() is None
        # The heap itself has shrunk too.
        assert len(alarm._heap) < 3000
        alarm.close()

    asyncio.run(play())
