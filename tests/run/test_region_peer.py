"""Regions that die and standbys that take over, as processes: what virtual time says comes true."""

import asyncio
import os
import signal
from pathlib import Path

import pytest
from click.testing import CliRunner

from chaos.analysis import analyse
from chaos.analysis.findings import Analysis
from chaos.cli import main
from chaos.run import stored
from chaos.run.record import Run
from chaos.run.stage import Order, SocketsRun
from chaos.run.tail import Snapshot
from tests.run.made import SMALL, small
from tests.run.test_insides import STALE

pytestmark = pytest.mark.slow
CRASH = "[{name: dies, kind: crash, target: us-south, at: 3s, lasts: 2s}]"
DEAD_AND_OVER = """[
  {name: dies, kind: crash, target: us-south, at: 3s, lasts: 4s},
  {name: over, kind: provider_failover, target: us-south, at: 4s, lasts: 2s}]"""
# Seconds for which an attempt may be under way on a machine that is busy.
PATIENCE = 0.4
STANDBY = ("--set", "regions.us-south.standby={lag: 2s}")


def played(world: str, tmp_path: Path, faults: str, *words: str) -> tuple[Run, Analysis]:
    """One scenario in one world, with a client that never leaves the region or one that may."""
    path, folder = tmp_path / "small.yaml", tmp_path / world
    path.write_text(SMALL.replace("FAULTS", faults), encoding="utf-8")
    asked = ["run", str(path), "--world", world, "--out", str(folder), *words]
    CliRunner().invoke(main, asked)
    run = stored.load(folder)
    return run, analyse(run)


def statuses(run: Run, begins: float, ends: float) -> set[int]:
    """What came back from us-south of the attempts that were made in between."""
    attempts = run.attempts[run.attempts["region"] == run.regions.index("us-south")]
    sent = attempts["sent"]
    return {int(each) for each in attempts["status"][(sent > begins) & (sent < ends)]}


@pytest.mark.parametrize("client", ["preset:recommended", "preset:httpx-0.28"])
def test_a_region_that_crashes_gives_the_same_verdict_in_both_worlds(
    tmp_path: Path, client: str
) -> None:
    words = ("--client", client, "--set", "objectives.rules=[availability(fault) >= 90%]")
    simulated, foretold = played("simulated", tmp_path, CRASH, *words)
    sockets, found = played("sockets", tmp_path, CRASH, *words)

    assert found.verdict == foretold.verdict
    assert found.verdict == ("passed" if client == "preset:recommended" else "failed")
    for run, analysis in ((simulated, foretold), (sockets, found)):
        (proof,) = analysis.proofs
        assert dict(proof.counts)["died"] == 1.0
        assert dict(proof.counts)["injected"] > 0
        assert proof.healed is not None
        # Nobody is there, and then everything is again that was acknowledged before.
        assert not statuses(run, proof.injected or 0.0, proof.healed - PATIENCE) & {200}
        assert statuses(run, proof.healed + PATIENCE, 9.0) == {200}
        assert {each.verdict for each in run.audit} == {"right"}


def test_a_standby_takes_over_and_is_behind_by_its_lag_in_both_worlds(tmp_path: Path) -> None:
    words = ("--client", "preset:key-protect-docs", *STANDBY)
    for world in ("simulated", "sockets"):
        run, analysis = played(world, tmp_path, STALE, *words)

        disabled, over, back, _ = (each.took_effect for each in run.changes)
        heard = disabled + 2.0
        told = dict(next(each for each in analysis.proofs if each.fault == "over").counts)
        assert told["injected"] == told["eligible"] > 0
        # Until it hears that the key was disabled it reads stale, and after that never.
        assert 200 in statuses(run, over, heard - PATIENCE)
        assert 409 not in statuses(run, over, heard - PATIENCE)
        assert 200 not in statuses(run, heard + PATIENCE, back - PATIENCE)
        assert 409 in statuses(run, heard + PATIENCE, back - PATIENCE)
        assert {each.verdict for each in run.audit} == {"right"}


def test_the_provider_fails_over_from_a_dead_region_in_both_worlds(tmp_path: Path) -> None:
    words = ("--client", "preset:key-protect-docs", *STANDBY)
    for world in ("simulated", "sockets"):
        run, _ = played(world, tmp_path, DEAD_AND_OVER, *words)

        dies, over, back, heal = (each.took_effect for each in run.changes)
        assert 200 not in statuses(run, dies, over - PATIENCE)
        assert statuses(run, over + PATIENCE, back - PATIENCE) == {200}
        assert 200 not in statuses(run, back, heal - PATIENCE)
        assert statuses(run, heal + PATIENCE, 9.0) == {200}
        assert {each.verdict for each in run.audit} == {"right"}


def test_a_region_that_was_not_to_die_aborts_the_run_although_another_was(tmp_path: Path) -> None:
    scenario = small(faults=CRASH)
    folder = tmp_path / "run"
    manifest = stored.Manifest(
        *("small", "sockets", "preset:recommended", "keychaos run small", 7, "small.yaml"),
        *((), ("us-south", "us-east"), "2026-01-01T00:00:00Z"),
    )
    stored.begin(folder, scenario, manifest)

    async def killed() -> str:
        def watch(snapshot: Snapshot) -> None:
            if snapshot.phase == "recovery" and not done:
                done.append(True)
                (child,) = [
                    each
                    for each in run._peers.children
                    if each.name.endswith("us-south") and each.process.returncode is None
                ]
                os.kill(child.process.pid, signal.SIGKILL)

        done: list[bool] = []
        run = SocketsRun(Order(scenario, "preset:recommended", folder), watch)
        ending = await run.play()
        assert all(child.process.returncode is not None for child in run._peers.children)
        return ending.aborted

    # Even its second life, which nothing in the plan was to end.
    aborted = asyncio.run(killed())
    assert aborted.startswith("the key service of us-south was killed by signal 9")
