"""How often each client did what it should do rarely: change its region, ask for a token."""

import numpy as np

from chaos.analysis.evidence import Evidence, Floats
from chaos.run.record import NOWHERE

_CHANGES = ("failover", "failback")


def switches(evidence: Evidence) -> Floats:
    """How often each client of the fleet changed the region that it calls home.

    By the clients' own decisions. Of a group that has none at all, as of clients that do not tell
    them, by the region of their successive operations that ended ok: silence is not constancy.
    """
    clients = evidence.run.scenario.clients
    told = np.zeros(clients.count)
    heard = np.zeros(clients.count, dtype=np.bool_)
    for each in evidence.run.decisions:
        if each.client < clients.count:
            heard[each.client] = True
            told[each.client] += each.decision.kind in _CHANGES
    groups = [clients.numbers(group.name) for group in clients.groups] or [range(clients.count)]
    silent = np.zeros(clients.count, dtype=np.bool_)
    for group in groups:
        silent[group.start : group.stop] = not heard[group.start : group.stop].any()
    return np.where(silent, _seen(evidence, np.zeros(clients.count)), told)


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
