"""IBM's own live integration tests of its SDK for Python, unmodified, against the twin."""

import os
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.service.conformance.workshop import bench, fetch, python_with

pytestmark = pytest.mark.slow

VERSION = "3.0.1"
PASSES, SKIPS = 40, 6  # six skip themselves, whatever the service
RUNS_WITHIN = 240.0  # two of them wait for 31 seconds each


def ibms_tests(folder: Path, python: Path) -> Path:
    """The tests of the source distribution, unpacked."""
    fetch(
        folder,
        str(python),
        *("-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "keyprotect"),
        f"keyprotect=={VERSION}",
    )
    with tarfile.open(folder / f"keyprotect-{VERSION}.tar.gz") as packed:
        packed.extractall(folder, filter="data")
    return folder / f"keyprotect-{VERSION}" / "test" / "integration"


def test_ibms_integration_tests_pass_unmodified(twin: dict[str, str], tmp_path: Path) -> None:
    python = python_with(f"keyprotect=={VERSION}", "pytest==8.4.2", "cryptography==46.0.3")
    tests = ibms_tests(bench("keyprotect-tests", ()), python)
    prefix = "IBM_KEY_PROTECT_API"
    settings = {
        f"{prefix}_URL": twin["KEYCHAOS_US_SOUTH_URL"],
        f"{prefix}_AUTH_TYPE": "iam",
        f"{prefix}_AUTH_URL": twin["KEYCHAOS_IAM_URL"],
        f"{prefix}_APIKEY": twin["KEYCHAOS_API_KEY"],
        f"{prefix}_BLUEMIX_INSTANCE": twin["KEYCHAOS_US_SOUTH_INSTANCE"],
    }
    lines = [f"{name}={value}\n" for name, value in settings.items()]
    # The tests look for a file of this name where they are started, and skip without it.
    (tmp_path / "ibm_key_protect_api_v2.env").write_text("".join(lines))
    without_ours = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ran = subprocess.run(
        [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", ".", str(tests)],
        cwd=tmp_path,
        env=without_ours,
        capture_output=True,
        text=True,
        timeout=RUNS_WITHIN,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-6000:]
    assert re.search(rf"\b{PASSES} passed, {SKIPS} skipped\b", ran.stdout), ran.stdout[-500:]
