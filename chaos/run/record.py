"""A run as it was recorded: columns of attempts and operations, decisions, changes and the ledger.

The columns are numpy structured arrays with the layouts below, which are also the journal's files
byte for byte (little-endian). Codes index the name tables of this module or of the run.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from chaos.client.call import Why
from chaos.exchange import FAILURE_KINDS
from chaos.run.world import Applied, Audited, Decided, Wrapped
from chaos.scenario.model import Scenario

OUTCOMES = ("ok", "failed", "unknown")
OPERATION_KINDS = ("wrap", "unwrap")
WHYS: tuple[Why, ...] = get_args(Why)
# A failure is stored where the HTTP status stands, below any legal status.
FAILURE_CODES = {kind: code for code, kind in enumerate(FAILURE_KINDS, start=1)}

ATTEMPT = np.dtype(
    [
        ("sent", "<f8"),
        ("ended", "<f8"),
        ("waited", "<f4"),
        ("retry_after", "<f4"),  # what the reply asked for, seconds; NaN where it asked for nothing
        ("operation", "<u4"),
        ("client", "<u2"),
        ("status", "<u2"),  # HTTP status, or FAILURE_CODES where no answer came
        ("number", "u1"),  # within the operation; 255 stands for more
        ("region", "u1"),  # index into Run.regions; 255: the token service
        ("why", "u1"),  # index into WHYS
        ("flags", "u1"),  # 1: request was written, 2: reused connection
    ]
)
OPERATION = np.dtype(
    [
        ("due", "<f8"),
        ("started", "<f8"),
        ("ended", "<f8"),
        ("number", "<u4"),
        ("client", "<u2"),
        ("attempts", "u1"),
        ("kind", "u1"),  # index into OPERATION_KINDS
        ("outcome", "u1"),  # index into OUTCOMES
        ("region", "u1"),  # where the last attempt went; 255: none was made
        ("why", "<u2"),  # index into Run.whys, 0 is ""
    ]
)
NOWHERE = 255
WRITTEN, REUSED = 1, 2

Columns = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Run:
    """Everything that a run left behind; analysis and reports are functions of it alone.

    ``ended`` is when the load's last operation ended. ``aborted`` says why the run did not reach
    its end, empty where it did. ``dropped`` counts arrivals that the generator never started.
    ``clock_error`` bounds, in seconds, how far the load's clock may lie from the nemesis's.
    ``planned`` counts the arrivals of the whole plan, None where the run did not reach its end.
    """

    scenario: Scenario
    seed: int
    world: str
    run_id: str
    started_utc: str
    ended: float
    aborted: str
    command: str
    policy: str
    regions: tuple[str, ...]
    whys: tuple[str, ...]
    attempts: Columns
    operations: Columns
    decisions: tuple[Decided, ...]
    changes: tuple[Applied, ...]
    ledger: tuple[Wrapped, ...]
    audit: tuple[Audited, ...]
    dropped: int
    clock_error: float
    environment: Mapping[str, str]
    planned: int | None = None
