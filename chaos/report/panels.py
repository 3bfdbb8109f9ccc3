"""The four panels of the timeline, each drawn into axes that somebody else has placed."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from chaos.report import numbers, palette
from chaos.report.series import (
    OK,
    Crowd,
    Floats,
    attempts_answered,
    crowds,
    extra_attempts,
    goodput_by_region,
    percentiles,
    response_times,
    success,
)
from chaos.report.timeline import View
from chaos.run.record import Run

MOST_POINTS = 120_000
_LOG_STEPS = (1.0, 3.0)
_LEAST = 1e-4


def response_limits(runs: Sequence[Run]) -> tuple[float, float]:
    """The shared response-time axis: a little more than what was seen, 1 to 100 ms without any."""
    waits = np.concatenate([response_times(run.operations) for run in runs])
    if not len(waits):
        return 1e-3, 1e-1
    least = max(_LEAST, float(np.quantile(waits, 0.001)))
    return least / 1.5, max(float(waits.max()), least * 10) * 1.5


def log_ticks(low: float, high: float) -> list[float]:
    """1, 3, 10, 30 … between the limits; only the tens where that would crowd the axis."""
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    found = [step * 10.0**power for power in powers for step in _LOG_STEPS]
    found = [tick for tick in found if low <= tick <= high]
    tens = [tick for tick in found if round(np.log10(tick), 6).is_integer()]
    return found if len(found) <= 9 else tens  # noqa: PLR2004 - labels 30 pixels apart


def response(axes: Axes, run: Run, view: View, limits: tuple[float, float]) -> None:
    """Response time of every operation; in the overview p50 and p99 per bin as well."""
    low, high = limits
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    ticks = log_ticks(low, high)
    axes.set_yticks(ticks, [numbers.tick(value) for value in ticks])
    axes.minorticks_off()
    waits = response_times(run.operations)
    for crowd in crowds(run):
        _points(axes, run, view, crowd, waits)
    if view.zero is not None:
        return
    p50, p99 = percentiles(run.operations["due"], waits, view.over, (0.5, 0.99))
    halo = [withStroke(linewidth=2.5, foreground=palette.PAGE)]
    dashes = {"p50": (1.0, 1.5), "p99": (None, None)}
    for values, name in ((p50, "p50"), (p99, "p99")):
        axes.plot(view.over.middles, values, color=palette.INK, linewidth=1.0,
                  dashes=dashes[name], path_effects=halo, solid_joinstyle="round")  # fmt: skip


def _points(axes: Axes, run: Run, view: View, crowd: Crowd, waits: Floats) -> None:
    due = run.operations["due"]
    inside = np.flatnonzero(crowd.where & (due >= view.starts) & (due <= view.ends))
    if crowd.look == "plain":
        # What is thinned is only what looks like its neighbours; the caption says so.
        inside = inside[:: 1 + len(inside) // MOST_POINTS]
    close = view.zero is not None
    axes.plot(due[inside], np.maximum(waits[inside], _LEAST), linestyle="none", rasterized=True,
              **look(crowd.look, crowd.region, close=close))  # fmt: skip


def look(name: str, region: int, *, close: bool) -> dict[str, Any]:
    """How one crowd's points look: colour for the region, shape for the outcome."""
    colour = palette.region(region)
    size = 4.2 if close else 3.4
    if name == "plain":
        size = 3.6 if close else 1.9
        return {"marker": "o", "markersize": size, "markeredgewidth": 0, "color": colour,
                "alpha": 0.55 if close else 0.4}  # fmt: skip
    if name == "retried":
        return {"marker": "o", "markersize": size, "markeredgewidth": 0.9, "alpha": 0.9,
                "markeredgecolor": colour, "markerfacecolor": palette.PAGE}  # fmt: skip
    if name == "unknown":
        return {"marker": "D", "markersize": size - 0.4, "markeredgewidth": 0.9,
                "markeredgecolor": palette.UNKNOWN, "markerfacecolor": palette.PAGE}  # fmt: skip
    return {"marker": "x", "markersize": size + 0.4, "markeredgewidth": 1.1,
            "color": palette.FAIL, "alpha": 0.85}  # fmt: skip


def _steps(view: View, values: Floats) -> tuple[Floats, Floats]:
    return view.over.edges, np.append(values, values[-1:])


def success_rate(axes: Axes, run: Run, view: View) -> None:
    """The share that succeeded: operations as the caller saw them, against single attempts."""
    axes.set_ylim(-0.04, 1.1)
    axes.set_yticks([0.0, 0.5, 1.0], [numbers.share(part) for part in (0.0, 0.5, 1.0)])
    tries = attempts_answered(run, view.over)
    calls = success(run.operations["due"], run.operations["outcome"] == OK, view.over)
    edges, single = _steps(view, tries)
    axes.fill_between(edges, single, 1.0, step="post", color=palette.FAIL, alpha=0.15, linewidth=0)
    axes.step(edges, single, where="post", color=palette.FAIL, linewidth=1.2)
    axes.step(*_steps(view, calls), where="post", color=palette.INK, linewidth=2.2)


def answered_by(axes: Axes, run: Run, view: View) -> None:
    """Successful operations per second, stacked by answering region, under the load offered."""
    rows = goodput_by_region(run, view.over)
    _stack(axes, view, [(row, palette.region(code)) for code, row in enumerate(rows)])
    edges, offered = _steps(view, view.over.rate(run.operations["due"]))
    axes.step(edges, offered, where="post", color=palette.INK, linewidth=0.9)


def extra(axes: Axes, run: Run, view: View) -> None:
    """Attempts beyond the first per second, stacked by the reason for each."""
    found = extra_attempts(run, view.over)
    _stack(axes, view, [(row, palette.WHYS[why]) for why, row in found.items()])


def _stack(axes: Axes, view: View, layers: list[tuple[Floats, str]]) -> None:
    bottom = np.zeros(len(view.over.edges))
    for row, colour in layers:
        edges, values = _steps(view, row)
        axes.fill_between(edges, bottom, bottom + values, step="post", color=colour, linewidth=0)
        bottom = bottom + values


def peak(run: Run, view: View, panel: str) -> float:
    """The highest value of a stacked panel over a view, at least a tenth of the offered load."""
    found = [np.array([1.0, run.scenario.load.rate / 10])]
    if panel == "answered":
        found += [goodput_by_region(run, view.over).sum(axis=0)]
        found += [view.over.rate(run.operations["due"])]
    else:
        found += [np.sum([view.over.middles * 0, *extra_attempts(run, view.over).values()], axis=0)]
    return max(float(values.max()) for values in found)
