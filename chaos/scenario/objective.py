"""An objective as a value: a measure, a comparison, a limit (`failover.p95 <= rto`).

The grammar lives in :mod:`chaos.scenario.expression`; what each measure means is decided in
:mod:`chaos.analysis`, once, for every world.
"""

from dataclasses import dataclass
from typing import Literal

Comparison = Literal["<=", ">=", "<", ">", "=="]
Unit = Literal["seconds", "share", "ratio", "count", "rate"]


@dataclass(frozen=True, slots=True)
class Measure:
    """What is measured: `availability(fault, us-east)` or `failover.p95`.

    ``where`` are the arguments in the order written: phases, regions, operation kinds or the
    words `after failover`. ``statistic`` is the part after the dot, None where there is none.
    """

    name: str
    where: tuple[str, ...] = ()
    statistic: str | None = None


@dataclass(frozen=True, slots=True)
class Objective:
    """One rule that a run must hold, as written in the scenario file.

    ``limit`` is in the measure's unit: seconds, a share of one, a ratio, a count or a rate per
    second. ``line`` is the rule's line in the file, for messages, and ``parameter`` the name that
    the limit was written as, empty where it was written as a quantity.
    """

    text: str
    measure: Measure
    comparison: Comparison
    limit: float
    unit: Unit
    line: int
    parameter: str = ""
