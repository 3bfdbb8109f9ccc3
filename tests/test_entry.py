"""The first moments of the command: a signal that comes before anything was imported."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

# A module that is imported as slowly as those of a cold disk, in place of the command line's.
SLOW = """
import os, pathlib, time
pathlib.Path(os.environ["KEYCHAOS_TEST_REACHED"]).touch()
time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_the_command_is_still_being_loaded_is_a_sentence(
    number: signal.Signals, tmp_path: Path
) -> None:
    (tmp_path / "click.py").write_text(SLOW, encoding="utf-8")
    reached = tmp_path / "reached"
    paths = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[1])])
    environment = {**os.environ, "PYTHONPATH": paths, "KEYCHAOS_TEST_REACHED": str(reached)}
    process = subprocess.Popen(
        [sys.executable, "-m", "chaos.entry", "scenarios"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    while not reached.exists():
        assert process.poll() is None

    process.send_signal(number)
    said, complained = process.communicate(timeout=20)

    assert (process.returncode, said, complained) == (4, "", "Stopped.\n")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_stream_that_was_closed_before_ends_nothing(closed: str) -> None:
    words = [sys.executable, "-m", "chaos.entry", "validate", "region-down-backup-key"]
    shell = ["/bin/sh", "-c", f'exec "$@" {closed}', "sh", *words]

    assert subprocess.run(shell, check=False, capture_output=True).returncode == 0


def test_the_command_line_is_all_there() -> None:
    command = [sys.executable, "-m", "chaos.entry", "--help"]

    told = subprocess.run(command, capture_output=True, text=True, check=False)

    assert told.returncode == 0
    assert "check-backups" in told.stdout
