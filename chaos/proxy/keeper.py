"""What keeps a controller's changes alive while it lives, and heals them when it is gone.

Our own server leases changes (:class:`LeaseKeeper` renews); for a real Toxiproxy a guardian
process knows what undoes them (:class:`GuardianKeeper` beats).
"""

import contextlib
import json
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any, Protocol

from chaos.errors import WorldError
from chaos.proxy.client import ApiClient

# A lease survives two heartbeats that come too late.
BEATS = 3
Undo = list[list[Any]]


class Keeper(Protocol):
    """Who heals, when the controller no longer can."""

    def hold(self, name: str, undo: Undo) -> None:
        """A change is about to be made; these requests undo it."""

    def drop(self, name: str) -> None:
        """The change of that name was undone."""

    def close(self) -> None:
        """The controller ends in good order: what it left changed is healed now."""


class _Heart:
    """A thread that beats until it is stopped."""

    def __init__(self, every: float, beat: Callable[[], None]) -> None:
        self._stop = threading.Event()
        self._every = every
        self._beat = beat
        self._thread = threading.Thread(target=self._run, name="proxy-heartbeat", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(self._every):
            # A proxy that is busy or gone is noticed by the next change.
            with contextlib.suppress(WorldError, OSError, ValueError):
                self._beat()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


class LeaseKeeper:
    """Renews one lease of our server, under which every change of a controller stands."""

    def __init__(self, url: str, lasts: float) -> None:
        self._api = ApiClient(url, timeout=lasts)
        self.lease = secrets.token_hex(8)
        self.headers = {"X-Lease": f"{lasts:g}s", "X-Lease-Id": self.lease}
        self._heart = _Heart(lasts / BEATS, self._renew)

    def _renew(self) -> None:
        # Without a change there is no lease yet, which is no reason to stop beating.
        self._api.ask("POST", "leases", self.lease)

    def hold(self, name: str, undo: Undo) -> None:
        """Nothing: the server itself works out what undoes a change."""

    def drop(self, name: str) -> None:
        """Nothing: the server sees it."""

    def close(self) -> None:
        """End the lease, which heals at once."""
        self._heart.stop()
        with contextlib.suppress(WorldError):
            self._api.ask("DELETE", "leases", self.lease)
        self._api.close()


class GuardianKeeper:
    """Tells a guardian process what undoes each change, and that the controller lives.

    Raises WorldError where the guardian does not start or does not answer.
    """

    def __init__(self, url: str, lasts: float) -> None:
        self._lock = threading.Lock()
        command = [sys.executable, "-m", "chaos.proxy.guardian"]
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._said({"url": url, "lasts": lasts}, {"ready": True})
        self._heart = _Heart(lasts / BEATS, self._beat)

    def _beat(self) -> None:
        with self._lock:
            self._say({"beat": True})

    def _say(self, value: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(value).encode() + b"\n")
        self._process.stdin.flush()

    def _said(self, value: object, expected: object) -> None:
        assert self._process.stdout is not None
        try:
            self._say(value)
            answer = self._process.stdout.readline()
        except OSError:
            answer = b""
        if not answer or json.loads(answer) != expected:
            raise WorldError("The guardian of the fault proxy has ended, so nothing was changed.")

    def hold(self, name: str, undo: Undo) -> None:
        """Let the guardian know how to undo a change before it is made."""
        with self._lock:
            self._said({"hold": name, "undo": undo}, {"held": name})

    def drop(self, name: str) -> None:
        """Let the guardian know that a change was undone."""
        with self._lock, contextlib.suppress(OSError):
            self._say({"drop": name})

    def close(self) -> None:
        """Let the guardian heal what stands, and wait for it."""
        self._heart.stop()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with contextlib.suppress(OSError):
                pipe.close()
        self._process.wait()
