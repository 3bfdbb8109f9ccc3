"""The waits before retries as they were observed: how they grow, scatter and hang together.

A wait is what lies between the end of one attempt of an operation and the sending of the next one
at the same region. What a Retry-After asked for is not the client's own choice, and is left out.
So is what a client waited for because its breaker was open there or because it heeds, for all its
operations, what one of them was asked for: it drew no wait, it was let in again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np

from chaos.analysis.evidence import Bools, Evidence, Floats, Ints
from chaos.run.record import NOWHERE, WHYS, Columns

_RETRY = WHYS.index("retry")
# Fewer waits than this of one retry number have no mean worth comparing.
_ENOUGH = 5
_AT_CAP = 0.9
# Jitter alone makes a step of means differ by less.
_CUT = 0.9
# A client and a region, by their codes, and from when to when.
Place = tuple[int, int]
Stretch = tuple[float, float]
_SIDES: tuple[Literal["left"], Literal["right"]] = ("left", "right")


@dataclass(frozen=True, slots=True, eq=False)
class Waits:
    """Waits in seconds, one entry a retry, ordered by operation and time.

    ``retry`` is the retry's number within its operation, from 1; ``previous`` the wait before the
    retry before it, NaN for the first; ``asked`` what the client says it waited.
    """

    retry: Ints
    wait: Floats
    previous: Floats
    asked: Floats

    def __len__(self) -> int:
        return len(self.wait)


def waits(evidence: Evidence) -> Waits:
    """The waits of every retry of a run."""
    attempts = evidence.attempts
    order = np.lexsort((attempts["number"], attempts["sent"], attempts["operation"]))
    ordered = attempts[order]
    follows = np.zeros(len(ordered), dtype=np.bool_)
    follows[1:] = (
        (ordered["why"][1:] == _RETRY)
        & (ordered["operation"][1:] == ordered["operation"][:-1])
        & (ordered["region"][1:] == ordered["region"][:-1])
        & np.isnan(ordered["retry_after"][:-1])
    )
    before = np.roll(ordered["ended"], 1)
    follows &= ~_paused(evidence, ordered, before)
    gaps = np.where(follows, np.maximum(ordered["sent"] - before, 0.0), np.nan)
    # A run of retries is broken by whatever is not a retry: count within each run.
    place = np.arange(len(ordered))
    broken = np.maximum.accumulate(np.where(follows, -1, place)) if len(place) else place
    retry = place - broken
    previous = np.where(retry > 1, np.roll(gaps, 1), np.nan)
    return Waits(
        retry=retry[follows].astype(np.int64),
        wait=gaps[follows],
        previous=previous[follows],
        asked=ordered["waited"][follows].astype(np.float64),
    )


def _paused(evidence: Evidence, ordered: Columns, before: Floats) -> Bools:
    """Whether the client was kept from the attempt's region at some time since ``before``."""
    flags = np.zeros(len(ordered), dtype=np.bool_)
    key = ordered["client"].astype(np.int64) * NOWHERE + ordered["region"]
    order = np.argsort(key, kind="stable")
    for (client, region), stretches in _pauses(evidence).items():
        mine = client * NOWHERE + region
        left, right = (np.searchsorted(key[order], mine, side) for side in _SIDES)
        rows = order[left:right]
        begins, ends = np.array(sorted(stretches)).T
        # Where one begins before another has ended, the latest end so far counts.
        ends = np.append(-np.inf, np.maximum.accumulate(ends))
        flags[rows] = ends[np.searchsorted(begins, ordered["sent"][rows])] > before[rows]
    return flags


def _pauses(evidence: Evidence) -> dict[Place, list[Stretch]]:
    """When each client kept away from a region: while its breaker was open, or it was held."""
    found: dict[Place, list[Stretch]] = {}
    opened: dict[Place, float] = {}
    for place, kind, at in _breakers(evidence):
        if kind == "breaker_opened":
            opened.setdefault(place, at)
        elif place in opened:
            found.setdefault(place, []).append((opened.pop(place), at))
    for place, at in opened.items():
        found.setdefault(place, []).append((at, np.inf))
    for place, stretch in _holds(evidence):
        found.setdefault(place, []).append(stretch)
    return found


def _breakers(evidence: Evidence) -> Iterator[tuple[Place, str, float]]:
    regions = evidence.run.regions
    for each in sorted(evidence.run.decisions, key=lambda each: each.decision.at):
        made = each.decision
        if made.kind in ("breaker_opened", "breaker_closed") and made.region in regions:
            yield (each.client, regions.index(made.region)), made.kind, made.at


def _holds(evidence: Evidence) -> Iterator[tuple[Place, Stretch]]:
    """What a client that says so heeds with all its operations: each Retry-After of a region."""
    regions = evidence.run.regions
    holding = {
        (each.client, regions.index(each.decision.region))
        for each in evidence.run.decisions
        if each.decision.kind == "held" and each.decision.region in regions
    }
    asked = evidence.attempts[~np.isnan(evidence.attempts["retry_after"])] if holding else ()
    for attempt in asked:
        place, ended = (int(attempt["client"]), int(attempt["region"])), float(attempt["ended"])
        if place in holding:
            yield place, (ended, ended + float(attempt["retry_after"]))


def jitter(found: Waits) -> float | None:
    """The coefficient of variation of waits of the same retry number; None where too few are alike.

    0 marches in step; full jitter has 0.58, equal jitter 0.19.
    """
    total, weight = 0.0, 0
    for number in _numbers(found):
        alike = found.wait[found.retry == number]
        if alike.mean() > 0:
            total += float(alike.var(ddof=1) / alike.mean() ** 2) * (len(alike) - 1)
            weight += len(alike) - 1
    return sqrt(total / weight) if weight else None


def growth(found: Waits) -> float | None:
    """By what factor the mean wait grows from one retry to the next, until the cap is reached.

    A step that is clearly smaller than those before it was cut by the cap, and is none of them.
    None where there are not two retry numbers with enough waits.
    """
    numbers = _numbers(found)
    means = [float(found.wait[found.retry == number].mean()) for number in numbers]
    if len(means) < 2 or means[0] <= 0:  # noqa: PLR2004 - growth is from one to another
        return None
    last = max(1, next(at for at, mean in enumerate(means) if mean >= _AT_CAP * max(means)))

    def grown(since: int, until: int) -> float:
        return float((means[until] / means[since]) ** (1.0 / (numbers[until] - numbers[since])))

    cut = last > 1 and grown(last - 1, last) < _CUT * grown(0, last - 1)
    return grown(0, last - cut)


def autocorrelation(found: Waits) -> float | None:
    """How far a wait hangs on the one before it in the same operation, from -1 to 1.

    Each wait is taken relative to the mean of its retry number, so that growth alone is no
    correlation. None where too few waits follow one another.
    """
    relative = np.full(len(found), np.nan)
    for number in _numbers(found):
        alike = found.retry == number
        mean = float(found.wait[alike].mean())
        relative[alike] = found.wait[alike] / mean if mean > 0 else np.nan
    second = (found.retry > 1) & ~np.isnan(found.previous)
    # Waits are in the order of their operations: the one before is the entry before.
    later, earlier = relative[second], relative[np.flatnonzero(second) - 1]
    known = ~np.isnan(later) & ~np.isnan(earlier)
    if known.sum() < _ENOUGH or later[known].std() == 0 or earlier[known].std() == 0:
        return None
    return float(np.corrcoef(later[known], earlier[known])[0, 1])


def _numbers(found: Waits) -> list[int]:
    numbers, counts = np.unique(found.retry, return_counts=True)
    return [int(number) for number in numbers[counts >= _ENOUGH]]
