"""Bulk data from one socket to another through a pipe, without a copy in this process (Linux).

Only worth while for a stream of large reads: small messages are faster through the transports. It
works on duplicates of the transports' descriptors, so it must be stopped before either is closed,
or the kernel would keep the connection open.
"""

import asyncio
import contextlib
import fcntl
import os
import select
import sys
from collections.abc import Callable

AVAILABLE = sys.platform == "linux" and hasattr(os, "splice")
PIPE_SIZE = 1 << 20
# What is moved in one go before the other connections get their turn.
TURN = 4 << 20
# Reads that found less than this: the stream is no longer bulk.
SMALL = 32 << 10
SMALL_READS = 8

Ended = Callable[[BaseException | None], None]


class Splice:
    """One direction in splice mode; the transports at both ends are idle in it meanwhile.

    ``moved`` is told the bytes that reached the destination. ``ended`` is called once, with the
    splice stopped: with None where the source sent its end, EOFError where the stream is no longer
    bulk, or the error of either socket.
    """

    def __init__(self, source: int, destination: int, moved: Callable[[int], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._source = os.dup(source)
        self._destination = os.dup(destination)
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        # Without the right to a large pipe a small one does, only slower.
        with contextlib.suppress(OSError):
            fcntl.fcntl(self._write, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
        self._moved = moved
        self._ended: Ended | None = None
        self._piped = 0
        self._small = 0
        # uvloop's readers and writers are not told of a socket that was reset while they waited;
        # an epoll of our own is only ever readable, whatever happened to what it watches.
        self._watch = select.epoll()
        self._awaited = -1

    def start(self, ended: Ended) -> None:
        """Begin to move bytes."""
        self._ended = ended
        self._await(self._source, select.EPOLLIN)
        self._loop.add_reader(self._watch.fileno(), self._ready)

    def _await(self, descriptor: int, event: int) -> None:
        if descriptor == self._awaited:
            return
        if self._awaited >= 0:
            self._watch.unregister(self._awaited)
        self._watch.register(descriptor, event)
        self._awaited = descriptor

    def _ready(self) -> None:
        try:
            if self._awaited == self._source:
                self._move()
            elif self._push():
                self._await(self._source, select.EPOLLIN)
        except OSError as error:
            self._finish(error)

    def _move(self) -> None:
        turn = 0
        while turn < TURN:
            try:
                size = os.splice(self._source, self._write, PIPE_SIZE)
            except BlockingIOError:
                return
            if not size:
                self._finish(None)
                return
            self._piped += size
            turn += size
            if not self._push():
                self._await(self._destination, select.EPOLLOUT)
                return
            self._small = self._small + 1 if size < SMALL else 0
            if self._small >= SMALL_READS:
                self._finish(EOFError())
                return

    def _push(self) -> bool:
        """Move what is in the pipe on; whether all of it went."""
        while self._piped:
            try:
                size = os.splice(self._read, self._destination, self._piped)
            except BlockingIOError:
                return False
            self._piped -= size
            self._moved(size)
        return True

    def _finish(self, why: BaseException | None) -> None:
        ended, self._ended = self._ended, None
        self.stop()
        if ended is not None:
            ended(why)

    def stop(self) -> bytes:
        """Stop; what was read from the source and has not reached the destination."""
        if self._source < 0:
            return b""
        self._ended = None
        self._loop.remove_reader(self._watch.fileno())
        self._watch.close()
        left = bytearray()
        while self._piped > len(left):
            left += os.read(self._read, PIPE_SIZE)
        for descriptor in (self._source, self._destination, self._read, self._write):
            os.close(descriptor)
        self._source = -1
        return bytes(left)
