"""`keychaos serve`, in the foreground."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from chaos.errors import ScenarioError, WorldError
from chaos.service.serve import Wish, serve
from tests.service.caller import envelope
from tests.service.test_server import fetch, token

PROGRAM = """
import sys
from pathlib import Path
from chaos.service.serve import Wish, serve
folder = Path(sys.argv[1])
sys.exit(serve(Wish(("us-south", "us-east"), env_file=folder / "env", directory=folder / "keys")))
"""


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        (Wish(()), "at least one region"),
        (Wish(("US South",)), "names no region"),
        (Wish(("us-south", "us-south")), "once"),
        (Wish(("us-south",), plan="free"), "plan"),
        (Wish(("us-south",), scale_time=0.0), "--scale-time"),
    ],
)
def test_a_wish_that_makes_no_sense_is_told_in_a_sentence(wish: Wish, sentence: str) -> None:
    with pytest.raises(ScenarioError, match=sentence):
        serve(wish)


def test_a_folder_that_cannot_be_had_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorldError, match="Nothing can be kept"):
        serve(Wish(("us-south",), directory=tmp_path / "file" / "folder"))


def test_a_foreign_file_in_the_folder_is_left_alone(tmp_path: Path) -> None:
    identity = tmp_path / "identity.json"
    identity.write_text('{"something": "else"}')
    with pytest.raises(WorldError, match="move it away"):
        serve(Wish(("us-south",), directory=tmp_path))
    assert json.loads(identity.read_text()) == {"something": "else"}


def start(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM, str(folder)]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)


def wait_for(path: Path) -> dict[str, str]:
    until = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < until, "the twin did not answer within 20 s"
        time.sleep(0.02)
    lines = path.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(each) for each in listed]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_a_signal_and_leaves_no_process(tmp_path: Path, number: int) -> None:
    parent = start(tmp_path)
    told = wait_for(tmp_path / "env")
    assert set(told) == {
        "KEYCHAOS_API_KEY",
        "KEYCHAOS_CONTROL_TOKEN",
        "KEYCHAOS_IAM_URL",
        "KEYCHAOS_US_SOUTH_URL",
        "KEYCHAOS_US_SOUTH_INSTANCE",
        "KEYCHAOS_US_EAST_URL",
        "KEYCHAOS_US_EAST_INSTANCE",
    }
    assert (tmp_path / "env").stat().st_mode & 0o077 == 0
    born = children(parent.pid)
    assert len(born) == 3
    parent.send_signal(number)
    output, _ = parent.communicate(timeout=10)
    assert parent.returncode == 0
    assert told["KEYCHAOS_US_EAST_URL"] in output
    assert not (tmp_path / "env").exists()
    assert not any(Path(f"/proc/{pid}").exists() for pid in born)


@pytest.mark.slow
def test_no_process_outlives_a_parent_that_was_killed(tmp_path: Path) -> None:
    parent = start(tmp_path)
    wait_for(tmp_path / "env")
    born = children(parent.pid)
    parent.kill()
    parent.communicate(timeout=10)
    until = time.monotonic() + 5
    while any(alive(pid) for pid in born):
        assert time.monotonic() < until, "a child outlived its parent by 5 s"
        time.sleep(0.05)


@pytest.mark.slow
def test_with_a_folder_the_next_start_has_the_same_keys_and_the_same_api_key(
    tmp_path: Path,
) -> None:
    told: list[dict[str, Any]] = []
    for _ in range(2):
        parent = start(tmp_path)
        told.append(wait_for(tmp_path / "env"))
        parent.terminate()
        parent.communicate(timeout=10)
    same = ("KEYCHAOS_API_KEY", "KEYCHAOS_US_SOUTH_INSTANCE", "KEYCHAOS_US_EAST_INSTANCE")
    assert [told[0][name] for name in same] == [told[1][name] for name in same]


@pytest.mark.slow
def test_a_region_that_dies_ends_the_others_and_is_told(tmp_path: Path) -> None:
    parent = start(tmp_path)
    wait_for(tmp_path / "env")
    born = children(parent.pid)
    os.kill(born[0], signal.SIGKILL)
    parent.communicate(timeout=10)
    assert parent.returncode != 0
    assert not any(alive(pid) for pid in born)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.slow
def test_a_region_that_a_fault_crashed_is_back_at_its_address_with_its_keys(tmp_path: Path) -> None:
    parent = start(tmp_path)
    try:
        told = wait_for(tmp_path / "env")
        url, iam = told["KEYCHAOS_US_SOUTH_URL"], told["KEYCHAOS_IAM_URL"]
        mine = {
            "Authorization": "Bearer " + token(iam, told["KEYCHAOS_API_KEY"]),
            "Bluemix-Instance": told["KEYCHAOS_US_SOUTH_INSTANCE"],
        }
        body = json.dumps(envelope({"name": "key", "extractable": False})).encode()
        assert fetch(url + "/api/v2/keys", "POST", body, mine)[0] == 201
        control = {"Authorization": "Bearer " + told["KEYCHAOS_CONTROL_TOKEN"]}
        crash = json.dumps({"kind": "crash", "restart_after": 0.2}).encode()
        assert fetch(url + "/_keychaos/faults/crash", "PUT", crash, control)[0] == 200
        assert len(listed(url, mine)) == 1
        assert fetch(url + "/_keychaos/faults", headers=control) == (200, {"faults": {}})
    finally:
        parent.send_signal(signal.SIGTERM)
        parent.communicate(timeout=20)
    assert parent.returncode == 0


def listed(url: str, mine: dict[str, str]) -> list[object]:
    """The keys, once the region is back."""
    until = time.monotonic() + 30
    while True:
        try:
            keys: list[object] = fetch(url + "/api/v2/keys", headers=mine)[1]["resources"]
        except OSError:
            assert time.monotonic() < until, "the region did not come back within 30 s"
            time.sleep(0.05)
        else:
            return keys
