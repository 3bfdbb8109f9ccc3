"""A drawing sheet measured in CSS pixels from its top left corner, over a matplotlib figure.

No pyplot: no global figure, no display, and the import costs half as much.
"""

import io
from functools import lru_cache
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch
from matplotlib.text import Text
from matplotlib.transforms import Affine2D

from chaos.report import palette

PX = 96.0  # CSS pixels per inch
_POINTS = 72.0 / PX  # points per CSS pixel
_UNSTAMPED: Any = dict.fromkeys(("Date", "Creator", "Format", "Type"))
_RASTER_DPI = 2 * PX  # points inside the SVG, two dots per CSS pixel: sharp on today's screens
_PNG_DPI = 1.5 * PX  # 1920 pixels wide; twice takes half a second more
# Typed loosely: matplotlib's stubs spell out some four hundred names that a dict cannot match.
STYLE: Any = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so that no machine draws it otherwise
    "text.color": palette.INK,
    "axes.edgecolor": palette.RULE,
    "axes.labelcolor": palette.MUTED,
    "axes.linewidth": 0.75,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": palette.GRID,
    "grid.linewidth": 0.75,
    "xtick.color": palette.MUTED,
    "ytick.color": palette.MUTED,
    "ytick.major.size": 0,
    "ytick.minor.size": 0,
    "xtick.major.size": 3,
    "xtick.major.width": 0.75,
    "svg.fonttype": "none",  # text stays text: searchable, and read by screen readers
    "svg.hashsalt": "keychaos",
    "axes.unicode_minus": True,
}


class Sheet:
    """One figure of a given width; its height is set last, when all is placed."""

    def __init__(self, width: float, size: float = 12.0) -> None:
        self.width, self.size = width, size
        self.figure = Figure(figsize=(width / PX, 1.0), dpi=PX, facecolor="none")
        FigureCanvasAgg(self.figure)
        self._flip = Affine2D()
        self.pixels = self._flip + self.figure.dpi_scale_trans
        self._placed: list[tuple[Axes, tuple[float, float, float, float]]] = []

    def axes(self, left: float, top: float, width: float, height: float, **more: Any) -> Axes:
        """New axes at a place in pixels."""
        axes = self.figure.add_axes((0.0, 0.0, 1.0, 1.0), facecolor="none", **more)
        axes.tick_params(labelsize=self.points(self.size - 0.5), pad=4)
        self._placed.append((axes, (left, top, width, height)))
        return axes

    def text(self, x: float, y: float, words: str, *, size: float = 0.0, **more: Any) -> Text:
        """Text whose baseline begins at a place in pixels."""
        return self.figure.text(
            x, y, words, transform=self.pixels, fontsize=self.points(size or self.size), **more
        )

    def marker(self, x: float, y: float, **look: Any) -> None:
        """One sign at a place in pixels, as in a legend."""
        self.figure.add_artist(Line2D([x], [y], transform=self.pixels, linestyle="none", **look))

    def line(self, xs: tuple[float, float], ys: tuple[float, float], **look: Any) -> None:
        """A straight line between two places in pixels."""
        self.figure.add_artist(Line2D(xs, ys, transform=self.pixels, **look))

    def pill(self, right: float, top: float, words: str, colour: str) -> float:
        """A filled label with white words that ends at ``right``; gives its width."""
        size = self.size + 1
        width = measure(words, size, bold=True) + 24
        self.figure.add_artist(
            FancyBboxPatch(
                (right - width, top),
                width,
                size + 14,
                boxstyle="round,pad=0,rounding_size=5",
                transform=self.pixels,
                facecolor=colour,
                edgecolor="none",
            )
        )
        self.text(right - width / 2, top + size + 5, words, size=size,
                  weight="bold", color=palette.ON_DARK, ha="center")  # fmt: skip
        return width

    def points(self, pixels: float) -> float:
        """Pixels as the points that matplotlib counts type and lines in."""
        return pixels * _POINTS

    def finish(self, height: float) -> None:
        """Set the height and put everything in its place."""
        self.figure.set_size_inches(self.width / PX, height / PX)
        self._flip.clear().scale(1 / PX, -1 / PX).translate(0.0, height / PX)
        for axes, (left, top, width, tall) in self._placed:
            axes.set_position(
                (
                    left / self.width,
                    1 - (top + tall) / height,
                    width / self.width,
                    tall / height,
                )
            )

    def svg(self) -> str:
        """The sheet as SVG, the same bytes for the same sheet."""
        stream = io.StringIO()
        self.figure.savefig(stream, format="svg", dpi=_RASTER_DPI, metadata=_UNSTAMPED)
        return stream.getvalue()

    def png(self) -> bytes:
        """The sheet as PNG on white."""
        stream = io.BytesIO()
        self.figure.savefig(
            stream, format="png", dpi=_PNG_DPI, facecolor="white", metadata={"Software": None}
        )
        return stream.getvalue()


@lru_cache(maxsize=1)
def _ruler() -> RendererAgg:
    return RendererAgg(1, 1, PX)  # type: ignore[no-untyped-call] # not typed upstream


@lru_cache(maxsize=4096)
def measure(words: str, size: float, *, bold: bool = False) -> float:
    """How wide these words are, in pixels."""
    with mpl.rc_context(STYLE):
        font = FontProperties(size=size * _POINTS, weight="bold" if bold else "normal")
        size_of: Any = _ruler().get_text_width_height_descent
        return float(size_of(words, font, ismath=False)[0])


def wrap(words: str, size: float, width: float, *, bold: bool = False) -> list[str]:
    """The words in lines no wider than ``width`` pixels; a longer word stands alone."""
    lines: list[str] = []
    for word in words.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and measure(longer, size, bold=bold) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines or [""]
