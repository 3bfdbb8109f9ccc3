"""How each client got from the region that it lost to another one: detection and failover.

A client makes one journey for every fault that touched it, and the slowest of them stands for it.
A journey begins with the first operation that the fault touched, counted from when that was due, or
from the inject where it was due before. It is detected with the client's first decision that the
fault caused: an attempt sent elsewhere, a failover, a breaker opened. It arrives with the first
success elsewhere, of an attempt sent before the heal or of an operation that the fault touched. A
journey that did not arrive is censored at the heal, or where the watching ended: from then on there
was nothing left to fail over from.

A client that had fled from one region and is only served slowly at the next, by another fault, has
nowhere else to go, and makes no journey of that.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from math import inf

import numpy as np

from chaos.analysis.effects import Effect
from chaos.analysis.evidence import Bools, Evidence, Floats, Ints
from chaos.run.record import Columns

_CAUSED = ("failover", "breaker_opened")


@dataclass(frozen=True, slots=True, eq=False)
class Journeys:
    """One entry a client and fault that touched it, by client number and then by beginning.

    ``first`` is the attempt with which the fault first touched the client and ``left`` the region
    of it; ``t0`` is when the fault first touched anybody, ``begun`` and ``until`` bound the time in
    which the client could fail over. ``detected``, ``arrived`` (the end of the first success
    elsewhere) and ``arrival`` (that attempt) are NaN and -1 where they never came.
    """

    clients: Ints
    first: Ints
    left: Ints
    t0: Floats
    begun: Floats
    until: Floats
    detected: Floats
    arrived: Floats
    arrival: Ints

    def of(self, clients: range) -> "Journeys":
        """The journeys of these clients only."""
        return self.only((self.clients >= clients.start) & (self.clients < clients.stop))

    def earliest(self) -> "Journeys":
        """The first journey of each client."""
        return self.only(np.unique(self.clients, return_index=True)[1])

    def only(self, which: Bools | Ints) -> "Journeys":
        """Some of the journeys, by flags or by rows."""
        return Journeys(*(getattr(self, each.name)[which] for each in fields(self)))

    @property
    def failover(self) -> tuple[Floats, Bools]:
        """Time to fail over of each journey in seconds, and which of them are lower bounds."""
        censored = np.isnan(self.arrived)
        return np.where(censored, self.until, self.arrived) - self.begun, censored

    def detection(self, t0: float | None = None) -> tuple[Floats, Bools]:
        """Time to detect of each journey, and which of them are lower bounds.

        It counts from when its fault first touched anybody, or from ``t0``.
        """
        censored = np.isnan(self.detected)
        found = np.where(censored, self.until, self.detected) - (self.t0 if t0 is None else t0)
        return np.maximum(found, 0.0), censored

    def slowest(self, taken: Floats, censored: Bools) -> tuple[Floats, Bools, Ints]:
        """Of each client the longest time, whether it is a lower bound, and the journey it is of.

        One journey that was not seen to end leaves open how long the slowest took.
        """
        order = np.lexsort((~censored, -taken, self.clients))
        _, begins = np.unique(self.clients[order], return_index=True)
        rows = order[begins].astype(np.int64)
        is_open = np.zeros(len(rows), dtype=np.bool_)
        if len(rows):
            is_open = np.logical_or.reduceat(censored[order], begins)
        return taken[rows], is_open, rows

    def failed_over(self, clients: Columns, instants: Columns) -> Bools:
        """Whether each of these clients had arrived, at its instant, from where it last set out."""
        flags = np.zeros(len(clients), dtype=np.bool_)
        size = int(max(clients.max(initial=0), self.clients.max(initial=0))) + 1
        _, begins, counts = np.unique(self.clients, return_index=True, return_counts=True)
        for turn in range(int(counts.max(initial=0))):
            rows = begins[counts > turn] + turn
            begun, arrived = np.full(size, inf), np.full(size, inf)
            begun[self.clients[rows]] = self.begun[rows]
            arrived[self.clients[rows]] = np.nan_to_num(self.arrived[rows], nan=inf)
            flags = np.where(instants >= begun[clients], instants >= arrived[clients], flags)
        return flags


_NO, _NEVER = np.zeros(0, dtype=np.int64), np.zeros(0)
_NOBODYS = Journeys(_NO, _NO, _NO, _NEVER, _NEVER, _NEVER, _NEVER, _NEVER, _NO)


def journeys(evidence: Evidence, found: tuple[Effect, ...]) -> Journeys:
    """The journey of every client from every fault of ``found`` that touched it."""
    biting = [each for each in found if each.injected is not None and each.first is not None]
    begun = [_set_out(evidence, each, each.touched) for each in biting]
    parts = [
        _journeys(evidence, effect, _in_need(evidence, effect, zip(biting, begun, strict=True)))
        for effect in biting
    ]
    parts = parts or [_NOBODYS]
    columns = (np.concatenate([getattr(part, each.name) for part in parts])
               for each in fields(Journeys))  # fmt: skip
    whole = Journeys(*columns)
    return whole.only(np.lexsort((whole.first, whole.begun, whole.clients)))


def _set_out(evidence: Evidence, effect: Effect, touched: Bools) -> tuple[Ints, Ints, Floats]:
    """Each touched client, its first touched attempt, and when its journey begins."""
    rows = np.flatnonzero(touched)
    begun = np.maximum(evidence.asked_at[rows], effect.injected or 0.0)
    clients = evidence.attempts["client"][rows].astype(np.int64)
    # Of a client's touched operations the first by when it was due, then its first touched attempt.
    order = np.lexsort((rows, begun, clients))
    found, where = np.unique(clients[order], return_index=True)
    chosen = order[where]
    return found, rows[chosen], begun[chosen]


def _in_need(
    evidence: Evidence,
    effect: Effect,
    others: Iterable[tuple[Effect, tuple[Ints, Ints, Floats]]],
) -> Bools:
    """The attempts that the effect gave reason to flee: but for those that refugees only felt."""
    attempts, served = evidence.attempts, evidence.answered
    needy = effect.touched.copy()
    for other, (clients, _, begun) in others:
        if other.region in (None, effect.region):
            continue
        fled = np.full(int(attempts["client"].max(initial=0)) + 1, inf)
        fled[clients] = begun
        sent = attempts["sent"]
        needy &= ~(served & (sent >= fled[attempts["client"]]) & (sent < other.ends))
    return np.asarray(needy, dtype=np.bool_)


def _journeys(evidence: Evidence, effect: Effect, touched: Bools) -> Journeys:
    """The journeys from one fault, of those whom it gave reason to flee."""
    attempts = evidence.attempts
    clients, first, begun = _set_out(evidence, effect, touched)
    until = np.maximum(min(effect.ends, max(evidence.until, evidence.run.ended)), begun)
    left = attempts["region"][first].astype(np.int64)
    elsewhere = _elsewhere(evidence, effect, clients, left, begun, until)
    sent = _earliest(evidence, elsewhere, clients, "sent")
    arrival = _earliest(evidence, elsewhere & evidence.answered, clients, "ended")
    tried = np.where(sent >= 0, attempts["sent"][sent], np.nan)
    return Journeys(
        clients=clients,
        first=first,
        left=left,
        t0=np.full(len(clients), effect.first or 0.0),
        begun=begun,
        until=until,
        detected=_detected(evidence, clients, left, begun, until, tried),
        arrived=np.where(arrival >= 0, attempts["ended"][arrival], np.nan),
        arrival=arrival,
    )


def _elsewhere(
    evidence: Evidence,
    effect: Effect,
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
    own = np.isin(attempts["operation"], np.unique(attempts["operation"][effect.touched]))
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
