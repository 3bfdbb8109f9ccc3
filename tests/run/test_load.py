"""The Locust child: it plays the whole plan, keeps every record, and ends with its parent."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from chaos.client.call import Credential, Target
from chaos.errors import WorldError
from chaos.run import children
from chaos.run.children import Child
from chaos.run.journal import ATTEMPTS, OPERATIONS
from chaos.run.record import ATTEMPT, OPERATION, OUTCOMES, Columns
from chaos.scenario.arrivals import arrivals
from tests.run.made import small
from tests.run.stand import listeners

pytestmark = pytest.mark.slow
SCENARIO = small("lasts=2s", faults="[]")
CLIENT = """
import asyncio, gevent, sys
from chaos.client.call import Done, Try, Wait
from chaos.exchange import Request


class Plain:
    def __init__(self, wiring, rng):
        self.targets, self.sent = wiring.targets, False

    def begin(self, work, now):
        call = Plain.__new__(Plain)
        call.targets, call.sent, call.reply = self.targets, False, None
        return call

    def decisions(self):
        return ()

    def step(self, now):
        if not self.sent:
            self.sent = True
            request = Request("GET", "/")
            return Try(1, "us-south", self.targets[0].endpoint, request, 1, 2, 3, 0.0, "first")
        if self.reply is None:
            return Wait(now + 10.0)
        return Done("ok" if hasattr(self.reply, "status") else "failed", "us-south", None, "x")

    def observe(self, number, reply, now):
        self.reply = reply


class Breaking(Plain):
    def begin(self, work, now):
        if work.number == 5:
            return work.no_such_field
        return super().begin(work, now)


class Leaving(Plain):
    def begin(self, work, now):
        if work.number == 5:
            raise LEAVES
        return super().begin(work, now)


class Owned(BaseException):
    pass


class Printing(Plain):
    def begin(self, work, now):
        print('{"ready": false}', sys.stdin.read())
        return super().begin(work, now)


print("it is imported")
"""
Play = Callable[[Child], Awaitable[None]]


@pytest.fixture(scope="module")
def endpoints() -> Iterator[dict[str, str]]:
    with listeners() as urls:
        yield urls


@pytest.fixture(autouse=True)
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a_plain_client.py").write_text(CLIENT, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


def order(at: Path, endpoint: str = "", /, **changes: object) -> dict[str, object]:
    scenario = SCENARIO
    targets = [Target(name, endpoint, "instance", "key") for name in ("us-south", "us-east")]
    fields: dict[str, object] = {
        "scenario": {
            "text": scenario.source,
            "path": scenario.path,
            "overrides": scenario.overrides,
            "seed": scenario.seed,
        },
        "client": "a_plain_client:Plain",
        "targets": [asdict(target) for target in targets],
        "credential": asdict(Credential("key", "http://iam", "token", -1.0, 3600.0)),
        "sealed": {},
        "folder": str(at),
    }
    return {**fields, **changes}


def play(wish: dict[str, object], program: Play) -> Child:
    """Start the child, tell it its order, and go on with the program."""

    async def main() -> Child:
        child = await children.spawn("the load generator", "chaos.run.load")
        try:
            await children.configure(child, wish)
            await program(child)
        finally:
            await child.stop()
        return child

    return asyncio.run(main())


async def begin(child: Child) -> None:
    """Let its time zero be now."""
    await child.tell({"zero": time.monotonic() + 0.1, "epoch": time.time() + 0.1, "moved": 0.0})


async def to_the_end(child: Child) -> None:
    """Play it all."""
    await begin(child)
    said = await child.hear()
    assert said == {"done": True, "dropped": 0}, await child.last_words()
    assert await child.ended() == 0


def records(folder: Path) -> tuple[Columns, Columns]:
    return np.fromfile(folder / ATTEMPTS, ATTEMPT), np.fromfile(folder / OPERATIONS, OPERATION)


def test_every_arrival_of_the_plan_is_one_operation_that_began_when_it_was_due(
    tmp_path: Path, endpoints: dict[str, str]
) -> None:
    play(order(tmp_path / "load", endpoints["good"]), to_the_end)

    attempts, operations = records(tmp_path / "load")
    plan = {each.number: each for each in arrivals(SCENARIO)}
    assert sorted(operations["number"]) == sorted(plan)
    assert {OUTCOMES[code] for code in operations["outcome"]} == {"ok"}
    assert len(attempts) == len(plan)
    late = [record["started"] - plan[int(record["number"])].due for record in operations]
    assert min(late) >= 0.0
    assert float(np.median(late)) < 0.02, "the generator itself is late"


def test_a_stalled_service_stalls_no_arrival(tmp_path: Path, endpoints: dict[str, str]) -> None:
    play(order(tmp_path / "load", endpoints["silent"]), to_the_end)

    _, operations = records(tmp_path / "load")
    assert float(np.max(operations["due"])) < 2.0
    assert float(np.median(operations["started"] - operations["due"])) < 0.02
    assert float(np.median(operations["ended"] - operations["due"])) > 1.9, "the read timeout"


def test_the_end_of_its_input_ends_it_and_what_was_seen_is_kept(
    tmp_path: Path, endpoints: dict[str, str]
) -> None:
    async def program(child: Child) -> None:
        await begin(child)
        await asyncio.sleep(1.0)
        begun = time.monotonic()
        await child.stop()
        assert time.monotonic() - begun < children.STOP_WITHIN

    ended = play(order(tmp_path / "load", endpoints["good"]), program)

    assert ended.process.returncode == 0
    _, operations = records(tmp_path / "load")
    assert 10 <= len(operations) <= 60, "of 40 a second, to where it came"


def test_a_sigkill_loses_no_more_than_the_last_tenth_of_a_second(
    tmp_path: Path, endpoints: dict[str, str]
) -> None:
    async def program(child: Child) -> None:
        await begin(child)
        await asyncio.sleep(1.5)
        child.process.send_signal(signal.SIGKILL)
        await child.ended()

    begun = time.monotonic()
    play(order(tmp_path / "load", endpoints["good"]), program)

    _, operations = records(tmp_path / "load")
    assert float(operations["ended"].max()) > 1.0
    assert time.monotonic() - begun < 30.0


def test_it_ends_when_it_is_never_told_to_begin(tmp_path: Path) -> None:
    async def program(child: Child) -> None:
        await child.stop()

    assert play(order(tmp_path / "load"), program).process.returncode == 0


def test_a_client_that_breaks_ends_it_and_is_named_with_its_place(
    tmp_path: Path, endpoints: dict[str, str]
) -> None:
    async def program(child: Child) -> None:
        await begin(child)
        assert await child.hear() is None
        words = await child.last_words()
        assert words.startswith("the client broke: AttributeError: ")
        assert "a_plain_client.py:" in words
        assert await child.ended() == 5

    play(order(tmp_path / "load", endpoints["good"], client="a_plain_client:Breaking"), program)


@pytest.mark.parametrize(
    ("leaves", "said"),
    [
        ("gevent.Timeout(3)", "Timeout: 3 seconds ("),
        ("asyncio.CancelledError()", "CancelledError ("),
        ("gevent.GreenletExit()", "RuntimeError: GreenletExit ("),
        ("Owned('one line\\nand another')", "Owned: one line and another ("),
        ("SystemExit(0)", "SystemExit: 0 ("),
    ],
)
def test_a_client_that_breaks_by_what_is_no_error_is_named_all_the_same(
    tmp_path: Path, endpoints: dict[str, str], leaves: str, said: str
) -> None:
    text = CLIENT.replace("LEAVES", leaves)
    (tmp_path / "a_plain_client.py").write_text(text, encoding="utf-8")

    async def program(child: Child) -> None:
        await begin(child)
        assert await child.hear() is None
        assert (await child.last_words()).startswith(f"the client broke: {said}")
        assert await child.ended() == 5

    play(order(tmp_path / "load", endpoints["good"], client="a_plain_client:Leaving"), program)


def test_what_a_client_prints_or_reads_is_no_word_between_child_and_parent(
    tmp_path: Path, endpoints: dict[str, str]
) -> None:
    ended = play(
        order(tmp_path / "load", endpoints["good"], client="a_plain_client:Printing"), to_the_end
    )

    assert b"it is imported" in ended.complaints
    assert b'{"ready": false}' in ended.complaints
    _, operations = records(tmp_path / "load")
    assert {OUTCOMES[code] for code in operations["outcome"]} == {"ok"}


def test_a_disk_that_is_full_ends_it_and_is_said(tmp_path: Path, endpoints: dict[str, str]) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    (tmp_path / "load").mkdir()
    (tmp_path / "load" / ATTEMPTS).symlink_to("/dev/full")

    async def program(child: Child) -> None:
        await begin(child)
        assert await child.hear() is None
        assert "cannot be written: No space left on device." in await child.last_words()

    play(order(tmp_path / "load", endpoints["good"]), program)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"client": "no_such_module:build"}, "No module named 'no_such_module'"),
        ({"scenario": {"text": "x: 1", "path": "p", "overrides": [], "seed": 1}}, "p:1"),
        ({"folder": "/dev/null/load"}, "cannot be written: Not a directory."),
    ],
)
def test_an_order_that_cannot_be_played_is_refused_in_a_sentence(
    tmp_path: Path, changes: dict[str, object], said: str
) -> None:
    async def nothing(child: Child) -> None:
        pass

    with pytest.raises(WorldError) as told:
        play(order(tmp_path / "load", **changes), nothing)
    assert str(told.value).startswith("the load generator did not start: ")
    assert said in str(told.value)
    assert "\n" not in str(told.value)
