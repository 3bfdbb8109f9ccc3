"""The folder that a run is written to: a new one, or one with nothing in it."""

import contextlib
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from chaos.errors import WorldError


def reserve(folder: Path) -> Path:
    """Make a new folder of that name, with a number behind it where another run has it already."""
    for number in count(1):
        place = folder if number == 1 else folder.with_name(f"{folder.name}-{number}")
        with writing(folder), contextlib.suppress(FileExistsError):
            place.mkdir(parents=True)
            return place
    raise AssertionError("there is always another number")


def vacant(folder: Path) -> bool:
    """Whether it is a folder with nothing in it."""
    return folder.is_dir() and not any(folder.iterdir())


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """What cannot be written there is told in a sentence. Raises WorldError."""
    try:
        yield
    except OSError as error:
        raise WorldError(
            f"{folder} cannot be written: {error.strerror}. Name another place with --out."
        ) from error
