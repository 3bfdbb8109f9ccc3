"""What a signal does to a command: it is never green, and it undoes nothing that was recorded.

Until a command has something to lose, a signal ends it at once, in one sentence. From then on the
signal is held: whoever plays ends the run in good order, and its report is written to the end.
"""

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from types import FrameType

from chaos.exits import ABORTED

WORDS = {
    signal.SIGINT: "Ctrl-C (SIGINT)",
    signal.SIGTERM: "SIGTERM",
    signal.SIGHUP: "SIGHUP",
}


def leave_at_once() -> None:
    """From here on a signal ends the process, with a sentence and no traceback."""
    for number in _heard():
        signal.signal(number, _leave)


def _leave(*_: object) -> None:
    # No exception: raised in the middle of an import it may come out as quite another.
    with contextlib.suppress(OSError):
        os.write(2, b"Stopped.\n")
    os._exit(ABORTED)


class Held:
    """Signals that wait. ``came`` names the first one as people know it, empty until then."""

    def __init__(self) -> None:
        self.came = ""
        self._act: Callable[[str], object] | None = None
        self._raises = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """A signal is here."""
        first = not self.came
        self.came = self.came or WORDS[signal.Signals(number)]
        if first and self._act is not None:
            self._act(self.came)
        if self._raises:
            raise KeyboardInterrupt

    @contextlib.contextmanager
    def telling(self, act: Callable[[str], object]) -> Iterator[None]:
        """Within, tell ``act`` of the first one, at once where it is here already."""
        self._act = act
        try:
            if self.came:
                act(self.came)
            yield
        finally:
            self._act = None

    @contextlib.contextmanager
    def raising(self) -> Iterator[None]:
        """Within, each one raises KeyboardInterrupt; where it is here already, nothing begins."""
        self._raises = True
        try:
            if self.came:
                raise KeyboardInterrupt
            yield
        finally:
            self._raises = False


@contextlib.contextmanager
def held() -> Iterator[Held]:
    """Hold every signal until the end, and then do with them what was done before."""
    holding = Held()
    before = {number: signal.signal(number, holding) for number in _heard()}
    try:
        yield holding
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def _heard() -> list[signal.Signals]:
    """Those that count here: who was started by nohup does not hear that the terminal closes."""
    ignored = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    return [number for number in WORDS if not (number == signal.SIGHUP and ignored)]
