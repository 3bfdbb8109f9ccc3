"""Whether the load generator kept to its plan: a run that it bent says nothing of the clients."""

import numpy as np

from chaos.analysis.evidence import Evidence
from chaos.analysis.findings import Saturation

LATE = 0.1
TOLERATED = 0.01


def saturation(evidence: Evidence) -> Saturation:
    """How many arrivals were dropped, or started more than 100 ms after they were due.

    What was due by the plan and left no record counts as dropped: whoever lost it, it is not known.
    What was begun and never ended is none of those; when it was started is not known.
    """
    operations, run = evidence.operations, evidence.run
    planned = len(operations) + run.dropped if run.planned is None else run.planned
    dropped = max(run.dropped, planned - len(operations))
    lag = (operations["started"] - operations["due"])[~evidence.hung]
    return Saturation(
        planned=planned,
        dropped=dropped,
        late=int((lag > LATE).sum()),
        lag_p99=float(np.percentile(lag, 99, method="inverted_cdf")) if len(lag) else 0.0,
    )


def saturated(found: Saturation) -> bool:
    """Whether more than 1 % of the arrivals were dropped or late."""
    return found.dropped + found.late > TOLERATED * found.planned
