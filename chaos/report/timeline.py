"""What the timeline shows, decided before anything is drawn: bands, views and crowds."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from chaos.analysis.findings import Analysis, Proof
from chaos.report import numbers
from chaos.report.series import OK, Bins, bins, response_times
from chaos.run.record import NOWHERE, Columns, Run
from chaos.scenario.model import Fault

_OVERVIEW_BINS = 200
_ZOOM_BINS = 40
_SHORTEST_ZOOM, _LONGEST_ZOOM = 0.5, 60.0
_FEWEST_NAMED = 3
# Medians that lie closer than this lie upon each other on the axis.
_ALIKE = 2.0
_FEWEST_BINNED = 12.0
_FEWEST_SHOWN = 150.0


@dataclass(frozen=True, slots=True)
class Band:
    """One fault on the timeline: it bit, it was injected in vain, or it was only planned.

    ``number`` stands for the text where there is no room for it, 1 for the scenario's first.
    """

    number: int
    starts: float
    ends: float
    text: str
    state: Literal["hit", "unproven", "planned"]


@dataclass(frozen=True, slots=True)
class View:
    """A stretch of the run as one column of the figure, ``width`` pixels wide from ``left``."""

    starts: float
    ends: float
    left: float
    width: float
    over: Bins
    zero: float | None = None

    @property
    def scale(self) -> float:
        """Pixels per second."""
        return self.width / (self.ends - self.starts)

    def pixel(self, when: float) -> float:
        """Where an instant lies, in pixels from the view's left edge."""
        return (when - self.starts) * self.scale

    def holds(self, when: float) -> bool:
        """Whether an instant lies in the view."""
        return self.starts <= when <= self.ends


def bands(run: Run, analysis: Analysis) -> list[Band]:
    """Every fault of the scenario, as it was applied, or as it was planned and never was."""
    proofs = {proof.fault: proof for proof in analysis.proofs}
    return [
        _band(number, fault, proofs.get(fault.name), run.ended)
        for number, fault in enumerate(run.scenario.faults, start=1)
    ]


def _band(number: int, fault: Fault, proof: Proof | None, ended: float) -> Band:
    name = fault.name
    if proof is None or proof.injected is None:
        ends = fault.at + fault.lasts
        return Band(number, fault.at, ends, f"{name}: never injected", "planned")
    healed = proof.healed if proof.healed is not None else max(ended, proof.injected)
    if proof.first is None:
        return Band(number, proof.injected, healed, f"{name}: touched nothing", "unproven")
    return Band(number, proof.injected, healed, name, "hit")


def overview(run: Run, left: float, width: float) -> View:
    """The whole run, planned and played."""
    ends = max(run.scenario.lasts, run.ended, 1e-3)
    return View(0.0, ends, left, width, bins(0.0, ends, most=_OVERVIEW_BINS, finest=1.0))


def zoom_span(run: Run, analysis: Analysis) -> tuple[float, float] | None:
    """The stretch around T0 that shows how clients left the fault, None where none bit."""
    t0 = analysis.t0
    if t0 is None or not len(run.operations):
        return None
    ends = min((band.ends for band in bands(run, analysis) if band.ends > t0), default=run.ended)
    early = [mark for mark in analysis.marks if t0 <= mark.at <= ends]
    moved = [mark.at for mark in early if mark.name in {"detected", "failed_over"}]
    after = 2.2 * (max(moved) - t0) if moved else _first_trouble(run, t0, ends)
    shortest = max(_SHORTEST_ZOOM, _FEWEST_SHOWN / max(run.scenario.load.rate, 1e-3))
    after = float(np.clip(after, shortest, min(_LONGEST_ZOOM, max(1.0, run.ended - t0))))
    looks_at = t0 if moved else _first_loss(run, t0, ends, after)
    return looks_at - 0.18 * after, looks_at + after


def _first_loss(run: Run, t0: float, ends: float, after: float) -> float:
    """T0, or where operations began to fail when that was out of its sight.

    A token service that is out is first touched by a refresh, of which nobody suffers.
    """
    done = run.operations
    lost = done["due"][(done["due"] >= t0) & (done["due"] < ends) & (done["outcome"] != OK)]
    first = float(lost.min()) if len(lost) else t0
    return first if first > t0 + after else t0


def _first_trouble(run: Run, t0: float, ends: float) -> float:
    """How long to watch when nobody failed over: until the first losses are in view."""
    done = run.operations
    hurt = done[(done["due"] >= t0) & (done["due"] < ends) & (done["attempts"] > 1)]
    waits = response_times(hurt)
    return float(1.5 * np.median(waits)) if len(waits) else (ends - t0) * 1.2


def zoom(run: Run, span: tuple[float, float], zero: float, place: tuple[float, float]) -> View:
    """A close look at the start of the fault; ``zero`` is T0, ``place`` the left edge and width."""
    # A bin that expects fewer operations than this shows Poisson noise and nothing else.
    finest = _FEWEST_BINNED / max(run.scenario.load.rate, 1e-3)
    width = bins(*span, most=_ZOOM_BINS, finest=finest).width
    # An edge lies on T0, so that no bin mixes what was before the fault with what came after.
    before, after = np.ceil((zero - span[0]) / width), np.ceil((span[1] - zero) / width)
    return View(*span, *place, Bins(zero + width * np.arange(-before, after + 1)), zero)


@dataclass(frozen=True, slots=True)
class Named:
    """A crowd of the zoom with a name beside it, at its median response time."""

    text: str
    at: float
    region: int
    failed: bool


def named_crowds(run: Run, view: View, most: int = 5) -> list[Named]:
    """The largest crowds that were due after T0, by how many attempts each operation took."""
    done = run.operations[run.operations["due"] >= max(view.zero or 0.0, view.starts)]
    done = done[done["due"] <= view.ends]
    found: list[tuple[int, Named]] = []
    for region in np.unique(done["region"]):
        there = done[done["region"] == region]
        for tries in np.unique(there["attempts"]):
            crowd = there[(there["attempts"] == tries) & (there["outcome"] == OK)]
            if len(crowd) >= _FEWEST_NAMED:
                at = float(np.median(response_times(crowd)))
                name = _served(run, int(region), int(tries))
                found.append((len(crowd), Named(name, at, int(region), failed=False)))
    found += _failures(done[done["outcome"] != OK])
    found.sort(key=lambda pair: (-pair[0], pair[1].text))
    return [named for _, named in found[:most]]


def _failures(lost: Columns) -> Iterator[tuple[int, Named]]:
    """The crowds of what failed; those that took as long are one, however often they tried."""
    waits = response_times(lost)
    levels: list[tuple[float, list[int]]] = []
    for tries in np.unique(lost["attempts"]):
        of_these = waits[lost["attempts"] == tries]
        if len(of_these) < _FEWEST_NAMED:
            continue
        at = float(np.median(of_these))
        near = [level for level in levels if max(at, level[0]) <= _ALIKE * min(at, level[0])]
        if near:
            near[0][1].append(int(tries))
        else:
            levels.append((at, [int(tries)]))
    for _, tries_of in levels:
        mine = np.isin(lost["attempts"], tries_of)
        most, least = max(tries_of), min(tries_of)
        counted = f"{least} to {most} attempts" if most > least else _attempts(most)
        # Some were given up before they were sent at all.
        counted = f"at most {_attempts(most)}" if most > least == 0 else counted
        at = float(np.median(waits[mine]))
        yield int(mine.sum()), Named(f"failed after {counted}", at, NOWHERE, failed=True)


def _attempts(tries: int) -> str:
    return f"{tries} attempts" if tries != 1 else "1 attempt"


def _served(run: Run, region: int, tries: int) -> str:
    place = "" if region == NOWHERE else run.regions[region]
    return f"{place}, attempt {tries}" if tries > 1 else f"{place}, at once"


def second_ticks(ends: float) -> tuple[float, str]:
    """Seconds per unit of the time axis and the unit's name: seconds, then minutes, then hours."""
    if ends <= 600:  # noqa: PLR2004 - ten minutes still read well in seconds
        return 1.0, "seconds since time zero"
    if ends <= 6 * 3600:
        return 60.0, "minutes since time zero"
    return 3600.0, "hours since time zero"


def after_zero(length: float) -> str:
    """A tick of the zoom: `T0`, `+1 s`."""
    return "T0" if abs(length) < 1e-9 else f"+{numbers.seconds(length)}"  # noqa: PLR2004 - float dust
