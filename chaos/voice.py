"""What is said to people, who may have gone: no closed pipe and no full disk ends what goes on."""

import contextlib
import os
import sys
from typing import IO, TYPE_CHECKING, TextIO, cast

if TYPE_CHECKING:
    from rich.console import Console


class Voice:
    """A stream that falls silent, instead of failing, once it cannot be written any more."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Say it, where anybody still listens."""
        try:
            return self._stream.write(text)
        except OSError:
            silence(self._stream)
            return len(text)

    def flush(self) -> None:
        """Hand it over, where anybody still listens."""
        try:
            self._stream.flush()
        except OSError:
            silence(self._stream)


def console(*, stderr: bool = False) -> "Console":
    """A console that goes on when its reader does not, as rich's own would not."""
    from rich.console import Console  # noqa: PLC0415 - most commands say a sentence and no more

    voice = cast("IO[str]", Voice(sys.stderr if stderr else sys.stdout))
    return Console(file=voice, highlight=False, soft_wrap=False)


def complain(sentence: str) -> None:
    """One sentence on standard error."""
    voice = Voice(sys.stderr)
    voice.write(f"{sentence}\n")
    voice.flush()


def silence(stream: TextIO) -> None:
    """What is still to be written goes nowhere, instead of failing again at the very end."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
