"""What passes through a process and what it holds meanwhile, in bytes."""

from chaos.proxy.toxics import MIB


class Traffic:
    """Bytes of one proxy in one direction that a link took in and let out.

    What passes without a link is counted where it passes, by each side.
    """

    __slots__ = ("received", "sent")

    def __init__(self) -> None:
        self.received = 0
        self.sent = 0

    def passed(self, size: int) -> None:
        """So many bytes went from one socket to the other without a link."""
        self.received += size
        self.sent += size


class Budget:
    """What all links of a process may hold together before each may hold no more than a little.

    A latency toxic may hold 32 MiB, which is right for one connection and too much for a thousand.
    """

    __slots__ = ("held", "limit")

    def __init__(self, limit: int = 256 * MIB) -> None:
        self.limit = limit
        self.held = 0
