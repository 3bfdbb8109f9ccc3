"""Who removes a run's folder of keys when nobody else can."""

import json
import subprocess
import sys
from pathlib import Path

COMMAND = [sys.executable, "-m", "chaos.run.sweeper"]


def test_what_it_was_told_of_is_gone_once_its_input_ends(tmp_path: Path) -> None:
    kept = tmp_path / "keychaos-kept"
    (kept / "us-south").mkdir(parents=True)
    (kept / "sealing.key").touch()
    sweeper = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert sweeper.stdin is not None
    assert sweeper.stdout is not None

    sweeper.stdin.write(json.dumps({"directory": str(kept)}) + "\n")
    sweeper.stdin.flush()

    assert json.loads(sweeper.stdout.readline()) == {"ready": True}
    assert kept.exists()
    sweeper.communicate(timeout=10)
    assert sweeper.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_who_is_told_of_nothing_removes_nothing(tmp_path: Path) -> None:
    assert subprocess.run(COMMAND, input=b"", cwd=tmp_path, check=False).returncode == 0
    assert tmp_path.exists()
