"""Both sides of the smoke pack: the recommended client passes, a client that is known bad fails.

A scenario that no bad client fails teaches nothing, and one that no good client passes is broken.
"""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from chaos import shelf
from chaos.scenario import read
from chaos.scenario.catalogue import read_packs
from chaos.testing.performance import Performance, perform

TRIES = 3


@dataclass(frozen=True)
class Member:
    """One scenario of the pack with the client that must fail it, and where the failure shows.

    ``shorter`` makes it fit for real sockets, ``smaller`` for this test; the rules are the file's.
    """

    bad: str
    fails: str
    shorter: tuple[str, ...]
    smaller: tuple[str, ...] = ("clients.count=16", "load.rate=40/s")


SMOKE = {
    "region-down-backup-key": Member(
        "preset:key-protect-docs",
        "failover.p95",
        ("lasts=48s", "faults.us-south-refuses.at=6s", "faults.us-south-refuses.lasts=16s"),
    ),
    "region-blackhole": Member(
        "preset:keyprotect-python-3.0",
        "response(fault).max",
        ("lasts=48s", "faults.us-south-swallows.at=6s", "faults.us-south-swallows.lasts=16s"),
    ),
    "throttle-retry-after": Member(
        "mutant:ignores-retry-after",
        "early_retries",
        (
            *("lasts=30s", "faults.busy-in-seconds.at=5s", "faults.busy-in-seconds.lasts=6s"),
            *("faults.busy-with-a-date.at=14s", "faults.busy-with-a-date.lasts=6s"),
        ),
    ),
    "iam-token-down": Member(
        "preset:keyprotect-python-3.0",
        "token_requests",
        (
            *("service.token_lasts=30s", "lasts=70s"),
            *("faults.no-tokens.at=9s", "faults.no-tokens.lasts=25s"),
        ),
        smaller=("load.rate=60/s", "clients.count=12"),
    ),
    "thundering-herd": Member(
        "preset:key-protect-docs",
        "herd_index",
        (),
        smaller=(
            *("load.rate=20/s", "lasts=66s"),
            *("faults.nobody-gets-through.at=10s", "faults.nobody-gets-through.lasts=20s"),
        ),
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    shutil.rmtree(tmp_path, ignore_errors=True)


def played(name: str, world: str, client: str, folder: Path, more: tuple[str, ...]) -> Performance:
    """The run; played again where the run itself says that the machine was too busy."""
    path = shelf.catalogue()[name]
    scenario = read(shelf.text_of(path), str(path), more, None)
    number = 0
    while True:
        run = perform(scenario, world, client, folder.with_name(f"{folder.name}-{number}"))
        load, number = run.analysis.saturation, number + 1
        saturated = run.analysis.verdict == "inconclusive" and load.late + load.dropped > 0
        if not saturated or number == TRIES:
            return run


def held(world: str, name: str, side: str, folder: Path) -> None:
    member = SMOKE[name]
    more = (*member.smaller, *(member.shorter if world == "sockets" else ()))
    if side == "good":
        played(name, world, "preset:recommended", folder, more).assert_passed()
        return
    run = played(name, world, member.bad, folder, more)
    assert run.analysis.verdict == "failed", run.story()
    failed = [each.objective.text for each in run.analysis.findings if each.verdict == "failed"]
    assert any(text.startswith(member.fails) for text in failed), run.story()


def test_the_pack_is_what_is_held_here() -> None:
    packs = read_packs(shelf.text_of(shelf.packs()), shelf.PACKS, shelf.catalogue())

    assert set(packs["smoke"]) == set(SMOKE)


@pytest.mark.parametrize("world", ["simulated", pytest.param("sockets", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", SMOKE)
def test_a_good_client_passes_and_a_bad_one_fails(world: str, name: str, folder: Path) -> None:
    sides = ("good", "bad")
    # Real time passes for both at once.
    with ThreadPoolExecutor(len(sides) if world == "sockets" else 1) as playing:
        plays = [playing.submit(held, world, name, side, folder / side) for side in sides]
    for play in plays:
        play.result()
