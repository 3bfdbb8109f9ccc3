"""What a side needs of its connection."""

from typing import Protocol, TypeVar

from chaos.proxy.alarm import Alarm
from chaos.proxy.traffic import Budget

# A connection has two sides, and each has its connection: what a side is stands in a module that
# has to know this one.
Side_contra = TypeVar("Side_contra", contravariant=True)


class Pair(Protocol[Side_contra]):
    """What a side needs of its connection."""

    over: bool
    number: int
    alarm: Alarm
    budget: Budget

    def made(self, side: Side_contra) -> None:
        """The side's socket is open."""

    def finish(self, side: Side_contra) -> None:
        """Pass an end on to this side."""

    def close(self, behind: Side_contra | None = None) -> None:
        """Close both sockets."""

    def reset(self) -> None:
        """Reset both sockets."""

    def lost(self, side: Side_contra, *, by_reset: bool) -> None:
        """The side's socket is gone."""
