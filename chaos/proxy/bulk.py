"""When a direction turns to splice mode and back: only for a stream of large reads."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from chaos.proxy.splice import AVAILABLE, Splice
from chaos.proxy.toxics import MIB

# So many bytes in reads of at least so many each make a stream bulk.
BULK, LARGE_READ = 1 * MIB, 64 << 10


class Source(Protocol):
    """The socket at which the direction begins."""

    transport: asyncio.Transport
    write: Callable[[bytes], None]
    passed: int

    def pause(self) -> None:
        """Read no more through the transport."""

    def read_on(self) -> None:
        """Read through the transport again."""

    def spliced(self, why: BaseException | None) -> None:
        """The splice has ended: by the source's end (None) or an error of a socket."""


class Bulk:
    """The way of one direction between its transports and a splice.

    It begins when the destination's transport has written what it was given before, and ends with
    the stream's bulk, its end, an error, or a toxic.
    """

    __slots__ = ("_before", "_destination", "_seen", "_source", "_splice", "_wanted")

    def __init__(self, source: Source) -> None:
        self._source = source
        self._destination: asyncio.Transport | None = None
        self._splice: Splice | None = None
        self._seen = 0
        self._before = 0
        self._wanted = False

    @property
    def active(self) -> bool:
        """Whether bytes go through the pipe, and not through the transports."""
        return self._splice is not None

    def read(self, size: int, destination: asyncio.Transport) -> None:
        """So many bytes, a large read, were handed to the destination's transport."""
        in_a_row = self._source.passed - size == self._before
        self._before = self._source.passed
        self._seen = self._seen + size if in_a_row else size
        if self._seen < BULK or not AVAILABLE or destination.is_closing():
            return
        self._seen = 0
        self._wanted = True
        self._destination = destination
        self._source.pause()
        # With no room in its buffer the transport says when it has written all of it.
        destination.set_write_buffer_limits(high=0)
        if self._wanted and not destination.get_write_buffer_size():
            self.drained()

    def drained(self) -> bool:
        """The destination's transport has nothing left to write: begin, where that was wanted."""
        destination = self._destination
        if not self._wanted or destination is None or destination.is_closing():
            return False
        self._give_up()
        source = self._source.transport.get_extra_info("socket").fileno()
        to = destination.get_extra_info("socket").fileno()
        try:
            self._splice = Splice(source, to, self._moved)
        except OSError:
            # No descriptors to spare: the transports do.
            return False
        self._splice.start(self._ended)
        return True

    def _moved(self, size: int) -> None:
        self._source.passed += size

    def _give_up(self) -> None:
        self._wanted = False
        if self._destination is not None:
            self._destination.set_write_buffer_limits()
            self._destination = None

    def _ended(self, why: BaseException | None) -> None:
        self._splice = None
        if isinstance(why, EOFError):
            self._source.read_on()
        else:
            self._source.spliced(why)

    def stop(self, *, keep: bool) -> None:
        """Back to the transports; what is in the pipe goes on through them, or nowhere."""
        if self._wanted:
            self._give_up()
        if self._splice is None:
            return
        left = self._splice.stop()
        self._splice = None
        if keep:
            if left:
                self._moved(len(left))
                self._source.write(left)
            self._source.read_on()
