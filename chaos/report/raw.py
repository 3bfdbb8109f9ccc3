"""The raw files of a stored run: sizes, rows and SHA-256 of what every number comes from."""

import hashlib
from pathlib import Path

from chaos.report.rows import FileRow
from chaos.run import stored
from chaos.run.journal import ATTEMPTS, OPERATIONS
from chaos.run.record import ATTEMPT, OPERATION

LAYOUTS = {ATTEMPTS: ATTEMPT, OPERATIONS: OPERATION}


def files(folder: Path) -> tuple[FileRow, ...]:
    """One row per raw file of a run's folder; none where nothing is stored there."""
    return tuple(_row(folder, path) for path in stored.raw_files(folder) if path.is_file())


def _row(folder: Path, path: Path) -> FileRow:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    octets = path.stat().st_size
    return FileRow(path.relative_to(folder).as_posix(), octets, _rows(path, octets), digest)


def _rows(path: Path, octets: int) -> int | None:
    if path.name in LAYOUTS:
        return octets // LAYOUTS[path.name].itemsize
    if path.suffix == ".jsonl":
        with path.open("rb") as stream:
            return sum(1 for _ in stream)
    return None
