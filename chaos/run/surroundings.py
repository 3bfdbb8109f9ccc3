"""What a run is played on: versions, the size of the machine, the commit of the user's own code.

Nothing that names a person or a machine.
"""

import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version

# Those that play a run, and those that shape the bytes of its report.
PACKAGES = (
    *("keychaos", "locust", "httpx", "geventhttpclient", "cryptography", "numpy"),
    *("matplotlib", "fpdf2", "pyarrow", "jinja2", "orjson"),
)
_PATIENCE = 2.0
_GIBIBYTE = 1024**3


def environment() -> dict[str, str]:
    """What the run was played on, by name."""
    found = {
        "python": sys.version.split()[0],
        "system": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "processors": str(os.cpu_count()),
        "memory": _memory(),
        **_commit(),
    }
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def _memory() -> str:
    try:
        size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return "unknown"
    return f"{size / _GIBIBYTE:.1f} GiB"


def _commit() -> dict[str, str]:
    """The commit of the folder that the user stands in, and whether it has changes on top.

    Nothing where it is no checkout, or git is missing, slow or broken.
    """
    head = _git("rev-parse", "--verify", "HEAD")
    # Ignored and new files are left out: looking for them takes seconds in a large checkout.
    changed = _git("status", "--porcelain", "--untracked-files=no") if head else None
    if not head or changed is None:
        return {}
    return {"git commit": head, "git changes": "uncommitted" if changed else "none"}


def _git(*words: str) -> str | None:
    # A checkout's own settings must not run programs.
    command = ("git", "-c", "core.fsmonitor=false", "--no-optional-locks", *words)
    try:
        told = subprocess.run(  # noqa: S603 - words of our own
            command, capture_output=True, check=True, timeout=_PATIENCE, text=True
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return told.stdout.strip()
