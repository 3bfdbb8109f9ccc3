"""What a side needs of its connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    # A connection has two sides, and each has its connection.
    from chaos.proxy.alarm import Alarm
    from chaos.proxy.side import Side
    from chaos.proxy.traffic import Budget


class Pair(Protocol):
    """What a side needs of its connection."""

    over: bool
    number: int
    alarm: Alarm
    budget: Budget

    def made(self, side: Side) -> None:
        """The side's socket is open."""

    def finish(self, side: Side) -> None:
        """Pass an end on to this side."""

    def close(self, behind: Side | None = None) -> None:
        """Close both sockets."""

    def reset(self) -> None:
        """Reset both sockets."""

    def lost(self, side: Side, *, by_reset: bool) -> None:
        """The side's socket is gone."""
