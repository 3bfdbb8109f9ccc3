"""A comparison as a picture: one strip a measure, both sides above one another on one scale.

Every dot is a repetition, the bar its side's median, the line the median's interval.
"""

import math
import re
from collections.abc import Callable

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from chaos.report import numbers, palette
from chaos.report.against import MeasureRow, Side
from chaos.report.compare import Comparison
from chaos.report.sheet import STYLE, Sheet
from chaos.scenario.objective import Unit

_WIDTH, _STRIP, _LEFT, _RIGHT, _HEAD = 900.0, 40.0, 250.0, 210.0, 52.0
_MOST = 24
_ORDER = {"worse": 0, "better": 1, "changed": 2}
_LOOKS = (("A", "o", palette.REGIONS[0]), ("B", "D", palette.REGIONS[1]))


def draw(found: Comparison) -> str:
    """The picture as SVG: what got worse first, then the measures that a rule names."""
    with mpl.rc_context(STYLE):
        sheet = Sheet(_WIDTH, size=11.5)
        _head(sheet)
        top = _HEAD
        for row in chosen(found):
            _strip(sheet, row, top)
            top += _STRIP + 34.0
        sheet.finish(top + 6.0)
        return sheet.svg()


def chosen(found: Comparison) -> list[MeasureRow]:
    """The rows that are drawn: those with a change first, then those of the objectives."""
    rules = {re.split(r"\s*[<>=]=?\s*", row.rule)[0] for row in found.objectives}
    both = [row for row in found.measures if row.before.values and row.after.values]
    kept = [row for row in both if row.change in _ORDER or row.name in rules]
    return sorted(kept, key=lambda row: _ORDER.get(row.change, len(_ORDER)))[:_MOST]


def _head(sheet: Sheet) -> None:
    sheet.text(0.0, 16.0, "B against A, measure by measure", size=13.0, weight="bold")
    for at, (name, marker, colour) in enumerate(_LOOKS):
        sheet.marker(_LEFT + 90.0 + 46.0 * at, 12.0, marker=marker, markersize=6, color=colour,
                     markeredgewidth=0)  # fmt: skip
        sheet.text(_LEFT + 100.0 + 46.0 * at, 16.0, name)
    told = "a dot a repetition, a bar the median, a line its 95 % interval"
    sheet.text(_LEFT + 200.0, 16.0, told, color=palette.MUTED)


def _strip(sheet: Sheet, row: MeasureRow, top: float) -> None:
    axes = sheet.axes(_LEFT, top, _WIDTH - _LEFT - _RIGHT, _STRIP)
    values = [v for side in (row.before, row.after) for v in side.values if math.isfinite(v)]
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = 0.06 * (high - low) or 0.05 * abs(high) or 1.0
    edge = high + 3 * room
    axes.set_xlim(low - room, edge if _never(row) else high + room)
    axes.set_ylim(-0.6, 1.6)
    axes.set_yticks([])
    for level, side, (_, marker, colour) in zip((1, 0), (row.before, row.after), _LOOKS,
                                                strict=True):  # fmt: skip
        _side(axes, side, level, marker, colour, edge)
    axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(_ticks(row.unit)))
    sheet.text(0.0, top + 24.0, row.name)
    colours = {"worse": palette.FAIL, "better": palette.VERDICTS["passed"]}
    colour, beside = colours.get(row.change, palette.MUTED), _WIDTH - _RIGHT + 14.0
    sheet.text(beside, top + 24.0, row.change, color=colour)
    if _never(row):
        sheet.text(beside, top + 40.0, "at the edge: not reached", color=palette.MUTED)


def _side(axes: Axes, side: Side, level: float, marker: str, colour: str, edge: float) -> None:
    """One side's dots; what was never reached stands at the right edge."""
    places = [value if math.isfinite(value) else edge for value in side.values]
    axes.plot(places, [level] * len(places), linestyle="none", marker=marker, markersize=5,
              color=colour, alpha=0.75, markeredgewidth=0, clip_on=False)  # fmt: skip
    if side.interval and all(map(math.isfinite, side.interval)):
        axes.plot(side.interval, [level, level], color=colour, linewidth=1.6)
    if side.median is not None and math.isfinite(side.median):
        axes.plot([side.median] * 2, [level - 0.45, level + 0.45], color=palette.INK, linewidth=1.4)


def _never(row: MeasureRow) -> bool:
    return any(math.isinf(v) for v in (*row.before.values, *row.after.values))


def _ticks(unit: Unit) -> Callable[[float, int], str]:
    """The words at a tick; none where no value of that unit can lie."""
    most = 1.0 if unit == "share" else math.inf
    return lambda value, _: numbers.value(value, unit) if 0.0 <= value <= most else ""
