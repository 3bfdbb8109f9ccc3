"""The panels of the timeline one below another, over one view or two that share their axes."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

from chaos.analysis.findings import Analysis
from chaos.report import lanes, numbers, palette, panels
from chaos.report.captions import captions, draw_caption, zoom_caption
from chaos.report.flags import spread
from chaos.report.sheet import Sheet, measure
from chaos.report.timeline import (
    Band,
    Pole,
    View,
    after_zero,
    bands,
    named_crowds,
    poles,
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


@dataclass(frozen=True)
class Plot:
    """Draws panels of one run on one sheet; ``frames`` are where the points were drawn."""

    sheet: Sheet
    run: Run
    analysis: Analysis
    frames: list[Frame] = field(default_factory=list)

    def column(self, views: Sequence[View], top: float, names: Sequence[str]) -> float:
        """Draw these panels over all views from ``top`` down; gives where they end."""
        shown, marks = bands(self.run, self.analysis), poles(self.run, self.analysis)
        for name in names:
            top = self._titles(name, views, top)
            if name == "response":
                top = self._lanes(shown, marks, views, top)
            for view in views:
                place = (view.left, top, view.width, _HEIGHTS[name])
                axes = self.sheet.axes(*place)
                if name == "response":
                    spans = (view.starts, view.ends, *panels.response_limits(self.run))
                    self.frames.append(Frame(*place, *spans))
                self._panel(axes, name, view, views)
                self._time_axis(axes, view, last=name == names[-1])
                lanes.shade(axes, shown, marks, view)
            if name == "response" and views[-1].zero is not None:
                self._name_crowds(views[-1], top)
            top += _HEIGHTS[name] + _GAP
        if len(views) > 1:
            self._mark_zoom(views[0], views[-1], top - _GAP)
        return top + 14

    def _titles(self, name: str, views: Sequence[View], top: float) -> float:
        bottom = top
        for view in views:
            if view.zero is None:
                whole = captions(self.run, self.analysis, view, self.sheet.size)[name]
                bottom = draw_caption(self.sheet, whole, view.left, view.width, top + 12)
            elif name == "response":
                caption = zoom_caption(self.analysis)
                room = self.sheet.width - view.left
                bottom = max(bottom, draw_caption(self.sheet, caption, view.left, room, top + 12))
        return bottom + 8

    def _lanes(
        self, shown: list[Band], marks: list[Pole], views: Sequence[View], top: float
    ) -> float:
        head = lanes.ROW * lanes.band_rows(shown)
        spots = lanes.flag_poles(marks, views[0], self.sheet.size)
        arrows = self._arrows(marks, views[-1])
        rows = max(lanes.flag_rows(spots) if views[0].zero is None else 0, len(arrows))
        height = head + lanes.ROW * rows + 4
        for view in views:
            axes = self.sheet.axes(view.left, top, view.width, height)
            axes.set_axis_off()
            axes.set_xlim(view.starts, view.ends)
            axes.set_ylim(height, 0.0)
            lanes.shade(axes, shown, (), view, edges=False)
            lanes.name_bands(axes, shown, view, self.sheet.size)
            if view.zero is None:
                flown = list(zip(marks, spots, strict=True))
                lanes.draw_flags(axes, flown, view, head, self.sheet.size)
            else:
                lanes.draw_arrows(self.sheet, axes, arrows, view, head)
        return top + height

    def _arrows(self, marks: list[Pole], view: View) -> list[Pole]:
        """The first mark of each kind that the zoom shows."""
        if view.zero is None:
            return []
        first: dict[str, Pole] = {}
        for pole in marks:
            if pole.kind in _ARROWS and view.holds(pole.at):
                first.setdefault(pole.kind, pole)
        return list(first.values())

    def _panel(self, axes: Axes, name: str, view: View, views: Sequence[View]) -> None:
        axes.set_xlim(view.starts, view.ends)
        match name:
            case "response":
                panels.response(axes, self.run, view)
            case "success":
                panels.success_rate(axes, self.run, view)
            case _:
                (panels.answered_by if name == "answered" else panels.extra)(axes, self.run, view)
                axes.set_ylim(0, panels.peak(self.run, views, name) * 1.12)
                axes.yaxis.set_major_locator(MaxNLocator(3, steps=_STEPS))
                axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: numbers.rate(y)))
        if view is not views[0]:
            axes.tick_params(axis="y", labelleft=False)

    def _time_axis(self, axes: Axes, view: View, *, last: bool) -> None:
        if view.zero is not None:
            label = "since the fault first bit"
            span = view.ends - view.zero
            step = _step(span, 3)
            ticks = np.arange(0.0, span, step)
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

    def _name_crowds(self, view: View, top: float) -> None:
        low, high = (float(np.log(limit)) for limit in panels.response_limits(self.run))
        height = _HEIGHTS["response"]
        named = named_crowds(self.run, view)
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
