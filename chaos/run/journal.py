"""The journal: what was noted, on disk as it happens, so that a killed run keeps what it saw.

A folder holds `attempts.bin` and `operations.bin` (the layouts of :mod:`chaos.run.record`, byte
for byte) and `events.jsonl` (everything else, a line each). Each process of a run writes a folder
of its own; :mod:`chaos.run.stored` reads them together.
"""

from pathlib import Path
from typing import BinaryIO

from chaos.errors import WorldError
from chaos.run.encoding import Encoder
from chaos.run.world import Event

ATTEMPTS, OPERATIONS, EVENTS = "attempts.bin", "operations.bin", "events.jsonl"


class Journal:
    """Writes events to one folder. Call `flush` now and then, and `close` at the end.

    ``regions`` gives the codes of the region column. Raises WorldError where the folder cannot be
    written.
    """

    def __init__(self, folder: Path, regions: tuple[str, ...]) -> None:
        self._folder = folder
        self._streams: dict[str, BinaryIO] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._open(EVENTS)
        except OSError as error:
            raise WorldError(f"{folder} cannot be written: {error.strerror}.") from error
        self._encoder = Encoder(
            regions,
            lambda record: self._open(ATTEMPTS).write(record),
            lambda record: self._open(OPERATIONS).write(record),
            lambda line: self._open(EVENTS).write(line),
        )

    def _open(self, name: str) -> BinaryIO:
        # On first use: the nemesis's folder has no attempts, so it has no such file.
        stream = self._streams.get(name)
        if stream is None:
            stream = self._streams[name] = (self._folder / name).open("wb")
        return stream

    def note(self, event: Event) -> None:
        """Keep one event."""
        self._encoder.note(event)

    def flush(self) -> None:
        """Hand everything to the operating system: from here a SIGKILL loses none of it."""
        for stream in self._streams.values():
            if not stream.closed:
                stream.flush()

    def close(self) -> None:
        """Flush and close; may be called twice."""
        for stream in self._streams.values():
            stream.close()
