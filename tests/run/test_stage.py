"""A run on real sockets from its first child to its last: what it leaves, and how it is ended."""

import asyncio
import contextlib
import os
import resource
import signal
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from chaos.errors import WorldError
from chaos.run import children, operator, stage, stored
from chaos.run.audit import audit as audit_of_the_run
from chaos.run.ending import Ending
from chaos.run.stage import Order, SocketsRun
from chaos.run.tail import Snapshot
from chaos.scenario import Scenario
from tests.proxy.peers import free_port
from tests.run.made import small

pytestmark = pytest.mark.slow
DOWN = "[{name: south-down, kind: down, target: us-south, at: 1500ms, lasts: 1s}]"
SCENARIO = small("lasts=4s", faults=DOWN)
PRESET = "preset:recommended"
MANIFEST = stored.Manifest(
    *("small", "sockets", PRESET, "keychaos run small", 7, "small.yaml"),
    *(("lasts=4s",), ("us-south", "us-east"), "2026-01-01T00:00:00Z"),
)


class Played:
    """One run, what its watcher saw, and what it left."""

    def __init__(
        self,
        folder: Path,
        meddle: Callable[[SocketsRun, Snapshot], None] | None = None,
        *,
        client: str = PRESET,
        proxy: str = "",
        stop_at_once: str = "",
    ) -> None:
        self.seen: list[Snapshot] = []
        self.scenario: Scenario = SCENARIO
        stored.begin(folder, SCENARIO, MANIFEST)

        async def main() -> Ending:
            def watch(snapshot: Snapshot) -> None:
                self.seen.append(snapshot)
                if meddle is not None:
                    meddle(run, snapshot)

            run = SocketsRun(Order(SCENARIO, client, folder, proxy), watch)
            if stop_at_once:
                run.stop(stop_at_once)
            self.children = run._peers.children
            return await run.play()

        try:
            self.ending = asyncio.run(main())
        finally:
            assert all(child.process.returncode is not None for child in self.children)
        self.run = stored.load(folder)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """One run that was left alone."""
    return Played(tmp_path_factory.mktemp("stage") / "run")


def test_a_run_that_is_left_alone_ends_by_itself(whole: Played) -> None:
    assert (whole.ending.aborted, whole.ending.dropped, whole.ending.clock_error) == ("", 0, 0.0)
    assert {child.process.returncode for child in whole.children} == {0}


def test_every_operation_of_the_plan_was_played_and_every_data_key_audited(whole: Played) -> None:
    run = whole.run

    assert len(run.operations) > 100
    assert max(run.operations["due"]) > 3.5
    numbers = {entry.number for entry in run.ledger}
    assert {each.number for each in run.audit} == numbers
    assert len(run.audit) == 2 * len(run.ledger)
    assert {each.verdict for each in run.audit} == {"right"}


def test_what_was_wrapped_before_time_zero_says_so(whole: Played) -> None:
    prepared = [entry for entry in whole.run.ledger if entry.number >= 2**31]

    assert len(prepared) == 12
    assert all(entry.at < 0.0 for entry in prepared)
    assert all(entry.at >= 0.0 for entry in whole.run.ledger if entry not in prepared)


def test_the_fault_took_effect_when_it_was_due_and_says_what_it_cut(whole: Played) -> None:
    inject, heal = whole.run.changes

    assert (inject.verb, heal.verb) == ("inject", "heal")
    assert 1.5 <= inject.took_effect < 1.7
    assert 2.5 <= heal.took_effect < 2.7
    assert inject.counts["cut"] >= 1.0


def test_people_see_every_phase_and_each_mark_as_it_comes(whole: Played) -> None:
    phases = [snapshot.phase for snapshot in whole.seen]
    words = [word for _, word in whole.seen[-1].marks]

    assert list(dict.fromkeys(phases)) == ["steady", "fault", "recovery"]
    assert words[:2] == ["south-down begins", "south-down heals"]
    assert [snapshot.ended for snapshot in whole.seen] == sorted(
        snapshot.ended for snapshot in whole.seen
    )
    assert max(snapshot.operations["us-east"] for snapshot in whole.seen) > 10.0


def test_a_stop_is_told_on_the_runs_own_clock_and_in_its_phase(tmp_path: Path) -> None:
    def stop(run: SocketsRun, snapshot: Snapshot) -> None:
        if snapshot.phase == "fault":
            run.stop("Ctrl-C (SIGINT)")
            run.stop("SIGTERM")

    played = Played(tmp_path / "run", stop)

    assert played.ending.aborted.startswith("stopped by Ctrl-C (SIGINT) ")
    assert played.ending.aborted.endswith(" s into the run, in the fault phase")
    assert 1.4 < float(played.ending.aborted.split()[4]) < 2.6
    assert 1.4 < played.ending.ended < 6.0
    assert f"{played.ending.ended:.1f}" == played.ending.aborted.split()[4], "one instant"
    assert len(played.run.operations) > 20, "what was recorded is kept"
    assert played.run.audit == ()


def test_a_stop_before_time_zero_says_so(tmp_path: Path) -> None:
    played = Played(tmp_path / "run", stop_at_once="SIGTERM")

    assert played.ending == Ending(0.0, "stopped by SIGTERM before time zero")


@contextlib.contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """The system lets no file of this process and its children grow larger: no disk is filled."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_fills_up_under_load_aborts_the_run_in_a_sentence(tmp_path: Path) -> None:
    with files_of_at_most(12_000):
        played = Played(tmp_path / "run")

    assert "run/load cannot be written: File too large." in played.ending.aborted
    assert len(played.run.operations) > 0, "what was written before counts"


def test_a_disk_that_is_full_before_time_zero_lets_nothing_begin(tmp_path: Path) -> None:
    with (
        files_of_at_most(2_000),
        pytest.raises(WorldError, match=r"nemesis cannot be written: File too large\."),
    ):
        Played(tmp_path / "run")


def test_a_client_that_breaks_aborts_the_run_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a_broken_client.py").write_text(
        "class Broken:\n"
        "    def __init__(self, wiring, rng): ...\n"
        "    def decisions(self): return ()\n"
        "    def begin(self, work, now): return work.no_such_field\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    played = Played(tmp_path / "run", client="a_broken_client:Broken")

    assert "the client broke: AttributeError: " in played.ending.aborted
    assert "a_broken_client.py:4" in played.ending.aborted


def befalling_the_audit(monkeypatch: pytest.MonkeyPatch, number: signal.Signals) -> None:
    """Have us-east's process meet a signal just before the first data key is audited."""
    spawned: list[children.Child] = []
    spawn, audit = children.spawn, audit_of_the_run

    async def spawning(name: str, module: str) -> children.Child:
        spawned.append(await spawn(name, module))
        return spawned[-1]

    async def auditing(*given: Any) -> None:
        for child in spawned:
            if child.name == "the key service of us-east" and child.process.returncode is None:
                os.kill(child.process.pid, number)
        await audit(*given)

    monkeypatch.setattr(children, "spawn", spawning)
    monkeypatch.setattr(stage, "audit", auditing)


def test_a_twin_that_dies_during_the_audit_aborts_the_run_and_no_key_is_called_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    befalling_the_audit(monkeypatch, signal.SIGKILL)

    played = Played(tmp_path / "run")

    assert played.ending.aborted.startswith("the key service of us-east was killed by signal 9, ")
    assert played.ending.aborted.endswith("after its plan")
    assert {each.verdict for each in played.run.audit} <= {"right"}


def test_a_twin_that_is_frozen_in_the_audit_does_not_hang_the_run_and_the_audit_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    befalling_the_audit(monkeypatch, signal.SIGSTOP)
    monkeypatch.setattr(operator, "READ", 0.3)

    played = Played(tmp_path / "run")

    assert played.ending.aborted == (
        "us-east did not answer the audit: read timeout, 3 attempts in a row."
    )
    assert 4.0 < played.ending.ended < 15.0
    assert {each.verdict for each in played.run.audit} <= {"right"}
    assert played.seen[-1].marks[-1][1].startswith("audit of ")


def test_the_audit_does_not_last_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*given: object) -> None:
        await asyncio.sleep(60.0)

    monkeypatch.setattr(stage, "audit", never)
    monkeypatch.setattr(stage, "AUDIT_WITHIN", 0.2)
    monkeypatch.setattr(stage, "AUDITED_WITHIN", 0.001)

    played = Played(tmp_path / "run")

    assert played.ending.aborted.startswith("the audit of ")
    assert " data keys was not done within 0." in played.ending.aborted


def test_whoever_cancels_a_run_from_outside_hears_of_it(tmp_path: Path) -> None:
    stored.begin(tmp_path / "run", SCENARIO, MANIFEST)

    async def main() -> None:
        run = SocketsRun(Order(SCENARIO, PRESET, tmp_path / "run"), lambda _: None)
        playing = asyncio.create_task(run.play())
        await asyncio.sleep(0.1)
        playing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await playing
        assert all(child.process.returncode is not None for child in run._peers.children)

    asyncio.run(main())


@pytest.mark.parametrize("name", ["the proxy", "the key service of us-south"])
def test_a_child_that_is_killed_while_the_stage_is_set_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    configure = children.configure

    async def configuring(child: children.Child, wish: Mapping[str, Any]) -> Mapping[str, Any]:
        said = await configure(child, wish)
        if child.name == name:
            os.kill(child.process.pid, signal.SIGKILL)
        return said

    monkeypatch.setattr(children, "configure", configuring)

    with pytest.raises(WorldError, match=rf"{name} was killed by signal 9, before time zero\."):
        Played(tmp_path / "run")


def test_what_cannot_begin_raises_and_leaves_nobody(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match="fault proxy at"):
        Played(tmp_path / "run", proxy=f"http://127.0.0.1:{free_port()}")
