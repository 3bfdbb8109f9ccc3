"""A process that heals a real Toxiproxy when whoever changed it is gone.

Toxiproxy has no leases. Its controller therefore tells a guardian, before each change, the requests
that undo it, and keeps beating while it lives. When the beats stop for longer than the lease, or
stdin ends, the guardian sends what undoes the changes that still stand, the latest first::

    {"url": "http://127.0.0.1:8474", "lasts": 5.0}
    {"hold": "latency_downstream", "undo": [["DELETE", "/proxies/a/toxics/latency_downstream"]]}
    {"beat": true}
    {"drop": "latency_downstream"}

It answers `{"ready": true}` to the first line and `{"held": name}` to each hold, so that no change
is made that nobody would undo.
"""

import json
import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from typing import Any, NoReturn

from chaos.errors import WorldError
from chaos.proxy.client import ApiClient

ENVIRONMENT = 5
# How long a proxy that does not answer is asked again before it is taken to be gone.
HEALS_WITHIN = 3.0


class Guardian:
    """The undoing of changes that still stand, in the order in which they were made."""

    def __init__(self, url: str) -> None:
        self._api = ApiClient(url, timeout=1.0)
        self._undo: dict[str, list[list[Any]]] = {}

    def hear(self, line: str) -> str | None:
        """Act on one line of the controller's; what to answer."""
        said = json.loads(line)
        if "hold" in said:
            # What stood before the first change of a thing is what it is put back to.
            self._undo.setdefault(said["hold"], said["undo"])
            return json.dumps({"held": said["hold"]})
        if "drop" in said:
            self._undo.pop(said["drop"], None)
        return None

    def heal(self) -> bool:
        """Undo what still stands; whether the proxy heard all of it."""
        by = time.monotonic() + HEALS_WITHIN
        while self._undo:
            _, requests = self._undo.popitem()
            for method, path, *body in requests:
                if not self._sent(method, path, body[0] if body else None, by):
                    return False
        return True

    def _sent(self, method: str, path: str, body: object, by: float) -> bool:
        while True:
            try:
                self._api.send(method, path, body)
            except WorldError:
                if time.monotonic() > by:
                    return False
                time.sleep(0.1)
            else:
                # A refusal means that it was healed by hand.
                return True


class _Stopped(Exception):  # noqa: N818 - it is a signal, not an error
    """SIGTERM came: heal and go."""


def _stop(*_: object) -> NoReturn:
    raise _Stopped


def _lines(fileno: int) -> Iterator[str]:
    """The lines of a pipe, until it ends or is silent for longer than the first line allows."""
    waiting, silence = b"", None
    while select.select([fileno], [], [], silence)[0] and (more := os.read(fileno, 1 << 16)):
        *lines, waiting = (waiting + more).split(b"\n")
        for line in lines:
            if silence is None:
                silence = float(json.loads(line)["lasts"])
            yield line.decode()


def watch(stdin: int, stdout: int) -> int:
    """Listen to a controller until it is gone, then heal; exit code 5 where that failed."""
    lines = _lines(stdin)
    first = next(lines, None)
    if first is None:
        return 0
    guardian = Guardian(json.loads(first)["url"])
    _say(stdout, json.dumps({"ready": True}))
    try:
        for line in lines:
            answer = guardian.hear(line)
            if answer is not None:
                _say(stdout, answer)
    except _Stopped:
        pass
    return 0 if guardian.heal() else ENVIRONMENT


def _say(stdout: int, line: str) -> None:
    try:
        os.write(stdout, line.encode() + b"\n")
    except BrokenPipeError:
        # The controller is gone; the end of stdin says so next.
        return


def main() -> int:
    """The child's entry. Ctrl-C reaches the whole group, and the controller decides."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _stop)
    return watch(sys.stdin.fileno(), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
