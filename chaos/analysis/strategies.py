"""Which backoff strategy observed waits were drawn by: the likeliest of six.

Each strategy says between which bounds a wait lies, uniformly; the likeliest is the one with the
narrowest bounds that still hold the waits. Its base, factor and cap are those that the waits
themselves suggest, tried one by one, and factors that clients have. A strategy with more to choose
pays for it (Schwarz's criterion), and a share of strays is borne, since a machine may be late.

The strategies: none, constant, exponential, and full, equal and decorrelated jitter (Brooker,
"Exponential Backoff and Jitter", AWS Architecture Blog 2015).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf, log

import numpy as np

from chaos.analysis.evidence import Floats
from chaos.analysis.findings import Backoff, Strategy
from chaos.analysis.waits import Waits, autocorrelation, growth, jitter

FEWEST = 20
# How late a drawn wait is met: by about a millisecond on loopback, now and then by ten; and a share
# of strays that nothing explains.
_PROMPT, _LATE, _OFTEN_LATE, _STRAYS = 0.001, 0.010, 0.1, 0.02
_LATE_SHARE, _EARLY = 0.005, 0.25
# Close enough for jitter, which hides the factor; waits without it are met by their own growth.
_FACTORS = (1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2.0, 2.25, 2.5, 3.0, 3.5, 4.0, 5.0)
# No client grows slower or faster; a factor is written with two digits after the point, or it pays.
_SLOWEST, _FASTEST, _DIGITS = 1.02, 16.0, 2
# Where the cap may lie: at the longest wait or, where that one was a stray, a little below.
_CAPS = (1.0, 0.95, 0.8, 0.5)
# It counts as two parameters, since it is looked for in several places.
_CAP_COSTS = 2
# The published range of the decorrelated strategy: up to three times the wait before.
_DECORRELATED = 3.0
# More waits, or more bases to try, say no more than these.
_MOST, _BASES = 120, 32
# Less than this is what a program takes between two steps, not a wait that anybody chose.
_LEAST = 0.004
_HAIR = 1e-6


@dataclass(frozen=True, slots=True)
class Fit:
    """One strategy with the parameters that suit it best, and how likely that makes the waits.

    ``score`` is the log-likelihood less the price of the parameters. ``factor`` is 1 and ``cap``
    infinite where the strategy has none, or none was reached.
    """

    strategy: Strategy
    base: float
    factor: float
    cap: float
    score: float


def backoff(found: Waits) -> Backoff | None:
    """What the waits of a run say about its clients' backoff; None where there are too few."""
    if len(found) < FEWEST:
        return None
    best, second = fits(found)[:2]
    late = found.wait - found.asked
    return Backoff(
        strategy=best.strategy,
        base=best.base,
        factor=best.factor,
        cap=best.cap if best.cap < inf else None,
        margin=best.score - second.score,
        n=len(found),
        jitter=jitter(found),
        growth=growth(found),
        autocorrelation=autocorrelation(found),
        longest=float(found.wait.max()),
        late_p50=float(np.percentile(late, 50, method="inverted_cdf")),
        late_p99=float(np.percentile(late, 99, method="inverted_cdf")),
    )


def fits(found: Waits) -> list[Fit]:
    """Every strategy's best fit, the likeliest first."""
    few = found if len(found) <= _MOST else _thinned(found)
    candidates = [_none(few), *_constant(few)]
    # First retries alone do not show how the second ones would grow.
    for factor, costs in _factors(few).items() if (few.retry > 1).any() else ((1.0, 0),):
        candidates += _growing(few, factor, costs)
    candidates += _decorrelated(few)
    best: dict[Strategy, Fit] = {}
    for fit in candidates:
        if fit.strategy not in best or fit.score > best[fit.strategy].score:
            best[fit.strategy] = fit
    return sorted(best.values(), key=lambda fit: -fit.score)


def _thinned(found: Waits) -> Waits:
    """Evenly spaced waits of many: every operation's share stays what it is."""
    kept = np.linspace(0, len(found) - 1, _MOST).astype(np.int64)
    return Waits(found.retry[kept], found.wait[kept], found.previous[kept], found.asked[kept])


def _score(density: Floats, wait: Floats, chosen: int) -> Floats:
    """Log-likelihood of each row of densities, with strays spread evenly over the whole range."""
    anywhere = 1.0 / (float(wait.max()) + _LATE)
    likely = np.log((1.0 - _STRAYS) * density + _STRAYS * anywhere).sum(axis=-1)
    return np.asarray(likely - 0.5 * chosen * log(len(wait)))


def _lateness(wait: Floats, late: Floats) -> Floats:
    """How likely a wait is met no later than ``late`` seconds after it was due.

    To both sides by the promptness, since the bounds that are tried are themselves waits that were
    met a little late, and to the late side by now and then much more.
    """
    prompt = np.exp(-np.abs(late) / (_PROMPT + _LATE_SHARE * wait)) / 2.0
    slow = 1.0 - np.exp(-np.maximum(late, 0.0) / (_LATE + _LATE_SHARE * wait))
    return np.asarray(
        (1.0 - _OFTEN_LATE) * np.where(late < 0, prompt, 1.0 - prompt) + _OFTEN_LATE * slow
    )


def _exactly(wait: Floats, due: Floats) -> Floats:
    """The density of a wait that was to be ``due`` seconds and is met a little late."""
    late = wait - due
    ahead, behind = _lateness(wait, late + _HAIR), _lateness(wait, late - _HAIR)
    return np.asarray((ahead - behind) / (2 * _HAIR))


def _candidates(values: Floats) -> Floats:
    """Evenly spaced of the distinct values that are waits at all, as a column."""
    distinct = np.unique(values[values >= _LEAST])
    kept = np.unique(np.linspace(0, max(0, len(distinct) - 1), _BASES).astype(np.int64))
    return distinct[kept][:, None] if len(distinct) else np.full((1, 1), _LEAST)


def _caps(wait: Floats) -> list[float]:
    levels = np.quantile(wait, _CAPS, method="inverted_cdf")
    return [inf, *(float(level) for level in np.unique(levels) if level >= _LEAST)]


def _best(strategy: Strategy, bases: Floats, factor: float, cap: float, scores: Floats) -> Fit:
    at = int(np.argmax(scores))
    return Fit(strategy, float(bases[at, 0]), factor, cap, float(scores[at]))


def _none(found: Waits) -> Fit:
    score = _score(_exactly(found.wait, np.zeros(len(found))), found.wait, 0)
    return Fit("none", 0.0, 1.0, inf, float(score))


def _constant(found: Waits) -> Iterator[Fit]:
    levels = _candidates(found.wait)
    yield _best("constant", levels, 1.0, inf, _score(_exactly(found.wait, levels), found.wait, 1))


def _factors(found: Waits) -> dict[float, int]:
    """The factors to try, and how many parameters each counts as beyond its own."""
    tried = dict.fromkeys(_FACTORS, 0)
    numbers = np.unique(found.retry)
    # A wait is met late and never early: the early ones of each number say how they grow.
    early = [
        float(np.quantile(found.wait[found.retry == number], _EARLY, method="inverted_cdf"))
        for number in numbers
    ]
    if early[0] < _LEAST:
        return tried
    for number, wait in zip(numbers[1:], early[1:], strict=True):
        grown = (wait / early[0]) ** (1.0 / (number - numbers[0]))
        if _SLOWEST <= grown <= _FASTEST:
            tried.setdefault(float(grown), 1)
            tried[round(float(grown), _DIGITS)] = 0
    return tried


def _growing(found: Waits, factor: float, costs: int) -> Iterator[Fit]:
    """Exponential, full and equal jitter: bounds that are shares of a growing envelope."""
    wait, grown = found.wait, factor ** (found.retry - 1.0)
    bases = _candidates(wait / grown)
    from_nothing = _lateness(wait, wait)
    for cap in _caps(wait):
        envelope, chosen = np.minimum(cap, bases * grown), 2 + costs + _CAP_COSTS * (cap < inf)
        beyond = _lateness(wait, wait - envelope)
        full = (from_nothing - beyond) / envelope
        equal = (_lateness(wait, wait - envelope / 2.0) - beyond) / (envelope / 2.0)
        densities: tuple[tuple[Strategy, Floats], ...] = (
            ("full jitter", full),
            ("equal jitter", equal),
            ("exponential", _exactly(wait, envelope)),
        )
        for strategy, density in densities:
            yield _best(strategy, bases, factor, cap, _score(density, wait, chosen))


def _decorrelated(found: Waits) -> Iterator[Fit]:
    """``min(cap, U(base, 3 previous))``: where the cap cuts, many draws become the cap itself."""
    wait, bases = found.wait, _candidates(found.wait)
    # What the first retry counts as its previous wait is the base.
    previous = np.where(np.isnan(found.previous), bases, np.maximum(found.previous, bases))
    high = _DECORRELATED * previous
    for cap in _caps(wait):
        drawn = _lateness(wait, wait - bases) - _lateness(wait, wait - np.minimum(high, cap))
        density = np.maximum(drawn, 0.0) / (high - bases)
        if cap < inf:
            cut = np.clip((high - cap) / (high - bases), 0.0, 1.0)
            density = density + cut * _exactly(wait, np.full(len(wait), cap))
        scores = _score(density, wait, 1 + _CAP_COSTS * (cap < inf))
        yield _best("decorrelated jitter", bases, 1.0, cap, scores)
