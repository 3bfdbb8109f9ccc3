"""How the playing of a scenario ended, as the run's manifest keeps it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ending:
    """``ended``: seconds since time zero; ``aborted``: why it did not reach its end, or empty.

    ``dropped`` counts arrivals never started, ``clock_error`` bounds how far the load's clock lies
    from the nemesis's.
    """

    ended: float
    aborted: str = ""
    dropped: int = 0
    clock_error: float = 0.0
