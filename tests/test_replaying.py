"""A run in virtual time is its seed: every record comes again, and what does not is named."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import numpy as np
import pytest

from chaos.client.call import Client, Wiring
from chaos.client.caller import PolicyClient
from chaos.client.presets import RECOMMENDED
from chaos.playing import Wish, record, simulated
from chaos.replaying import replay, tell
from chaos.run import stored
from chaos.run.ending import Ending
from chaos.run.record import OPERATION
from chaos.scenario import read

SCENARIO = """
scenario: short
teaches: A short run that is played twice.
seed: 7
lasts: 6s
window: 1s
regions:
  us-south: {latency: 2ms}
  us-east: {latency: 10ms}
keys: {orders: [us-south, us-east]}
clients: {count: 4}
load: {rate: 20/s, operations: {wrap: 20%, unwrap: 80%}}
faults:
  - {name: south-down, kind: down, target: us-south, at: 2s, lasts: 2s}
objectives:
  rules: [integrity == 100%]
"""


def unseeded(wiring: Wiring, _: Random) -> Client:
    """A client whose chance is its own."""
    return PolicyClient(RECOMMENDED, wiring, Random())


def played(folder: Path, client: str = "preset:recommended") -> Path:
    wish = Wish(
        read(SCENARIO, "short.yaml"), "simulated", client, folder, "keychaos run short.yaml"
    )
    # Not on the second: what is stored is.
    started = datetime(2026, 1, 2, 3, 4, 5, 678_901, UTC)

    def virtually() -> Ending:
        return simulated(wish, folder, started)

    record(wish, folder, started, virtually)
    return folder


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return played(tmp_path_factory.mktemp("replaying") / "first")


@pytest.fixture
def copy(first: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(first, tmp_path / "copy"))


def told(folder: Path, **changed: object) -> None:
    manifest = folder / stored.MANIFEST
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), **changed}))


def spoil(folder: Path) -> None:
    """Change the first attempt by the least that there is."""
    path = folder / stored.LOAD / "attempts.bin"
    content = bytearray(path.read_bytes())
    content[0] ^= 1
    path.write_bytes(bytes(content))


def test_a_run_in_virtual_time_comes_again_to_the_last_record(
    first: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tell(first) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.startswith("Played again with seed 7: ")
    assert said.out.endswith(" records compared. All came again.\n")


def test_a_record_that_does_not_come_again_is_named(copy: Path) -> None:
    spoil(copy)
    (problem,) = replay(copy).problems
    assert problem.where == "load/attempts.bin, record 1"
    assert problem.told.startswith("It did not come again.")


def test_a_client_whose_chance_is_its_own_fails_the_self_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = played(tmp_path / "own", "tests.test_replaying:unseeded")
    assert tell(folder) == 1
    said = capsys.readouterr()
    assert "record" in said.err
    assert "All came again" not in said.out


def test_another_version_is_named_beside_what_did_not_come_again(copy: Path) -> None:
    spoil(copy)
    told(copy, environment={"numpy": "0.1"})
    assert "It was numpy 0.1" in replay(copy).problems[-1].told


def test_of_a_run_on_sockets_the_plan_is_compared_and_the_rest_is_said_not_to_be(
    copy: Path,
) -> None:
    told(copy, world="sockets")
    found = replay(copy)
    assert not found.problems
    assert not found.whole
    assert "cannot be compared beyond its plan" in found.told

    path = copy / stored.LOAD / "operations.bin"
    operations = np.frombuffer(path.read_bytes(), dtype=OPERATION).copy()
    operations["due"][3] += 0.5
    path.write_bytes(operations.tobytes())
    (problem,) = replay(copy).problems
    assert f"Operation {operations['number'][3]}, " in problem.told


def test_an_operation_that_the_plan_lacks_or_has_alone_is_told(copy: Path) -> None:
    told(copy, world="sockets", rows={})  # as of a run whose manifest counts no records
    path = copy / stored.LOAD / "operations.bin"
    operations = np.frombuffer(path.read_bytes(), dtype=OPERATION).copy()
    path.write_bytes(operations[:-1].tobytes())
    assert "operations; " in replay(copy).problems[0].told
    operations["number"][0] = 99_999
    path.write_bytes(operations.tobytes())
    assert replay(copy).problems[0].told == "Operation 99999 is not in it."


def test_a_run_that_was_cut_short_is_not_compared(copy: Path) -> None:
    told(copy, aborted="stopped by a signal")
    found = replay(copy)
    assert (found.whole, found.problems) == (False, ())
    assert "cut short" in found.told
