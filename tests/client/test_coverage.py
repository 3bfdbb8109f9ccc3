"""Every branch of the pure core is taken by the tests of the pure core alone.

    python -m pytest -m slow tests/client/test_coverage.py

The state machines are left out and chance is seeded, so that no branch is taken by luck.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_architecture import SHELLS

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
# They play over sockets and threads, or are what this test is not about.
ELSEWHERE = (
    *("test_check_backups", "test_conformance", "test_coverage", "test_flights"),
    *("test_key_client", "test_machine", "test_policy_transport", "test_telemetry"),
    "test_transport",
)


def test_every_branch_of_the_pure_core_is_taken(tmp_path: Path) -> None:
    pytest.importorskip("coverage")
    pure = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "chaos" / "client").glob("*.py")
        if f"chaos.client.{path.stem}" not in SHELLS and path.stem != "__init__"
    }
    coverage = [sys.executable, "-m", "coverage"]
    tests = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--hypothesis-seed=1", "tests/client"]
    ignored = [f"--ignore=tests/client/{name}.py" for name in ELSEWHERE]
    environ = {**os.environ, "COVERAGE_FILE": str(tmp_path / "coverage")}
    told = tmp_path / "coverage.json"
    for command in (
        [*coverage, "run", "--branch", "--source=chaos.client", *tests, *ignored],
        [*coverage, "json", "-q", "-o", str(told)],
    ):
        ran = subprocess.run(
            command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=600
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
    files = json.loads(told.read_text())["files"]
    assert pure <= set(files)
    gaps = {
        name: (files[name]["missing_lines"], files[name]["missing_branches"])
        for name in sorted(pure)
        if files[name]["missing_lines"] or files[name]["missing_branches"]
    }
    assert not gaps
