"""The titles of the panels, which are their legends too: words coloured as what they name."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chaos.analysis.findings import Analysis
from chaos.report import numbers, palette, panels
from chaos.report.lanes import PAD, band_words
from chaos.report.series import OK, Floats, attempts_answered, crowds, extra_attempts, success
from chaos.report.sheet import Sheet, measure
from chaos.report.timeline import View, bands
from chaos.run.record import NOWHERE, Run

_SIGN = 14.0
_BETWEEN = 14.0
_MOST_NUMBERED = 6


@dataclass(frozen=True, slots=True)
class Item:
    """One word of a legend, with the sign it explains."""

    text: str
    colour: str
    sign: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Caption:
    """A panel's title and the items beside it."""

    title: str
    items: tuple[Item, ...]


def captions(run: Run, analysis: Analysis, view: View, size: float) -> dict[str, Caption]:
    """The caption of every panel over the whole run."""
    seen = (*_response(run), *_numbered(run, analysis, view, size))
    return {
        "response": Caption("Response time of every operation", seen),
        "success": Caption("Success rate", tuple(_success(run, view))),
        "answered": Caption("Answered by", tuple(_answered(run))),
        "extra": Caption("Attempts beyond the first", tuple(_extra(run, view))),
    }


def zoom_caption(analysis: Analysis, view: View) -> Caption:
    """The title over the zoom."""
    if view.zero is not None and not view.holds(view.zero):
        return Caption("Zoom: the first failures", ())
    moved = any(mark.name == "failed_over" for mark in analysis.marks)
    return Caption("Zoom: how it failed over" if moved else "Zoom: how the fault began", ())


def _numbered(run: Run, analysis: Analysis, view: View, size: float) -> list[Item]:
    """The faults whose bars have room for a number only; the table of proofs has all of them."""
    items = []
    for band in bands(run, analysis):
        room = (band.ends - band.starts) * view.scale - 2 * PAD
        if band_words(band, room, size) in {"", str(band.number)}:
            items.append(Item(f"{band.number} {band.text}", palette.FAULT))
    return items[:_MOST_NUMBERED]


def _square(colour: str) -> dict[str, Any]:
    return {"marker": "s", "markersize": 6.5, "color": colour, "markeredgewidth": 0}


def _bar(colour: str, width: float = 2.0) -> dict[str, Any]:
    return {"marker": "_", "markersize": 9, "color": colour, "markeredgewidth": width}


def _response(run: Run) -> list[Item]:
    if not len(run.operations):
        return [Item("no operation was recorded", palette.MUTED)]
    found = crowds(run)
    looks = {crowd.look for crowd in found}
    items = [
        Item(run.regions[code], palette.region_text(code),
             {**panels.look("plain", code, close=True), "markersize": 6, "alpha": 1})
        for code in sorted({crowd.region for crowd in found} - {NOWHERE})
    ]  # fmt: skip
    words = {"retried": "after a retry", "unknown": "outcome unknown", "failed": "failed"}
    colours = {"unknown": palette.UNKNOWN, "failed": palette.FAIL}
    for name, said in words.items():
        if name in looks:
            colour = colours.get(name, palette.MUTED)
            sign = {**panels.look(name, NOWHERE, close=True), "markersize": 5.5, "alpha": 1}
            items.append(Item(said, colour, sign))
    items.append(Item("p99", palette.INK, _bar(palette.INK, 1.2)))
    items.append(Item("p50", palette.INK, {"dotted": True}))
    return items


def _success(run: Run, view: View) -> list[Item]:
    items = [
        Item("operations, as callers saw them", palette.INK, _bar(palette.INK, 2.6)),
        Item("single attempts", palette.FAIL, _bar(palette.FAIL)),
    ]
    shares = success(run.operations["due"], run.operations["outcome"] == OK, view.over)
    tries = attempts_answered(run, view.over)
    for values, colour in ((shares, palette.INK), (tries, palette.FAIL)):
        if len(run.operations):
            items.append(Item(f"lowest {_bin(view)}: {_least(values)}", colour))
    return [items[0], *items[2:3], items[1], *items[3:4]]


def _bin(view: View) -> str:
    width = view.over.width
    return "second" if width == 1 else numbers.seconds(width)


def _least(values: Floats) -> str:
    known = values[~np.isnan(values)]
    return numbers.share(float(known.min())) if len(known) else numbers.NOTHING


def _answered(run: Run) -> list[Item]:
    primary = run.scenario.clients.regions[:1]
    items = [
        Item(f"{name} (primary)" if name in primary else name, palette.region_text(code),
             _square(palette.region(code)))
        for code, name in enumerate(run.regions)
    ]  # fmt: skip
    return [*items, Item("offered load", palette.INK, _bar(palette.INK, 1.2))]


def _extra(run: Run, view: View) -> list[Item]:
    found = extra_attempts(run, view.over)
    if not found:
        return [Item("none was made", palette.MUTED)]
    # The peak of each, since a grey alone says little.
    return [
        Item(f"{why}, peak {numbers.rate(float(rates.max()))}", palette.INK,
             _square(palette.WHYS[why]))
        for why, rates in found.items()
    ]  # fmt: skip


def draw_caption(sheet: Sheet, caption: Caption, left: float, width: float, top: float) -> float:
    """Draw it from ``left``, in as many lines as it needs; gives the last line's baseline."""
    size = sheet.size + 1
    sheet.text(left, top, caption.title, size=size, weight="bold")
    place = left + measure(caption.title, size, bold=True) + _BETWEEN
    for item in caption.items:
        needs = measure(item.text, sheet.size) + (_SIGN if item.sign else 0)
        if place + needs > left + width and place > left:
            place, top = left, top + size + 5
        if item.sign:
            _draw_sign(sheet, item.sign, place, top - sheet.size * 0.36)
            place += _SIGN
        sheet.text(place, top, item.text, color=item.colour)
        place += measure(item.text, sheet.size) + _BETWEEN
    return top


def _draw_sign(sheet: Sheet, sign: dict[str, Any], left: float, level: float) -> None:
    if "dotted" in sign:
        sheet.line((left, left + 11), (level, level), color=palette.INK, linewidth=1.2,
                   linestyle=(0, (1.0, 1.5)))  # fmt: skip
    else:
        sheet.marker(left + 5, level, **sign)
