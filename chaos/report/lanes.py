"""The lane above the points: fault bands by name, flags on the marks, arrows in the zoom."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes

from chaos.report import numbers, palette
from chaos.report.flags import Flag, Spot, fly, stack
from chaos.report.poles import Pole
from chaos.report.sheet import Sheet, measure
from chaos.report.timeline import Band, View

ROW = 18.0
PAD = 5.0
_MOST_ROWS = 5
_MOST_BAND_ROWS = 4
_STYLES = {
    "detected": (0, (1.2, 1.6)),
    "failed_over": (0, (4, 2)),
    "recovered": "solid",
    "failed_back": (0, (7, 2, 1.5, 2)),
    "aborted": "solid",
}
_COLOURS = {"never": palette.FAIL, "aborted": palette.FAIL}
_EDGES = {"hit": "solid", "unproven": (0, (1, 2)), "planned": (0, (3, 3))}


def band_rows(shown: Sequence[Band]) -> int:
    """How many rows the bands' names need, overlapping faults one above another."""
    rows = stack([(band.starts, band.ends) for band in shown])
    return min(_MOST_BAND_ROWS, max(rows, default=-1) + 1)


def shade(
    axes: Axes, shown: Sequence[Band], poles: Sequence[Pole], view: View, *, edges: bool = True
) -> None:
    """The faults and poles behind one panel; without edges where words may cross them."""
    for band in shown:
        if band.ends < view.starts or band.starts > view.ends:
            continue
        if band.state != "planned":
            axes.axvspan(band.starts, band.ends, color=palette.FAULT_LIGHT, linewidth=0, zorder=0)
        for when in (band.starts, band.ends):
            if edges and view.holds(when):
                axes.axvline(when, color=palette.FAULT, linewidth=0.8, alpha=0.7,
                             linestyle=_EDGES[band.state])  # fmt: skip
    for pole in poles:
        if view.holds(pole.at) and pole.kind != "never":
            axes.axvline(pole.at, **_line(pole))


def _line(pole: Pole) -> dict[str, Any]:
    colour = _COLOURS.get(pole.kind, palette.INK)
    return {"color": colour, "linewidth": 1.0, "linestyle": _STYLES[pole.kind]}


def name_bands(axes: Axes, shown: Sequence[Band], view: View, size: float) -> None:
    """The faults' names on bars over the lane; where one does not fit stands its number."""
    rows = stack([(band.starts, band.ends) for band in shown])
    for band, row in zip(shown, rows, strict=True):
        starts, ends = max(band.starts, view.starts), min(band.ends, view.ends)
        if row >= _MOST_BAND_ROWS or ends <= starts:
            continue
        top, solid = row * ROW + 1.0, band.state == "hit"
        axes.fill_between([starts, ends], top, top + ROW - 2, linewidth=0.8,
                          facecolor=palette.FAULT if solid else "none", edgecolor=palette.FAULT,
                          linestyle=_EDGES[band.state])  # fmt: skip
        room = (ends - starts) * view.scale - 2 * PAD
        words = band_words(band, room, size)
        if words:
            colour = palette.ON_DARK if solid else palette.FAULT
            axes.text((starts + ends) / 2, top + ROW - 6, words, ha="center", weight="bold",
                      fontsize=size * 0.75, color=colour)  # fmt: skip


def band_words(band: Band, room: float, size: float) -> str:
    """A band's name in so many pixels: whole, or its number, which the legend has in full."""
    if measure(band.text, size, bold=True) <= room:
        return band.text
    number = str(band.number)
    return number if measure(number, size, bold=True) <= room else ""


def flag_poles(poles: Sequence[Pole], view: View, size: float) -> list[Spot | None]:
    """Where each pole's label flies over a view; None where there is no room, or it is outside."""
    inside = [index for index, pole in enumerate(poles) if view.holds(pole.at)]
    flags = [Flag(view.pixel(poles[i].at), _widths(poles[i], size)) for i in inside]
    found = dict(zip(inside, fly(flags, 0.0, view.width, _MOST_ROWS), strict=True))
    return [found.get(index) for index in range(len(poles))]


def _widths(pole: Pole, size: float) -> tuple[float, ...]:
    return tuple(measure(words, size, bold=True) + 2 * PAD for words in _forms(pole))


def _forms(pole: Pole) -> tuple[str, ...]:
    """What a label may say, the longest first: all of it, its first clause, its name."""
    return (pole.text, pole.text.partition(";")[0], pole.short)


def flag_rows(spots: Sequence[Spot | None]) -> int:
    """How many rows these flags take."""
    return max((spot.row + 1 for spot in spots if spot), default=0)


def draw_flags(
    axes: Axes, flown: Sequence[tuple[Pole, Spot | None]], view: View, top: float, size: float
) -> None:
    """The poles' labels, each beside its line; ``top`` is where the first row begins."""
    bottom = axes.get_ylim()[0]
    for pole, spot in flown:
        if not view.holds(pole.at):
            continue
        begins = top + ROW * spot.row + 2 if spot else bottom - 4
        if pole.kind != "never":
            axes.plot([pole.at, pole.at], [begins, bottom], **_line(pole))
        if spot:
            words = _forms(pole)[spot.form]
            colour = _COLOURS.get(pole.kind, palette.INK) if pole.alarm else palette.MUTED
            axes.text(view.starts + (spot.left + PAD) / view.scale, begins + ROW - 6, words,
                      weight="bold", color=colour,
                      fontsize=size * 0.75)  # fmt: skip


def draw_arrows(sheet: Sheet, axes: Axes, poles: Sequence[Pole], view: View, top: float) -> None:
    """In the zoom: from T0 to each pole an arrow with its length."""
    zero = view.zero or 0.0
    for row, pole in enumerate(poles):
        level = top + ROW * row + ROW / 2
        axes.annotate("", (pole.at, level), (zero, level),
                      arrowprops={"arrowstyle": "<->", "color": palette.INK, "linewidth": 0.9,
                                  "shrinkA": 0, "shrinkB": 0, "mutation_scale": 7})  # fmt: skip
        # These two marks are medians over clients; recovery is the fleet's.
        who = "" if pole.kind == "recovered" else "half "
        words = f"{who}{pole.short} +{numbers.seconds(pole.at - zero)}"
        width = measure(words, sheet.size, bold=True)
        # The names of the crowds stand further down, so the lane may use their column.
        fits = view.left + view.pixel(pole.at) + PAD + width <= sheet.width - PAD
        where = view.starts + (view.pixel(pole.at) + PAD) / view.scale if fits else view.ends
        box = None if fits else {"facecolor": palette.PAGE, "edgecolor": "none", "pad": 1.0}
        axes.text(where, level + 4, words, weight="bold", ha="left" if fits else "right",
                  fontsize=sheet.points(sheet.size), bbox=box)  # fmt: skip
        axes.plot([pole.at, pole.at], [level, axes.get_ylim()[0]], **_line(pole))
