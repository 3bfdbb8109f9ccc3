"""The timeline: one figure that shows what was tried, what clients suffered and how they coped.

Wide, it has an overview and a zoom on the failover that share their axis; narrow, for phones, the
zoom stands below. Lines and words are vectors, the points are one image inside the SVG.
"""

from dataclasses import dataclass

import matplotlib as mpl

from chaos.analysis.findings import Analysis
from chaos.report import masthead
from chaos.report.columns import PANELS, Column, Frame, Plot, names_width
from chaos.report.sheet import STYLE, Sheet
from chaos.report.timeline import overview, zoom, zoom_span
from chaos.run.record import Run

WIDE, NARROW = 1280.0, 358.0
_ZOOM, _GAP = 250.0, 30.0


@dataclass(frozen=True, slots=True)
class Picture:
    """The timeline as SVG. ``head`` is how many pixels its claim and tiles take on top.

    ``frames`` say where its points lie. ``png`` is empty where the figure is for the page only.
    """

    svg: str
    frames: tuple[Frame, ...]
    head: float = 0.0
    png: bytes = b""


def draw(run: Run, analysis: Analysis) -> Picture:
    """The wide figure, with the claim on top."""
    with mpl.rc_context(STYLE):
        plot, head = wide(run, analysis)
        return Picture(plot.sheet.svg(), tuple(plot.frames), head, plot.sheet.png())


def draw_narrow(run: Run, analysis: Analysis) -> Picture:
    """The figure for phones, without the claim, the zoom below."""
    with mpl.rc_context(STYLE):
        plot = narrow(run, analysis)
        return Picture(plot.sheet.svg(), tuple(plot.frames))


def wide(run: Run, analysis: Analysis) -> tuple[Plot, float]:
    """The wide figure, drawn on a sheet, and how many pixels its claim takes."""
    sheet = Sheet(WIDE)
    head = masthead.draw(sheet, run, analysis, 8.0)
    left, right = 62.0, 10.0
    room = WIDE - left - right
    columns = [Column(run, analysis, overview(run, left, room))]
    span = zoom_span(run, analysis)
    if span and analysis.t0 is not None:
        names = names_width(run, zoom(run, span, analysis.t0, (0.0, 1.0)), sheet.size)
        views = [
            overview(run, left, room - _ZOOM - _GAP - names),
            zoom(run, span, analysis.t0, (WIDE - right - names - _ZOOM, _ZOOM)),
        ]
        columns = [Column(run, analysis, view) for view in views]
    plot = Plot(sheet)
    sheet.finish(plot.draw(columns, head + 8, PANELS))
    return plot, head


def narrow(run: Run, analysis: Analysis) -> Plot:
    """The figure for phones, drawn on a sheet."""
    sheet = Sheet(NARROW, size=11.0)
    plot = Plot(sheet)
    left, room = 50.0, NARROW - 50.0 - 8.0
    whole = Column(run, analysis, overview(run, left, room))
    bottom = plot.draw([whole], 0.0, PANELS)
    span = zoom_span(run, analysis)
    if span and analysis.t0 is not None:
        names = names_width(run, zoom(run, span, analysis.t0, (0.0, 1.0)), sheet.size)
        view = zoom(run, span, analysis.t0, (left, room - names))
        bottom = plot.draw([Column(run, analysis, view)], bottom + 12, PANELS[:1])
    sheet.finish(bottom)
    return plot


def side_by_side(before: tuple[Run, Analysis], after: tuple[Run, Analysis]) -> Picture:
    """Two runs on shared axes, A left and B right."""
    with mpl.rc_context(STYLE):
        plot = beside(before, after)
        return Picture(plot.sheet.svg(), tuple(plot.frames), 0.0, plot.sheet.png())


def beside(before: tuple[Run, Analysis], after: tuple[Run, Analysis]) -> Plot:
    """Two runs on shared axes, drawn on a sheet."""
    sheet = Sheet(WIDE)
    left, right = 62.0, 10.0
    width = (WIDE - left - right - _GAP) / 2
    columns, top = [], 0.0
    for letter, told, start in (("A", before, left), ("B", after, left + width + _GAP)):
        head = masthead.draw_brief(sheet, told, letter, (start, width))
        columns.append(Column(*told, overview(told[0], start, width)))
        top = max(top, head)
    plot = Plot(sheet)
    sheet.finish(plot.draw(columns, top + 10, PANELS))
    return plot
