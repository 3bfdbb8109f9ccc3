"""Where labels go so that none hides another: flags on vertical lines, rows of bands, stacks.

Pure geometry in whatever unit the caller draws in.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flag:
    """A label that flies from a vertical line at ``x``, with its widths: in full, and shortened."""

    x: float
    widths: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a flag flies: its row, 0 on top, the left edge and width of the label that fits."""

    row: int
    left: float
    width: float
    form: int = 0


def fly(flags: Sequence[Flag], starts: float, ends: float, rows: int) -> list[Spot | None]:
    """Give every flag a row and a side of its line, or None where there is no room.

    A line is drawn from its label's row downwards; no label lies over another, nor over a line of
    another flag. Flags keep the order given, which is the order of importance at equal x.
    """
    spots: list[Spot | None] = [None] * len(flags)
    for index in sorted(range(len(flags)), key=lambda i: (flags[i].x, i)):
        flag = flags[index]
        options = [
            Spot(row, left, width, form)
            for form, width in enumerate(flag.widths)
            for left in (flag.x, flag.x - width)
            for row in range(rows)
            if starts <= left and left + width <= ends
        ]
        spots[index] = next((o for o in options if _free(flag, o, flags, spots)), None)
    return spots


def _free(flag: Flag, spot: Spot, flags: Sequence[Flag], spots: Sequence[Spot | None]) -> bool:
    for other, taken in zip(flags, spots, strict=True):
        if taken is None:
            continue
        apart = spot.left + spot.width <= taken.left or taken.left + taken.width <= spot.left
        if taken.row == spot.row and not apart:
            return False
        # A line runs from its own row down, so only labels at or below that row meet it.
        if taken.row <= spot.row and spot.left < other.x < spot.left + spot.width:
            return False
        if spot.row <= taken.row and taken.left < flag.x < taken.left + taken.width:
            return False
    return True


def stack(spans: Sequence[tuple[float, float]]) -> list[int]:
    """A row for every span so that spans of one row never overlap; as few rows as that takes."""
    free_from: list[float] = []
    rows = [0] * len(spans)
    for index in sorted(range(len(spans)), key=lambda i: spans[i]):
        starts, ends = spans[index]
        row = next((r for r, free in enumerate(free_from) if free <= starts), len(free_from))
        if row == len(free_from):
            free_from.append(ends)
        free_from[row] = ends
        rows[index] = row
    return rows


def spread(wanted: Sequence[float], gap: float, lowest: float, highest: float) -> list[float]:
    """Places near the wanted ones, at least ``gap`` apart and inside the bounds, order kept.

    Where there is not room enough for all, the gap shrinks to what fits.
    """
    if not wanted:
        return []
    gap = min(gap, (highest - lowest) / max(1, len(wanted) - 1))
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    placed = [0.0] * len(wanted)
    floor = lowest
    for index in order:
        floor = placed[index] = max(floor, wanted[index])
        floor += gap
    ceiling = highest
    for index in reversed(order):
        ceiling = placed[index] = min(ceiling, placed[index])
        ceiling -= gap
    return placed
