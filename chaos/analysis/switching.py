"""How often each client did what it should do rarely: change its region, ask for a token."""

import numpy as np

from chaos.analysis.evidence import Evidence, Floats
from chaos.run.record import NOWHERE

_CHANGES = ("failover", "failback")


def switches(evidence: Evidence) -> Floats:
    """How often each client of the fleet changed the region that it calls home.

    By the client's own decisions. Where a run has none at all, as of a client that does not tell
    them, by the region of its successive operations that ended ok.
    """
    counts = np.zeros(evidence.run.scenario.clients.count)
    if not evidence.run.decisions:
        return _seen(evidence, counts)
    for each in evidence.run.decisions:
        if each.decision.kind in _CHANGES and each.client < len(counts):
            counts[each.client] += 1
    return counts


def token_requests(evidence: Evidence) -> Floats:
    """How often each client of the fleet asked for a token."""
    counts = np.zeros(evidence.run.scenario.clients.count)
    clients = evidence.refreshes["client"]
    np.add.at(counts, clients[clients < len(counts)], 1)
    return counts


def _seen(evidence: Evidence, counts: Floats) -> Floats:
    rows = evidence.ok & (evidence.operations["region"] != NOWHERE)
    rows &= evidence.operations["client"] < len(counts)
    operations = evidence.operations[rows]
    order = np.lexsort((operations["ended"], operations["client"]))
    clients, regions = operations["client"][order], operations["region"][order]
    changed = (clients[1:] == clients[:-1]) & (regions[1:] != regions[:-1])
    np.add.at(counts, clients[1:][changed], 1)
    return counts
