"""A PostgreSQL server of a test's own: in a folder of its own, on a Unix socket, for as long as it
is needed."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

HOW = "PostgreSQL is not installed; Debian has it: apt-get install postgresql"
PLACES = "/usr/lib/postgresql/*/bin"
READY_WITHIN = 60.0
# It refuses to run as root, as in a container; then it runs as nobody.
NOBODY: dict[str, Any] = {"user": 65534, "group": 65534, "extra_groups": []}


def programs() -> Path:
    """Where its programs are; the test is skipped, and says how to get them, where they are not."""
    found = sorted(Path("/").glob(f"{PLACES[1:]}/initdb"))
    known = shutil.which("initdb")
    if not found and known is None:
        pytest.skip(HOW)
    return Path(os.path.realpath(known)).parent if known else found[-1].parent


@contextmanager
def database() -> Iterator["psycopg.Connection[Any]"]:
    """A connection to a database that nobody else knows, and that is gone afterwards."""
    bin_ = programs()
    anybody = NOBODY if os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory(prefix="kc-pg-", ignore_cleanup_errors=True) as place:
        folder = Path(place)
        if anybody:
            os.chown(folder, NOBODY["user"], NOBODY["group"])
        made = (bin_ / "initdb", "-D", folder / "data", "-U", "tests", "-A", "trust", "--no-sync")
        subprocess.run(made, check=True, capture_output=True, cwd=folder, **anybody)
        served = (bin_ / "postgres", "-D", folder / "data", "-k", folder, "-F", "-h", "")
        server = subprocess.Popen(
            served, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, **anybody
        )
        try:
            with _connected(folder) as connection:
                yield connection
        finally:
            server.terminate()
            server.wait(READY_WITHIN)


def _connected(folder: Path) -> "psycopg.Connection[Any]":
    until = time.monotonic() + READY_WITHIN
    while True:
        try:
            return psycopg.connect(
                host=str(folder), user="tests", dbname="postgres", autocommit=True
            )
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
