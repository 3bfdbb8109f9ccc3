"""Processes of a run: they come up, say why not, and end, however badly they behave."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from chaos.errors import WorldError
from chaos.run import children
from chaos.run.children import Child

BODIES = {
    "answering": """
line = sys.stdin.readline()
print(json.dumps({"ready": True, "told": json.loads(line), "session": os.getsid(0)}), flush=True)
for line in sys.stdin:
    print(json.dumps({"again": json.loads(line)}), flush=True)
""",
    "dying": """
sys.stdin.readline()
print("first this", file=sys.stderr)
print("The port 80 is taken.\\n", file=sys.stderr)
sys.exit(5)
""",
    "mute": "sys.stdin.readline()",
    "killed": "print('a complaint', file=sys.stderr); os.kill(os.getpid(), signal.SIGKILL)",
    "unready": "print(json.dumps({'ready': False}), flush=True)",
    "babbling": "print('hello', flush=True)",
    "silent": "sys.stdin.read()",
    "careless": """
print(json.dumps({"ready": True}), flush=True)
while True:
    time.sleep(60)
""",
    "stubborn": """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(json.dumps({"ready": True}), flush=True)
while True:
    time.sleep(60)
""",
    "talkative": """
for number in range(60_000):
    print("a complaint that nobody asked for", number, file=sys.stderr)
print(json.dumps({"ready": True}), flush=True)
sys.stdin.read()
""",
}
Play = Callable[[Child], Awaitable[None]]


@pytest.fixture(autouse=True)
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, body in BODIES.items():
        text = f"import json, os, signal, sys, time\n{body}\n"
        (tmp_path / f"child_{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


def play(kind: str, program: Play) -> Child:
    """Spawn one child, play with it, and stop it; it must be gone then."""

    async def main() -> Child:
        child = await children.spawn(f"the {kind} child", f"child_{kind}")
        try:
            await program(child)
        finally:
            await child.stop()
        return child

    child = asyncio.run(main())
    assert child.process.returncode is not None
    return child


async def nothing(child: Child) -> None:
    """Only come up."""
    await children.configure(child, {})


def test_a_child_is_told_and_says_that_it_is_ready() -> None:
    async def program(child: Child) -> None:
        said = await children.configure(child, {"region": "us-south"})
        assert said["told"] == {"region": "us-south"}
        assert child.ready is said

    assert play("answering", program).process.returncode == 0, "the end of its input ends it"


def test_it_can_be_told_more_and_heard_again_until_it_has_no_more_to_say() -> None:
    async def program(child: Child) -> None:
        await children.configure(child, {})
        await child.tell({"zero": 1.5})
        assert await child.hear() == {"again": {"zero": 1.5}}
        await child.stop()
        assert await child.hear() is None

    play("answering", program)


def test_ctrl_c_in_the_parents_terminal_does_not_reach_it() -> None:
    async def program(child: Child) -> None:
        said = await children.configure(child, {})
        assert said["session"] == child.process.pid != os.getsid(0)

    play("answering", program)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("dying", r"the dying child did not start: The port 80 is taken\."),
        ("mute", r"the mute child did not start: it ended without a word\."),
        ("unready", r"the unready child did not start: it ended without a word\."),
        ("killed", r"the killed child was killed by signal 9 before it was ready\."),
        ("babbling", r"the babbling child did not start: it ended without a word\."),
        ("nowhere", r"the nowhere child did not start: .*No module named child_nowhere"),
    ],
)
def test_a_child_that_dies_before_it_is_ready_is_told_by_its_last_words(
    kind: str, said: str
) -> None:
    with pytest.raises(WorldError, match=said):
        play(kind, nothing)


def test_a_child_that_never_answers_is_not_waited_for_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(children, "READY_WITHIN", 0.3)

    with pytest.raises(WorldError, match=r"the silent child did not answer within 0\.3 s\."):
        play("silent", nothing)


@pytest.mark.parametrize(
    ("kind", "code"), [("careless", -signal.SIGTERM), ("stubborn", -signal.SIGKILL)]
)
def test_a_child_that_ignores_the_end_of_its_input_is_ended_all_the_same(
    monkeypatch: pytest.MonkeyPatch, kind: str, code: int
) -> None:
    monkeypatch.setattr(children, "STOP_WITHIN", 0.2)

    assert play(kind, nothing).process.returncode == code


def test_a_talkative_child_does_not_wait_for_a_reader() -> None:
    child = play("talkative", nothing)

    assert child.complaints.endswith(b"nobody asked for 59999\n")
    assert len(child.complaints) <= children.COMPLAINTS_LIMIT


def test_the_end_of_a_child_is_seen_with_its_code() -> None:
    async def program(child: Child) -> None:
        await children.configure(child, {})
        os.kill(child.process.pid, signal.SIGKILL)
        assert await child.ended() == -signal.SIGKILL
        await child.tell({"to": "nobody"})

    play("answering", program)


def test_all_are_stopped_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "STOP_WITHIN", 0.3)

    async def main() -> float:
        started = [await children.spawn("a child", "child_careless") for _ in range(3)]
        for child in started:
            await children.configure(child, {})
        begun = asyncio.get_running_loop().time()
        await children.stop_all(started)
        return asyncio.get_running_loop().time() - begun

    assert asyncio.run(main()) < 0.8, "three times 0.3 s one after the other"


def test_a_folder_of_our_name_where_the_user_stands_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stand" / "chaos").mkdir(parents=True)
    (tmp_path / "stand" / "chaos" / "errors.py").write_text("print('wrong')", encoding="utf-8")
    monkeypatch.chdir(tmp_path / "stand")
    monkeypatch.delenv("PYTHONPATH")

    async def main() -> bytes:
        child = await children.spawn("one of ours", "chaos.errors")
        assert child.process.stdout is not None
        said = await child.process.stdout.read()
        assert await child.ended() == 0, child.complaints
        await child.stop()
        return said

    assert asyncio.run(main()) == b""
