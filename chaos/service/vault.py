"""A region's keys on disk: SQLite in WAL mode; each change is committed before it is acknowledged.

A process that is killed at any moment loses nothing that it acknowledged, as the operating system
has it by then; a machine that loses its power may lose the last moments, as commits are not waited
for on the platter (`synchronous` NORMAL). A request's changes are one transaction: all or none. A
row is a tenant without its keys, or one key, sealed with AES-256-GCM under ``sealing.key`` beside
it, which only its owner can read; its name is authenticated with it, so that no row can stand for
another.
"""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chaos.errors import WorldError
from chaos.service.archive import Record, records, restored
from chaos.service.instance import Entropy, Instance

NONCE_SIZE = 12
SEALING_KEY_SIZE = 32
TENANT = ""  # where a key's id would stand
FORMAT = 1
_TABLE = """CREATE TABLE IF NOT EXISTS kept
    (instance TEXT, key TEXT, sealed BLOB NOT NULL, PRIMARY KEY (instance, key)) WITHOUT ROWID"""
_PUT = "INSERT OR REPLACE INTO kept VALUES (?, ?, ?)"
_DROP = "DELETE FROM kept WHERE instance = ? AND key = ?"
_DROP_ALL = "DELETE FROM kept WHERE instance = ?"


class Vault:
    """The database of one region in a directory; one process at a time has it open."""

    def __init__(self, directory: Path, region: str) -> None:
        self._region = region
        self._path = directory / f"{region}.sqlite"
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._sealer = AESGCM(_sealing_key(directory / "sealing.key"))
            # SQLite gives the files that it makes beside it the same mode.
            os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600))
        except OSError as error:
            reason = error.strerror or str(error)
            raise WorldError(f"Keys cannot be kept in {directory}: {reason}.") from None
        self._dropped = False  # something, which may still stand in the log
        self._database = sqlite3.connect(self._path, timeout=0.0, isolation_level=None)
        try:
            self._open()
        except sqlite3.Error as error:
            self._database.close()
            if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
                message = f"Another key service has {directory} open for {region}."
                raise WorldError(message) from None
            raise self._broken() from None

    def _open(self) -> None:
        run = self._database.execute
        # One process has it: the lock is held to the end, and the index of the log is in memory.
        run("PRAGMA locking_mode = EXCLUSIVE")
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = NORMAL")
        # What is deleted is overwritten, and the log emptied: a purged key leaves nothing in these
        # files, sealed or not.
        run("PRAGMA secure_delete = ON")
        run("BEGIN IMMEDIATE")
        run(_TABLE)
        (kept_format,) = run("PRAGMA user_version").fetchone()
        if kept_format not in (0, FORMAT):
            raise sqlite3.DatabaseError
        run(f"PRAGMA user_version = {FORMAT}")
        run("COMMIT")

    def load(self, entropy: Entropy) -> dict[str, Instance]:
        """The instances as they were last kept; WorldError when a row is broken or not ours."""
        try:
            return restored(self._unsealed(), entropy)
        except (InvalidTag, ValueError, sqlite3.Error):
            raise self._broken() from None

    def keep(self, instance: Instance, touched: frozenset[str], now: float) -> None:
        """Commit what changed, all of it or nothing; OSError when the disk does not take it."""
        try:
            self._commit(list(records(instance, touched)))
        except sqlite3.Error as error:
            full = getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL
            number = errno.ENOSPC if full else errno.EIO
            raise OSError(number, os.strerror(number)) from None
        if self._dropped:
            self._empty_log()

    def _commit(self, changes: list[Record]) -> None:
        run = self._database.execute
        run("BEGIN IMMEDIATE")
        try:
            for record in changes:
                if record.tenant is not None:
                    run(_PUT, self._row(record.instance, TENANT, record.written()))
                elif record.key is not None:
                    run(_PUT, self._row(record.instance, record.key.id, record.written()))
                elif record.purged:
                    run(_DROP, (record.instance, record.purged))
                else:
                    run(_DROP_ALL, (record.instance,))
                self._dropped |= record.tenant is None and record.key is None
            run("COMMIT")
        finally:
            if self._database.in_transaction:
                run("ROLLBACK")

    def _empty_log(self) -> None:
        """Have nothing left in the log either, where what was dropped stands as it was written.

        It is dropped whether or not the disk lets this happen now, so a failure is nobody's but the
        next change's, which tries again.
        """
        with suppress(sqlite3.Error):
            (busy, *_) = self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            self._dropped = bool(busy)

    def close(self) -> None:
        """Let the next process have it."""
        self._database.close()

    def _row(self, instance: str, key: str, plain: bytes) -> tuple[str, str, bytes]:
        nonce = os.urandom(NONCE_SIZE)
        return instance, key, nonce + self._sealer.encrypt(nonce, plain, self._name(instance, key))

    def _unsealed(self) -> Iterator[bytes]:
        for instance, key, sealed in self._database.execute("SELECT * FROM kept"):
            nonce, content = sealed[:NONCE_SIZE], sealed[NONCE_SIZE:]
            yield self._sealer.decrypt(nonce, content, self._name(instance, key))

    def _name(self, instance: str, key: str) -> bytes:
        return f"{self._region}/{instance}/{key}".encode()

    def _broken(self) -> WorldError:
        return WorldError(f"{self._path} is broken or was sealed with another key; move it away.")


def _sealing_key(path: Path) -> bytes:
    """The key in the file, which is made with a new one when it does not exist.

    Regions that start at once may both want to make it: the first one's counts, and it is there
    whole or not at all.
    """
    if not path.exists():
        unfinished = path.with_name(f"{path.name}.{os.getpid()}")
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(AESGCM.generate_key(8 * SEALING_KEY_SIZE))
        try:
            path.hardlink_to(unfinished)
        except FileExistsError:
            pass
        finally:
            unfinished.unlink()
    return path.read_bytes()
