"""A run on sockets ends in good order, whatever ends it: nothing lost, nothing left running.

Each test plays a short scenario in a process of its own and ends it from outside in one of its
phases. Children are found by a mark in their environment, which they inherit.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from chaos import stopping
from chaos.report.verify import verify
from chaos.run import stored

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="children are found in /proc"),
]

SCENARIO = """
scenario: short
teaches: A short run that is ended from outside.
seed: 7
lasts: 9s
window: 1s
regions:
  us-south: {latency: 2ms}
  us-east: {latency: 10ms}
keys: {orders: [us-south, us-east]}
clients: {count: 6, policy: recommended, regions: [us-south, us-east], wrapped: 2}
load: {rate: 40/s, arrivals: poisson, operations: {wrap: 20%, unwrap: 80%}}
faults:
  - {name: south-down, kind: down, target: us-south, at: 3s, lasts: 3s}
objectives:
  rules: [integrity == 100%]
"""
PHASES = {"steady": 1.5, "fault": 4.5, "recovery": 7.5}


@dataclass
class Played:
    """One keychaos process under test, its folder and the mark that its children carry."""

    process: "subprocess.Popen[str]"
    folder: Path
    mark: str

    def family(self) -> dict[int, str]:
        """Every living process with the mark: its command line by pid."""
        wanted = f"KEYCHAOS_TEST_MARK={self.mark}".encode()
        found = {}
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and wanted in (entry / "environ").read_bytes():
                    line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                    if line:
                        found[int(entry.name)] = line
        return found

    def until_phase(self, phase: str) -> None:
        """Sleep until the run is that far; the attempts file says when time zero was."""
        records = self.folder / "load" / "attempts.bin"
        deadline = time.monotonic() + 30.0
        while not (records.exists() and records.stat().st_size):
            assert time.monotonic() < deadline, "the run never began"
            assert self.process.poll() is None, "the run ended before it began"
            time.sleep(0.05)
        time.sleep(PHASES[phase])

    def until_said(self, words: str) -> str:
        """Read on until a line begins like that; everything that was said."""
        assert self.process.stdout is not None
        said = ""
        for line in self.process.stdout:
            said += line
            if line.startswith(words):
                return said
        raise AssertionError(f"it never said {words!r}: {said}")

    def child(self, words: str) -> int:
        """The pid of the one child whose command line has these words."""
        (pid,) = [pid for pid, line in self.family().items() if words in line]
        return pid

    def finish(self) -> tuple[int, str]:
        """Wait for the end: the exit code and everything that was said."""
        said, _ = self.process.communicate(timeout=90.0)
        return self.process.returncode, said

    def gone_within(self, seconds: float) -> bool:
        """Whether the whole family is gone by then."""
        deadline = time.monotonic() + seconds
        while self.family():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Played]]:
    """Starts the scenario with more words and in another environment; ends what is left of it."""
    path = tmp_path / "short.yaml"
    path.write_text(SCENARIO, encoding="utf-8")
    begun: list[Played] = []

    def started(*words: str, text: str = SCENARIO, **environment: str) -> Played:
        path.write_text(text, encoding="utf-8")
        mark = uuid.uuid4().hex
        folder = tmp_path / f"run{len(begun) or ''}"
        process = subprocess.Popen(
            [sys.executable, "-m", "chaos.cli", "run", str(path), "--out", str(folder), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "KEYCHAOS_TEST_MARK": mark, **environment},
        )
        begun.append(Played(process, folder, mark))
        return begun[-1]

    yield started
    for running in begun:
        running.process.kill()
        running.process.wait()
        assert running.process.stdout is not None
        running.process.stdout.close()
        for pid in running.family():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def played(start: Callable[..., Played]) -> Played:
    return start()


def verdict(folder: Path) -> str:
    return str(json.loads((folder / "findings.json").read_text(encoding="utf-8"))["verdict"])


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_signal_heals_ends_every_child_and_is_reported_as_aborted(
    played: Played, phase: str, number: signal.Signals
) -> None:
    played.until_phase(phase)

    played.process.send_signal(number)
    code, said = played.finish()

    assert code == 4, said
    assert number.name in said
    assert "Traceback" not in said
    assert verdict(played.folder) == "aborted"
    assert (played.folder / "report.html").stat().st_size > 10_000
    assert (played.folder / "load" / "operations.bin").stat().st_size > 0
    assert played.family() == {}


@pytest.mark.parametrize("phase", PHASES)
def test_a_sigkill_leaves_no_child_and_the_record_can_still_be_told(
    played: Played, phase: str
) -> None:
    played.until_phase(phase)

    played.process.kill()
    played.process.wait()

    assert played.gone_within(5.0), played.family()
    told = subprocess.run(
        [sys.executable, "-m", "chaos.cli", "report", str(played.folder)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert told.returncode == 4, told.stderr
    assert verdict(played.folder) == "aborted"


@pytest.mark.parametrize(
    ("module", "named"),
    [
        ("chaos.service.server", "the key service of us-"),
        ("chaos.proxy.server", "the proxy"),
        ("chaos.run.load", "the load generator"),
    ],
)
def test_a_child_that_dies_in_the_middle_aborts_the_run_and_is_named(
    played: Played, module: str, named: str
) -> None:
    played.until_phase("steady")
    pids = [pid for pid, line in played.family().items() if module in line]

    os.kill(min(pids), signal.SIGKILL)
    code, said = played.finish()

    assert code == 4, said
    assert named in said
    assert "Traceback" not in said
    assert verdict(played.folder) == "aborted"
    assert played.family() == {}


@pytest.mark.parametrize(
    ("world", "number", "later"),
    [
        ("sockets", signal.SIGINT, 0.0),
        ("sockets", signal.SIGINT, 0.4),
        ("sockets", signal.SIGTERM, 0.2),
        ("sockets", signal.SIGHUP, 0.8),
        ("simulated", signal.SIGINT, 0.0),
        ("simulated", signal.SIGTERM, 0.1),
    ],
)
def test_a_signal_right_after_the_plan_is_told_as_one_and_the_folder_is_not_lost(
    start: Callable[..., Played], world: str, number: signal.Signals, later: float
) -> None:
    played = start("--world", world)
    played.until_said("objective")
    time.sleep(later)

    played.process.send_signal(number)
    code, said = played.finish()

    assert code == 4, said
    assert number.name in said
    assert "Traceback" not in said
    assert verdict(played.folder) == "aborted"
    if world == "sockets":
        assert f"\nStopped by {stopping.WORDS[number]} before time zero; " in said
        assert stored.hollow(played.folder), "it keeps nobody from the same place"


@pytest.mark.parametrize("world", ["sockets", "simulated"])
def test_a_signal_while_the_report_is_drawn_is_never_green_and_the_report_is_whole(
    start: Callable[..., Played], world: str
) -> None:
    played = start("--world", world)
    played.until_said("report  ")

    for _ in range(5):
        played.process.send_signal(signal.SIGINT)
        time.sleep(0.2)
    code, said = played.finish()

    assert code == 4, said
    assert f"Stopped by Ctrl-C (SIGINT). The report in {played.folder} is whole." in said
    assert "Traceback" not in said
    assert verify(played.folder).problems == ()
    assert (played.folder / "report.pdf").stat().st_size > 10_000


def test_a_reader_who_leaves_costs_neither_the_report_nor_the_verdict(
    start: Callable[..., Played],
) -> None:
    played = start()
    assert played.process.stdout is not None
    played.process.stdout.readline()

    played.process.stdout.close()

    assert played.process.wait(90.0) == 0
    assert verdict(played.folder) == "passed"
    assert verify(played.folder).problems == ()


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_a_full_disk_behind_the_terminal_costs_the_document_at_most(
    start: Callable[..., Played], tmp_path: Path, words: tuple[str, ...]
) -> None:
    folder = tmp_path / "full"
    command = [sys.executable, "-m", "chaos.cli", "run", str(tmp_path / "short.yaml")]
    with Path("/dev/full").open("w") as full:
        code = subprocess.run(
            [*command, "--world", "simulated", "--out", str(folder), *words],
            stdout=full,
            stderr=full,
            check=False,
        ).returncode

    assert code == (4 if words else 0), "who asked for JSON did not get it"
    assert verdict(folder) == "passed"


def test_a_client_that_never_yields_is_gone_after_a_sigkill_too(
    start: Callable[..., Played], tmp_path: Path
) -> None:
    (tmp_path / "spinning.py").write_text(
        "class Client:\n"
        "    def __init__(self, *given): ...\n"
        "    def decisions(self): return ()\n"
        "    def begin(self, work, now):\n"
        "        open(__file__ + '.spins', 'w').close()\n"
        "        while True: pass\n"
    )
    played = start("--client", "spinning:Client", PYTHONPATH=str(tmp_path))
    spins = tmp_path / "spinning.py.spins"
    while not spins.exists():
        assert played.process.poll() is None
        time.sleep(0.05)

    played.process.kill()
    played.process.wait()

    assert played.gone_within(5.0), played.family()


def test_a_sigkill_leaves_no_keys_of_a_region_that_was_to_crash(
    start: Callable[..., Played], tmp_path: Path
) -> None:
    (tmp_path / "kept").mkdir()
    crash = "{name: south-down, kind: crash, target: us-south, at: 3s, lasts: 3s}"
    text = SCENARIO.replace(
        next(line for line in SCENARIO.splitlines() if "kind: down" in line), f"  - {crash}"
    )
    played = start(text=text, TMPDIR=str(tmp_path / "kept"))
    played.until_phase("steady")
    assert list((tmp_path / "kept").glob("keychaos-*/sealing.key"))

    played.process.kill()
    played.process.wait()

    assert played.gone_within(5.0), played.family()
    assert list((tmp_path / "kept").iterdir()) == []


def test_a_second_ctrl_c_does_not_disturb_the_ending(played: Played) -> None:
    played.until_phase("fault")

    for _ in range(3):
        played.process.send_signal(signal.SIGINT)
        time.sleep(0.1)
    code, said = played.finish()

    assert code == 4, said
    assert "Traceback" not in said
    assert verdict(played.folder) == "aborted"


def test_a_run_that_is_left_alone_ends_by_itself_with_its_verdict(played: Played) -> None:
    code, said = played.finish()

    assert code == 0, said
    assert verdict(played.folder) == "passed"
    assert played.family() == {}
