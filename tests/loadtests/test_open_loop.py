"""The locustfile against a twin of two regions, by the very commands of its page."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chaos.run import stored
from chaos.scenario import read
from chaos.scenario.arrivals import arrivals
from tests.proxy.peers import free_port, ours

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "loadtests" / "README.md").read_text(encoding="utf-8")
SERVE, PLAY, KEEP = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
SCENARIO = """
scenario: brief
teaches: A load of a few seconds.
seed: 7
lasts: 3s
window: 1s
regions: {us-south: {latency: 0ms}, us-east: {latency: 0ms}}
keys: {orders: [us-south, us-east]}
clients: {count: 6, policy: recommended, regions: [us-south, us-east], wrapped: 2}
load: {rate: 40/s, arrivals: poisson, operations: {wrap: 20%, unwrap: 80%}}
faults: []
objectives:
  rules: [availability(steady) >= 99%]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a reader would stand: the locustfiles at hand, `keychaos` and `locust` on the path."""
    stand = tmp_path_factory.mktemp("stand")
    (stand / "loadtests").symlink_to(ROOT / "loadtests")
    (stand / "brief.yaml").write_text(SCENARIO, encoding="utf-8")
    (stand / "bin").mkdir()
    for name, module in (("keychaos", "chaos.cli"), ("locust", "locust")):
        path = stand / "bin" / name
        path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m {module} "$@"\n', encoding="utf-8")
        path.chmod(0o755)
    return stand


def environment(folder: Path, **more: str) -> dict[str, str]:
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    given = {"PATH": path, "PYTHONPATH": str(ROOT), "KEYCHAOS_SCENARIO": "brief.yaml"}
    return {**os.environ, **given, **more}


@pytest.fixture(scope="module")
def twin(folder: Path) -> Iterator[dict[str, str]]:
    """The page's first command, running; what it wrote for the environment."""
    written = folder / "twin.env"
    with subprocess.Popen(
        ["sh", "-c", f"exec {SERVE}"],  # noqa: S607 - the page is written for a shell
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.DEVNULL,
    ) as process:
        by = time.monotonic() + 30.0
        while not written.exists():
            assert process.poll() is None, "the twin ended"
            assert time.monotonic() < by, "the twin did not come up"
            time.sleep(0.05)
        pairs = (line.split("=", 1) for line in written.read_text("utf-8").splitlines())
        yield dict(pairs)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10.0) == 0


def play(folder: Path, block: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the lines of one block in one shell, and stop at the first that fails."""
    return subprocess.run(
        ["sh", "-ec", block],  # noqa: S607 - the page is written for a shell
        cwd=folder,
        env=environment(folder, **more),
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def counted(said: str) -> int:
    """The operations in the last table that Locust printed."""
    return int(re.findall(r"Aggregated\s+(\d+)", said)[-2])


PLANNED = len(list(arrivals(read(SCENARIO, "brief.yaml"))))


def test_the_plan_is_played_and_locust_shows_its_statistics(
    folder: Path, twin: dict[str, str]
) -> None:
    played = play(folder, PLAY)
    said = played.stdout + played.stderr

    assert played.returncode == 0, said
    assert counted(said) == PLANNED
    assert re.search(r"unwrap\s+us-south", said)
    assert re.search(r"wrap\s+us-south", said)
    assert "Traceback" not in said


def test_the_record_is_one_that_can_be_reported(folder: Path, twin: dict[str, str]) -> None:
    played = play(folder, KEEP, **twin)
    said = played.stdout + played.stderr

    # A machine that is busy with something else starts operations late, which is inconclusive.
    assert played.returncode in (0, 3), said
    run = stored.load(folder / "results" / "by-locust")
    assert len(run.operations) == PLANNED
    assert sorted(run.operations["number"]) == list(range(PLANNED))
    assert (run.aborted, run.dropped) == ("", 0)
    assert 2.5 < run.ended < 10.0
    assert len([entry for entry in run.ledger if entry.at < 0.0]) == 12, "the first data keys"
    assert (folder / "results" / "by-locust" / "report.html").exists()


def test_clients_are_sent_through_the_proxy_that_is_named(
    folder: Path, twin: dict[str, str]
) -> None:
    with ours() as proxy:
        origin = twin["KEYCHAOS_US_SOUTH_URL"].removeprefix("http://")
        listens = proxy.make("us-south", origin, enabled=False)
        played = play(folder, PLAY, KEYCHAOS_US_SOUTH_ENDPOINT=f"http://{listens}")

    said = played.stdout + played.stderr
    assert re.search(r"unwrap\s+us-east", said), "us-south refuses, so they went on"
    assert played.returncode == 0, said
    assert counted(said) == PLANNED


def test_users_beyond_the_one_dispatcher_play_nothing_twice(
    folder: Path, twin: dict[str, str]
) -> None:
    played = play(folder, PLAY.strip() + " --users 5 --spawn-rate 5", **twin)

    assert played.returncode == 0, played.stderr
    assert counted(played.stdout + played.stderr) == PLANNED


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ({"KEYCHAOS_API_KEY": ""}, 2, "KEYCHAOS_API_KEY is not set"),
        ({"KEYCHAOS_US_EAST_INSTANCE": ""}, 2, "KEYCHAOS_US_EAST_INSTANCE is not set"),
        ({"KEYCHAOS_SCENARIO": "breif.yaml"}, 2, "there is no such file"),
        ({"KEYCHAOS_CLIENT": "preset:nobody"}, 2, "There is no client preset 'nobody'"),
        ({"KEYCHAOS_API_KEY": "wrong"}, 5, "gave no token: HTTP 400"),
        ({"KEYCHAOS_OUT": "loadtests"}, 5, "cannot be written: File exists"),
    ],
)
def test_what_is_missing_or_wrong_is_said_in_a_sentence_and_never_tried_again(
    folder: Path, twin: dict[str, str], changes: dict[str, str], code: int, said: str
) -> None:
    played = play(folder, PLAY.splitlines()[-1], **{**twin, **changes})

    assert played.returncode == code, played.stderr
    assert said in played.stderr
    assert "Traceback" not in played.stderr


def test_a_service_that_is_not_there_is_said_with_its_address(
    folder: Path, twin: dict[str, str]
) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"

    played = play(folder, PLAY.splitlines()[-1], **{**twin, "KEYCHAOS_IAM_URL": nowhere})

    assert played.returncode == 5
    assert f"The token service at {nowhere} gave no token: refused." in played.stderr
