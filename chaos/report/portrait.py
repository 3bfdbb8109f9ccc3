"""The phase portrait: how much good work came of how many attempts, second by second.

A healthy run stays near the diagonal. A retry storm wanders to the right, and a metastable one
stays there although the fault is gone.
"""

import matplotlib as mpl
from matplotlib.ticker import MaxNLocator

from chaos.analysis.findings import Analysis, Point
from chaos.report import palette
from chaos.report.captions import Caption, Item, draw_caption
from chaos.report.figure import Picture
from chaos.report.sheet import STYLE, Sheet
from chaos.run.record import Run

_WIDTH, _HEIGHT, _LEFT = 520.0, 270.0, 56.0
_LOOKS = {
    "steady": ("o", palette.REGIONS[0], "steady"),
    "fault": ("X", palette.FAULT, "in the fault"),
    "recovery": ("D", palette.REGIONS[2], "after the heal"),
}


def draw(run: Run, analysis: Analysis) -> Picture | None:
    """The portrait as SVG and PNG; None where there is nothing to draw."""
    if not analysis.portrait:
        return None
    with mpl.rc_context(STYLE):
        sheet = portrait(run, analysis.portrait)
        return Picture(sheet.svg(), (), png=sheet.png())


def portrait(run: Run, path: tuple[Point, ...]) -> Sheet:
    """The portrait on a sheet."""
    sheet = Sheet(_WIDTH, size=11.5)
    told = tuple(
        Item(words, palette.INK, {"marker": marker, "markersize": 6, "color": colour,
                                  "markeredgewidth": 0})
        for marker, colour, words in _LOOKS.values()
    )  # fmt: skip
    top = draw_caption(sheet, Caption("Second by second", told), _LEFT, _WIDTH - _LEFT, 14.0) + 10
    axes = sheet.axes(_LEFT, top, _WIDTH - _LEFT - 12, _HEIGHT)
    most = 1.08 * max(1.0, *(max(point.sent, point.good) for point in path))
    axes.plot([0, most], [0, most], color=palette.RULE, linewidth=1.0)
    axes.plot([p.sent for p in path], [p.good for p in path], color=palette.NO_REGION,
              linewidth=0.7, alpha=0.6)  # fmt: skip
    for name, (marker, colour, _) in _LOOKS.items():
        mine = [point for point in path if phase_of(run, point) == name]
        axes.plot([p.sent for p in mine], [p.good for p in mine], linestyle="none",
                  marker=marker, markersize=4.5, color=colour, alpha=0.75, markeredgewidth=0,
                  clip_on=False)  # fmt: skip
    axes.set_xlim(0, most)
    axes.set_ylim(0, most)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.set_xlabel("attempts sent a second", fontsize=sheet.points(sheet.size))
    axes.set_ylabel("operations ok a second", fontsize=sheet.points(sheet.size))
    sheet.finish(top + _HEIGHT + 44)
    return sheet


def phase_of(run: Run, point: Point) -> str:
    """The phase in which a point's stretch begins."""
    inside = [phase for phase in run.scenario.phases() if phase.starts <= point.starts < phase.ends]
    return inside[0].name if inside else run.scenario.phases()[-1].name
