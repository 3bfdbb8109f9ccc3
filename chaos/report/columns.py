"""The panels of the timeline one below another, over one view or two that share their axes."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

from chaos.analysis.findings import Analysis
from chaos.analysis.marks import NOTHING_LOST
from chaos.report import lanes, numbers, palette, panels
from chaos.report.captions import captions, draw_caption, zoom_caption
from chaos.report.flags import spread
from chaos.report.poles import Pole, poles
from chaos.report.sheet import Sheet, measure
from chaos.report.timeline import (
    Band,
    View,
    after_zero,
    bands,
    named_crowds,
    second_ticks,
)
from chaos.run.record import Run

PANELS = ("response", "success", "answered", "extra")
_HEIGHTS = {"response": 290.0, "success": 88.0, "answered": 104.0, "extra": 84.0}
_GAP = 30.0
_STEPS = [1, 2, 5, 10]
_TICK = 12.0
_ARROWS = {"detected", "failed_over", "recovered"}


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a panel of response times lies on its sheet, in pixels, and what its axes span."""

    left: float
    top: float
    width: float
    height: float
    starts: float
    ends: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Column:
    """One run over one view: a column of panels."""

    run: Run
    analysis: Analysis
    view: View

    @property
    def bands(self) -> list[Band]:
        """The run's faults."""
        return bands(self.run, self.analysis)

    @property
    def poles(self) -> list[Pole]:
        """The run's marks."""
        return poles(self.run, self.analysis)

    def arrows(self) -> list[Pole]:
        """The first mark of each kind that a zoom shows."""
        if self.view.zero is None or not self.view.holds(self.view.zero):
            return []
        first: dict[str, Pole] = {}
        for pole in self.poles:
            # How long it took is told of what took place.
            told = pole.text != NOTHING_LOST
            if told and pole.kind in _ARROWS and self.view.holds(pole.at):
                first.setdefault(pole.kind, pole)
        return list(first.values())


@dataclass(frozen=True)
class Plot:
    """Draws columns of panels on one sheet; ``frames`` are where points were drawn."""

    sheet: Sheet
    frames: list[Frame] = field(default_factory=list)

    def draw(self, columns: Sequence[Column], top: float, names: Sequence[str]) -> float:
        """Draw these panels side by side, from ``top`` down, on shared axes; gives their end."""
        for name in names:
            top = self._titles(name, columns, top)
            if name == "response":
                top = self._lanes(columns, top)
            for column in columns:
                axes = self._panel(name, column, columns, top)
                self._time_axis(axes, column.view, last=name == names[-1])
                lanes.shade(axes, column.bands, column.poles, column.view)
            if name == "response" and columns[-1].view.zero is not None:
                self._name_crowds(columns[-1], top)
            top += _HEIGHTS[name] + _GAP
        if len(columns) > 1 and columns[-1].view.zero is not None:
            self._mark_zoom(columns[0].view, columns[-1].view, top - _GAP)
        return top + 14

    def _titles(self, name: str, columns: Sequence[Column], top: float) -> float:
        bottom = top
        for column in columns:
            run, analysis, view = column.run, column.analysis, column.view
            if view.zero is None:
                caption, room = captions(run, analysis, view, self.sheet.size)[name], view.width
            elif name == "response":
                caption, room = zoom_caption(analysis, view), self.sheet.width - view.left
            else:
                continue
            bottom = max(bottom, draw_caption(self.sheet, caption, view.left, room, top + 12))
        return bottom + 8

    def _lanes(self, columns: Sequence[Column], top: float) -> float:
        size = self.sheet.size
        head = lanes.ROW * max(lanes.band_rows(column.bands) for column in columns)
        whole = [column for column in columns if column.view.zero is None]
        flown = [lanes.flag_poles(column.poles, column.view, size) for column in whole]
        rows = max([len(column.arrows()) for column in columns] + list(map(lanes.flag_rows, flown)))
        height = head + lanes.ROW * rows + 4
        for column in columns:
            view = column.view
            axes = self.sheet.axes(view.left, top, view.width, height)
            axes.set_axis_off()
            axes.set_xlim(view.starts, view.ends)
            axes.set_ylim(height, 0.0)
            lanes.shade(axes, column.bands, (), view, edges=False)
            lanes.name_bands(axes, column.bands, view, size)
            if view.zero is None:
                spots = lanes.flag_poles(column.poles, view, size)
                pairs = list(zip(column.poles, spots, strict=True))
                lanes.draw_flags(axes, pairs, view, head, size)
            else:
                lanes.draw_arrows(self.sheet, axes, column.arrows(), view, head)
        return top + height

    def _panel(self, name: str, column: Column, columns: Sequence[Column], top: float) -> Axes:
        run, view = column.run, column.view
        place = (view.left, top, view.width, _HEIGHTS[name])
        axes = self.sheet.axes(*place)
        axes.set_xlim(view.starts, view.ends)
        match name:
            case "response":
                limits = panels.response_limits([one.run for one in columns])
                panels.response(axes, run, view, limits)
                self.frames.append(Frame(*place, view.starts, view.ends, *limits))
            case "success":
                panels.success_rate(axes, run, view)
            case _:
                (panels.answered_by if name == "answered" else panels.extra)(axes, run, view)
                peak = max(panels.peak(one.run, one.view, name) for one in columns)
                axes.set_ylim(0, peak * 1.12)
                axes.yaxis.set_major_locator(MaxNLocator(3, steps=_STEPS))
                axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: numbers.rate(y)))
        if column is not columns[0]:
            axes.tick_params(axis="y", labelleft=False)
        return axes

    def _time_axis(self, axes: Axes, view: View, *, last: bool) -> None:
        if view.zero is not None:
            label = "since the fault first bit"
            begins = max(0.0, view.starts - view.zero)
            step = _step(view.ends - view.zero - begins, 3 if begins == 0 else 5)
            ticks = np.arange(np.ceil(begins / step) * step, view.ends - view.zero, step)
            axes.set_xticks(view.zero + ticks, [after_zero(tick) for tick in ticks])
        else:
            unit, label = second_ticks(view.ends)
            step = _step(view.ends / unit, max(4, int(view.width / 75)))
            axes.xaxis.set_major_locator(MultipleLocator(step * unit))
            axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x / unit:g}"))
        if last:
            axes.set_xlabel(label, fontsize=self.sheet.points(self.sheet.size))
        else:
            axes.tick_params(axis="x", labelbottom=False, length=0)

    def _mark_zoom(self, whole: View, close: View, bottom: float) -> None:
        """A bar on the time axis of the overview where the zoom looks."""
        starts = whole.left + whole.pixel(max(0.0, close.starts))
        ends = max(starts + 4.0, whole.left + whole.pixel(close.ends))
        self.sheet.line((starts, ends), (bottom, bottom), color=palette.INK, linewidth=3.0,
                        solid_capstyle="butt")  # fmt: skip

    def _name_crowds(self, column: Column, top: float) -> None:
        view = column.view
        low, high = (float(np.log(limit)) for limit in panels.response_limits([column.run]))
        height = _HEIGHTS["response"]
        named = named_crowds(column.run, view)
        wanted = [
            top + height * (high - float(np.log(max(crowd.at, 1e-4)))) / (high - low)
            for crowd in named
        ]
        places = spread(wanted, 15.0, top + 8, top + height - 4)
        left = view.left + view.width
        for crowd, at, place in zip(named, wanted, places, strict=True):
            colour = palette.FAIL if crowd.failed else palette.region_text(crowd.region)
            self.sheet.line((left + 1, left + 9), (at, place), color=colour, linewidth=0.8)
            self.sheet.text(left + _TICK, place + 4, crowd.text, size=self.sheet.size - 0.5,
                            color=colour)  # fmt: skip


def names_width(run: Run, view: View, size: float) -> float:
    """How much room the names beside a zoom take, in pixels."""
    widths = [measure(crowd.text, size - 0.5) for crowd in named_crowds(run, view)]
    return max(widths, default=0.0) + _TICK + 4.0


def _step(span: float, most: int) -> float:
    ticks = MaxNLocator(most, steps=_STEPS).tick_values(0.0, span)
    return float(ticks[1] - ticks[0])
