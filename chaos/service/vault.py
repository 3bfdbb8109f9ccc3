"""A region's keys on disk: each change is sealed and appended before it is acknowledged.

A process that is killed loses nothing that it acknowledged, as the operating system has it by then;
a machine that loses its power may lose the last second (nothing is fsynced). The log is sealed with
AES-256-GCM under ``sealing.key`` beside it, which only its owner can read; records are numbered, so
that none can be left out or moved. It is written anew, without what is superseded, at every start.
"""

import errno
import fcntl
import os
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chaos.errors import WorldError
from chaos.service.archive import records, restored
from chaos.service.instance import Entropy, Instance

NONCE_SIZE = 12
SEALING_KEY_SIZE = 32
_LENGTH = struct.Struct("<I")
_NUMBER = struct.Struct("<Q")


class Vault:
    """The log of one region in a directory; one process at a time has it open."""

    def __init__(self, directory: Path, region: str) -> None:
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._path = directory / f"{region}.log"
            self._sealer = AESGCM(_sealing_key(directory / "sealing.key"))
            self._lock = _locked(directory / f"{region}.lock")
        except BlockingIOError:
            message = f"Another key service has {directory} open for {region}."
            raise WorldError(message) from None
        except OSError as error:
            reason = error.strerror or str(error)
            raise WorldError(f"Keys cannot be kept in {directory}: {reason}.") from None
        self._log = -1
        self._number = 0

    def load(self, entropy: Entropy) -> dict[str, Instance]:
        """The instances as they were last kept; WorldError when the log is broken or not ours."""
        try:
            kept = self._path.read_bytes() if self._path.exists() else b""
            instances = restored(self._unsealed(kept), entropy)
        except (InvalidTag, ValueError):
            message = f"{self._path} is broken or was sealed with another key; move it away."
            raise WorldError(message) from None
        fresh = self._path.with_suffix(".new")
        self._log = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        self._number = 0
        for instance in instances.values():
            self.keep(instance, frozenset(instance.keys))
        fresh.replace(self._path)
        return instances

    def keep(self, instance: Instance, touched: frozenset[str]) -> None:
        """Append what changed; all of it in one write, so that a kill leaves all or a torn tail.

        OSError when the disk takes nothing or a part, which is taken back: nothing may follow it.
        """
        number, size = self._number, os.fstat(self._log).st_size
        appended = b"".join(self._sealed(records(instance, touched)))
        try:
            _write_whole(self._log, appended)
        except OSError:
            os.ftruncate(self._log, size)
            self._number = number
            raise

    def close(self) -> None:
        """Let the next process have it."""
        os.close(self._log)
        os.close(self._lock)

    def _sealed(self, plain: Iterable[bytes]) -> Iterator[bytes]:
        for record in plain:
            nonce = os.urandom(NONCE_SIZE)
            sealed = nonce + self._sealer.encrypt(nonce, record, _NUMBER.pack(self._number))
            self._number += 1
            yield _LENGTH.pack(len(sealed)) + sealed

    def _unsealed(self, kept: bytes) -> Iterator[bytes]:
        place = number = 0
        while place + _LENGTH.size <= len(kept):
            (length,) = _LENGTH.unpack_from(kept, place)
            begin, end = place + _LENGTH.size, place + _LENGTH.size + length
            if end > len(kept):
                return  # the tail that a kill tore: it was never acknowledged
            nonce, sealed = kept[begin : begin + NONCE_SIZE], kept[begin + NONCE_SIZE : end]
            yield self._sealer.decrypt(nonce, sealed, _NUMBER.pack(number))
            place, number = end, number + 1


def _write_whole(opened: int, appended: bytes) -> None:
    if os.write(opened, appended) < len(appended):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _locked(path: Path) -> int:
    """The open lock file; BlockingIOError when another process has it."""
    opened = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(opened)
        raise
    return opened


def _sealing_key(path: Path) -> bytes:
    """The key in the file, which is made with a new one when it does not exist."""
    try:
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(opened, "wb") as file:
        key = AESGCM.generate_key(8 * SEALING_KEY_SIZE)
        file.write(key)
    return key
