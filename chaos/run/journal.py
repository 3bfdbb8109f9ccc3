"""The journal: what was noted, on disk as it happens, so that a killed run keeps what it saw.

A folder holds `attempts.bin` and `operations.bin` (the layouts of :mod:`chaos.run.record`, byte
for byte) and `events.jsonl` (everything else, a line each). Each process of a run writes a folder
of its own; :mod:`chaos.run.stored` reads them together.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from chaos.errors import WorldError
from chaos.run.encoding import Encoder
from chaos.run.world import Event

ATTEMPTS, OPERATIONS, EVENTS = "attempts.bin", "operations.bin", "events.jsonl"


class Journal:
    """Writes events to one folder. Call `flush` now and then, and `close` at the end.

    ``regions`` gives the codes of the region column. Everything raises WorldError where the folder
    cannot be written, or not any more.
    """

    def __init__(self, folder: Path, regions: tuple[str, ...]) -> None:
        with _told(folder):
            folder.mkdir(parents=True, exist_ok=True)
        self._files = [_Appended(folder / name) for name in (ATTEMPTS, OPERATIONS, EVENTS)]
        attempts, operations, events = self._files
        events.open()
        self._encoder = Encoder(regions, attempts.write, operations.write, events.write)

    def note(self, event: Event) -> None:
        """Keep one event."""
        self._encoder.note(event)

    def flush(self) -> None:
        """Hand everything to the operating system: from here a SIGKILL loses none of it."""
        # Reasons first: no record may name one that is lost.
        for file in reversed(self._files):
            file.flush()

    def close(self) -> None:
        """Flush and close all of it; may be called twice."""
        with contextlib.ExitStack() as ending:
            for file in self._files:
                ending.callback(file.close)


class _Appended:
    """A file that is made with its first record: the nemesis's folder has no attempts' file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stream: BinaryIO | None = None

    def open(self) -> BinaryIO:
        with _told(self._path.parent):
            self._stream = self._path.open("wb")
        return self._stream

    def write(self, record: bytes) -> None:
        stream = self._stream or self.open()
        try:
            stream.write(record)
        except OSError as error:
            raise _refusal(self._path.parent, error) from error

    def flush(self) -> None:
        if self._stream is not None and not self._stream.closed:
            with _told(self._path.parent):
                self._stream.flush()

    def close(self) -> None:
        if self._stream is not None:
            with _told(self._path.parent):
                self._stream.close()


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _refusal(folder, error) from error


def _refusal(folder: Path, error: OSError) -> WorldError:
    return WorldError(f"{folder} cannot be written: {error.strerror}.")
