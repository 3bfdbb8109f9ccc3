"""How each client got from the region that it lost to another one: detection and failover.

A client's journey begins with its first operation that a fault touched, counted from when that was
due, or from the inject where it was due before. It is detected with the client's first decision
that the fault caused: an attempt sent elsewhere, a failover, a breaker opened. It arrives with the
first success elsewhere, of an attempt sent before the heal or of an operation that the fault
touched. A client that did not arrive is censored at the heal, or where the watching ended: from
then on there was nothing left to fail over from.
"""

from dataclasses import dataclass, fields
from math import inf

import numpy as np

from chaos.analysis.effects import Effect
from chaos.analysis.evidence import Bools, Evidence, Floats, Ints

_CAUSED = ("failover", "breaker_opened")


@dataclass(frozen=True, slots=True, eq=False)
class Journeys:
    """One entry a client that a fault touched, by client number.

    ``first`` is the attempt with which the fault first touched the client and ``left`` the region
    of it; ``begun`` and ``until`` bound the time in which the client could fail over. ``detected``,
    ``arrived`` (the end of the first success elsewhere) and ``arrival`` (that attempt) are NaN and
    -1 where they never came.
    """

    clients: Ints
    first: Ints
    left: Ints
    begun: Floats
    until: Floats
    detected: Floats
    arrived: Floats
    arrival: Ints

    def of(self, clients: range) -> "Journeys":
        """The journeys of these clients only."""
        mine = (self.clients >= clients.start) & (self.clients < clients.stop)
        return Journeys(*(getattr(self, each.name)[mine] for each in fields(self)))

    @property
    def failover(self) -> tuple[Floats, Bools]:
        """Time to fail over of each client in seconds, and which of them are lower bounds."""
        censored = np.isnan(self.arrived)
        return np.where(censored, self.until, self.arrived) - self.begun, censored

    def detection(self, t0: float) -> tuple[Floats, Bools]:
        """Time to detect of each client from T0, and which of them are lower bounds."""
        censored = np.isnan(self.detected)
        found = np.where(censored, self.until, self.detected) - t0
        return np.maximum(found, 0.0), censored


def journeys(evidence: Evidence, found: tuple[Effect, ...]) -> Journeys:
    """The journey of every client that some fault of ``found`` touched."""
    first, begun, until = _beginnings(evidence, found)
    attempts = evidence.attempts
    clients = attempts["client"][first].astype(np.int64)
    left = attempts["region"][first].astype(np.int64)
    elsewhere = _elsewhere(evidence, found, clients, left, begun, until)
    sent = _earliest(evidence, elsewhere, clients, "sent")
    arrival = _earliest(evidence, elsewhere & evidence.answered, clients, "ended")
    tried = np.where(sent >= 0, attempts["sent"][sent], np.nan)
    return Journeys(
        clients=clients,
        first=first,
        left=left,
        begun=begun,
        until=until,
        detected=_detected(evidence, clients, left, begun, until, tried),
        arrived=np.where(arrival >= 0, attempts["ended"][arrival], np.nan),
        arrival=arrival,
    )


def _beginnings(evidence: Evidence, found: tuple[Effect, ...]) -> tuple[Ints, Floats, Floats]:
    """Each touched client's first touched attempt, when its journey begins and is censored."""
    ended = max(evidence.until, evidence.run.ended)
    parts = []
    for effect in found:
        if effect.injected is None or effect.first is None:
            continue
        rows = np.flatnonzero(effect.touched)
        begun = np.maximum(evidence.asked_at[rows], effect.injected)
        parts.append((rows, begun, np.full(len(rows), min(effect.ends, ended))))
    if not parts:
        return np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0)
    rows, begun, until = (np.concatenate(column) for column in zip(*parts, strict=True))
    clients = evidence.attempts["client"][rows]
    # Of a client's touched operations the first by when it was due, then its first touched attempt.
    order = np.lexsort((rows, begun, clients))
    _, where = np.unique(clients[order], return_index=True)
    chosen = order[where]
    return rows[chosen], begun[chosen], np.maximum(until[chosen], begun[chosen])


def _elsewhere(
    evidence: Evidence,
    found: tuple[Effect, ...],
    clients: Ints,
    left: Ints,
    begun: Floats,
    until: Floats,
) -> Bools:
    """Attempts that took a client away from the region it lost."""
    attempts = evidence.attempts
    size = int(attempts["client"].max(initial=0)) + 1
    lost = np.full(size, -1)
    after, before = np.full(size, inf), np.full(size, -inf)
    lost[clients], after[clients], before[clients] = left, begun, until
    touched = np.zeros(len(attempts), dtype=np.bool_)
    for effect in found:
        touched |= effect.touched
    own = np.isin(attempts["operation"], np.unique(attempts["operation"][touched]))
    client, sent = attempts["client"], attempts["sent"]
    away = (lost[client] >= 0) & (attempts["region"] != lost[client])
    return np.asarray(away & (sent >= after[client]) & ((sent < before[client]) | own))


def _earliest(evidence: Evidence, among: Bools, clients: Ints, key: str) -> Ints:
    """Of each client, the attempt among those with the least ``key``; -1 where it has none."""
    attempts = evidence.attempts
    rows = np.flatnonzero(among)
    order = rows[np.lexsort((attempts[key][rows], attempts["client"][rows]))]
    owners, where = np.unique(attempts["client"][order], return_index=True)
    found = np.full(int(max(clients.max(initial=0), owners.max(initial=0))) + 1, -1)
    found[owners] = order[where]
    return found[clients].astype(np.int64)


def _detected(
    evidence: Evidence,
    clients: Ints,
    left: Ints,
    begun: Floats,
    until: Floats,
    tried: Floats,
) -> Floats:
    """The earlier of the first attempt sent elsewhere and the first decision that says so."""
    place = {int(client): index for index, client in enumerate(clients)}
    detected = tried.copy()
    regions = evidence.run.regions
    for each in evidence.run.decisions:
        index, decision = place.get(each.client), each.decision
        if index is None or decision.kind not in _CAUSED:
            continue
        about = decision.left if decision.kind == "failover" else decision.region
        in_time = begun[index] <= decision.at < until[index]
        if in_time and about == regions[int(left[index])]:
            detected[index] = np.fmin(detected[index], decision.at)
    return detected
