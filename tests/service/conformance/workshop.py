"""Where the drivers of other languages are built: a cache outside the repository.

A tool that is missing skips the test with a sentence that says how to get it. Packages are fetched
by each language's own client; when that fails it is an error under CI and a skip elsewhere.
"""

import hashlib
import os
import shutil
import subprocess
import venv
from collections.abc import Sequence
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FETCH_WITHIN = 600.0


def require(tool: str, advice: str) -> str:
    """The path of a tool; the test is skipped with the advice where it is missing."""
    found = shutil.which(tool)
    if found is None:
        pytest.skip(f"{tool} is not installed: {advice}")
    return found


def bench(name: str, sources: Sequence[Path]) -> Path:
    """A folder of its own for these sources, kept from run to run, with the sources in it."""
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:16]
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(home) / "keychaos" / "conformance" / f"{name}-{digest}"
    folder.mkdir(parents=True, exist_ok=True)
    for source in sources:
        shutil.copy(source, folder)
    return folder


def fetch(folder: Path, *command: str) -> None:
    """Run an installing command once in a folder."""
    done = folder / ".fetched"
    if done.exists():
        return
    ran = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=FETCH_WITHIN,
        check=False,
    )
    if ran.returncode == 0:
        done.touch()
        return
    sentence = f"{' '.join(command[:3])} failed, so the packages are missing:\n{ran.stdout[-2000:]}"
    if os.environ.get("CI"):
        pytest.fail(sentence + ran.stderr[-2000:])
    pytest.skip(sentence + ran.stderr[-500:])


def python_with(*packages: str) -> Path:
    """The interpreter of a virtual environment that has these packages."""
    pinned = "\n".join(packages)
    digest = hashlib.sha256(pinned.encode()).hexdigest()[:16]
    folder = bench(f"python-{digest}", ())
    interpreter = folder / "venv" / "bin" / "python"
    if not interpreter.exists():
        venv.create(folder / "venv", with_pip=True)
    fetch(folder, str(interpreter), "-m", "pip", "install", "--quiet", *packages)
    return interpreter
