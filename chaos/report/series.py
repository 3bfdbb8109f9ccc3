"""A run as series over time: rates, percentiles and shares per bin, for the figure and its table.

Operations are counted where they were due, so that a stall shows in the seconds that suffered it;
answers are counted where they came, attempts where they were sent.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chaos.run.record import NOWHERE, OUTCOMES, WHYS, Columns, Run

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
OK, FAILED, UNKNOWN = (OUTCOMES.index(name) for name in ("ok", "failed", "unknown"))
_SUCCESS = range(200, 300)
_WIDTHS = (0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 300.0, 900.0)


@dataclass(frozen=True, slots=True)
class Bins:
    """Equal bins over a stretch of the run, in seconds since time zero."""

    edges: Floats

    @property
    def width(self) -> float:
        """The width of each, in seconds."""
        return float(self.edges[1] - self.edges[0])

    @property
    def middles(self) -> Floats:
        """The middle of each."""
        return (self.edges[:-1] + self.edges[1:]) / 2

    def count(self, times: Floats) -> Floats:
        """How many of the times fall into each."""
        return np.histogram(times, self.edges)[0].astype(np.float64)

    def rate(self, times: Floats) -> Floats:
        """How many a second fall into each."""
        return self.count(times) / self.width


def bins(starts: float, ends: float, *, most: int, finest: float = 0.02) -> Bins:
    """Bins of a round width over [starts, ends], at most so many."""
    span = max(ends - starts, finest)
    width = next((w for w in _WIDTHS if w >= finest and span / w <= most), _WIDTHS[-1])
    number = max(1, int(np.ceil(span / width - 1e-9)))
    edges = starts + width * np.arange(number + 1, dtype=np.float64)
    # Its last bit may have been lost, and the last instant with it.
    edges[-1] = max(edges[-1], ends)
    return Bins(edges)


def response_times(operations: Columns) -> Floats:
    """From due to ended of every operation: what the caller waited, however late it was started."""
    return np.asarray(operations["ended"] - operations["due"], dtype=np.float64)


def percentiles(times: Floats, values: Floats, over: Bins, shares: tuple[float, ...]) -> Floats:
    """Per bin the observed values at these shares (a row each); NaN where a bin holds nothing."""
    found = np.full((len(shares), len(over.edges) - 1), np.nan)
    # The last bin holds its end as well, as it does where they are counted.
    place = np.digitize(times, over.edges) - 1 - (times == over.edges[-1])
    order = np.argsort(place, kind="stable")
    place, values = place[order], values[order]
    for index in range(len(over.edges) - 1):
        inside = values[np.searchsorted(place, index) : np.searchsorted(place, index, "right")]
        if len(inside):
            found[:, index] = np.quantile(inside, shares, method="inverted_cdf")
    return found


def answered(attempts: Columns) -> Mask:
    """Which attempts brought a successful answer."""
    status = attempts["status"]
    return np.asarray((status >= _SUCCESS.start) & (status < _SUCCESS.stop))


def attempts_answered(run: Run, over: Bins) -> Floats:
    """The share of single attempts at the key service that were answered with success."""
    sent = run.attempts[run.attempts["region"] != NOWHERE]
    return success(sent["sent"], answered(sent), over)


def success(times: Floats, good: Mask, over: Bins) -> Floats:
    """The share of the good per bin; NaN where a bin holds nothing."""
    whole = over.count(times)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(whole > 0, over.count(times[good]) / whole, np.nan)


def goodput_by_region(run: Run, over: Bins) -> Floats:
    """Successful operations per second that ended in each bin, a row per region."""
    done = run.operations[run.operations["outcome"] == OK]
    rows = [over.rate(done["ended"][done["region"] == code]) for code in range(len(run.regions))]
    return np.array(rows)


def extra_attempts(run: Run, over: Bins) -> dict[str, Floats]:
    """Attempts beyond the first, per second, by the reason each was made."""
    found: dict[str, Floats] = {}
    for code, why in enumerate(WHYS):
        sent = run.attempts["sent"][run.attempts["why"] == code]
        if why != "first" and len(sent):
            found[why] = over.rate(sent)
    return found


def first_attempts(run: Run, over: Bins) -> Floats:
    """First attempts per second: the load that the caller asked for."""
    firsts = run.attempts["why"] == WHYS.index("first")
    return over.rate(run.attempts["sent"][firsts])


@dataclass(frozen=True, slots=True)
class Crowd:
    """Operations of one look in the scatter: `plain`, `retried`, `failed` or `unknown`.

    ``region`` is the code of the answering (or last tried) region, NOWHERE where none was tried.
    """

    look: str
    region: int
    where: Mask


def crowds(run: Run) -> list[Crowd]:
    """Every operation in exactly one crowd, the loudest last so that it is drawn on top."""
    done = run.operations
    looks = {
        "plain": (done["outcome"] == OK) & (done["attempts"] <= 1),
        "retried": (done["outcome"] == OK) & (done["attempts"] > 1),
        "unknown": done["outcome"] == UNKNOWN,
        "failed": done["outcome"] == FAILED,
    }
    codes = [*range(len(run.regions)), NOWHERE]
    found = [
        Crowd(look, code, np.asarray(mask & (done["region"] == code)))
        for look, mask in looks.items()
        for code in codes
    ]
    return [crowd for crowd in found if crowd.where.any()]
