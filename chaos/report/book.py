"""The pages of a report that is printed: A4, type, headings, and tables that break as they should.

A table that would leave a row or two alone on a page is set more densely, or begins on the next.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

import matplotlib as mpl
from fpdf import FPDF
from fpdf.enums import MethodReturnValue, TableBordersLayout, XPos, YPos
from fpdf.fonts import FontFace

from chaos.report import palette
from chaos.report.account import Account
from chaos.report.cells import Cell, Table

SANS, MONO = "sans", "mono"
SIZES = {"title": 17.0, "heading": 12.0, "text": 9.0, "small": 7.2}
MARGIN = 14.0
_LINE = 1.45
_POINT = 25.4 / 72
_WIDEST = 62.0
_PADDING = 3.6
# Above and below each row of a table, from the usual to the densest, and beside each cell.
_DENSE, _BESIDE = (0.6, 0.4, 0.2), 1.2
_FEWEST_ROWS = 3
_ROOM, _TERM = 30.0, 12.0
INK = (27, 36, 48)
MUTED = (88, 99, 116)
RULE = (201, 206, 214)


class Book(FPDF):
    """A4 pages with the fonts that matplotlib brings and a foot that names the run."""

    def __init__(self, account: Account) -> None:
        super().__init__(format="A4")
        folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
        self.add_font(SANS, "", folder / "DejaVuSans.ttf")
        self.add_font(SANS, "B", folder / "DejaVuSans-Bold.ttf")
        self.add_font(MONO, "", folder / "DejaVuSansMono.ttf")
        self._foot = f"{account.identity.run_id}  ·  {account.identity.tool}"
        self.set_margin(MARGIN)
        self.set_auto_page_break(auto=True, margin=MARGIN + 4)
        self.set_title(f"{account.analysis.verdict.upper()}: {account.analysis.headline}")
        self.set_subject(f"Resilience report of {account.identity.scenario}")
        self.set_lang("en")
        self.set_creator("keychaos")
        # The run's own time, so that the same run gives the same bytes.
        self.set_creation_date(datetime.fromisoformat(account.identity.started_utc))
        self.add_page()

    def footer(self) -> None:
        """The run's name and the page's number."""
        self.set_y(-MARGIN)
        self.write_as("small", f"{self._foot}  ·  page {self.page_no()}", colour=MUTED)

    def write_as(
        self, size: str, words: str, *, bold: bool = False, colour: tuple[int, ...] = INK,
        family: str = SANS, indent: float = 0.0,
    ) -> None:  # fmt: skip
        """A paragraph."""
        self.set_font(family, "B" if bold else "", SIZES[size])
        self.set_text_color(*colour)
        self.set_x(self.l_margin + indent)
        height = SIZES[size] * _POINT * _LINE
        self.multi_cell(self.epw - indent, height, words, align="L", new_x=XPos.LMARGIN,
                        new_y=YPos.NEXT)  # fmt: skip

    def heading(self, words: str, *, room: float = _ROOM) -> None:
        """A heading, in the outline as well; what follows has so many millimetres on its page."""
        if self.will_page_break(room):
            self.add_page(orientation="portrait")
        self.ln(4)
        self.start_section(words)
        self.write_as("heading", words, bold=True)

    def item(self, words: str) -> None:
        """One point of a list."""
        self.write_as("text", f"•  {words}", indent=1.5)

    def term(self, name: str, said: str) -> None:
        """A name and what it means, both on one page."""
        if self.will_page_break(_TERM):
            self.add_page(orientation="portrait")
        self.ln(1)
        self.write_as("small", name, bold=True)
        self.write_as("small", said, indent=3.0)

    def section(self, table: Table) -> None:
        """A heading, what the table is about, and the table, with no few rows of it alone."""
        alone = self._padding(table, self._left() - self._above(table)) is None
        self.heading(table.title, room=self._page() if alone else _ROOM)
        self._about(table)

    def part(self, table: Table) -> None:
        """What the table is about, and the table, of a section that has its heading already."""
        room = self._left() - self._above(table)
        if room < _ROOM / 2 or self._padding(table, room) is None:
            self.add_page(orientation="portrait")
        self._about(table)

    def _about(self, table: Table) -> None:
        if table.about:
            self.write_as("small", table.about, colour=MUTED)
        self.ln(1)
        self.grid(table)

    def fits(self, table: Table) -> bool:
        """Whether a section of this table, drawn as densely as may be, fits what is left here."""
        tall = self._heights(table, _DENSE[-1]) if table.rows else [_ROOM / 2]
        return self._above(table) + sum(tall) <= self._left()

    def _padding(self, table: Table, room: float) -> float | None:
        """The padding with which a table that begins with so much room leaves no few rows alone.

        The widest with which all of it stands there, or else that breaks it well. None where none
        does.
        """
        if not table.rows:
            return _DENSE[0]
        found = [(each, self._split(self._heights(table, each), room)) for each in _DENSE]
        whole = [each for each, pages in found if len(pages) == 1]
        well = [each for each, pages in found if min(pages[0], pages[-1]) >= _FEWEST_ROWS]
        return next(iter([*whole, *well]), None)

    def _split(self, tall: list[float], room: float) -> list[int]:
        """How many rows of these heights, their head first, come on each page."""
        pages, left = [0], room - tall[0]
        for each in tall[1:]:
            if each > left:
                pages.append(0)
                left = self._page() - tall[0]
            left -= each
            pages[-1] += 1
        return pages

    def _page(self) -> float:
        return float(self.h - self.t_margin - self.b_margin)

    def _left(self) -> float:
        return float(self.h - self.b_margin - self.y)

    def _above(self, table: Table) -> float:
        """How high a section's heading is with what its table is about."""
        lines = self._lines(table.about, self.epw, "small") if table.about else 0
        small, heading = (SIZES[size] * _POINT * _LINE for size in ("small", "heading"))
        return 4 + heading + lines * small + 1

    def _heights(self, table: Table, padding: float) -> list[float]:
        """How high each row of a table is, its head first."""
        widths, size = self._fitted(table)
        part = size / SIZES["small"]
        rows = [[(name, SANS, "B") for name in table.columns]]
        rows += [[(_words(c), MONO if c.code else SANS, "") for c in row] for row in table.rows]
        found = []
        for row in rows:
            many = [
                self._lines(words, (width - 2 * _BESIDE) / part, "small", family=family, style=bold)
                for (words, family, bold), width in zip(row, widths, strict=True)
            ]
            found.append(max(many) * size * _POINT * _LINE + 2 * padding)
        return found

    def _lines(
        self, words: str, width: float, size: str, *, family: str = SANS, style: str = ""
    ) -> int:
        """In how many lines these words are set."""
        self.set_font(family, style, SIZES[size])
        margin, self.c_margin = self.c_margin, 0.0
        more: dict[str, Any] = {"dry_run": True, "output": MethodReturnValue.LINES}
        lines: Any = self.multi_cell(width, text=words, align="L", **more)
        self.c_margin = margin
        return max(1, len(lines))

    def grid(self, table: Table) -> None:
        """A table whose head is repeated on every page."""
        if not table.rows:
            self.write_as("text", table.empty)
            return
        padding = self._padding(table, self._left())
        widths, size = self._fitted(table)
        self.set_font(SANS, "", size)
        self.set_text_color(*INK)
        self.set_draw_color(*RULE)
        head = FontFace(family=SANS, emphasis="BOLD", color=MUTED, size_pt=size)
        with self.table(
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            headings_style=head,
            # What floating point adds to a full page is no width of a table.
            width=min(sum(widths), self.epw),
            col_widths=tuple(widths),
            align="LEFT",
            line_height=size * _POINT * _LINE,
            text_align=tuple("RIGHT" if c.numeric else "LEFT" for c in table.rows[0]),
            padding=(padding or _DENSE[0], _BESIDE),
        ) as drawn:
            drawn.row(table.columns)
            for cells in table.rows:
                row = drawn.row()
                for cell in cells:
                    row.cell(_words(cell), style=_face(cell))

    def _fitted(self, table: Table) -> tuple[list[float], float]:
        """The width of each column and the size of type with which the table fits the page.

        Numbers keep the width they need; long words share what is left; where only numbers are too
        wide, the type shrinks.
        """
        size = SIZES["small"]
        widths = self._wanted(table)
        loose = sorted((i for i, width in enumerate(widths) if width > _WIDEST / 2),
                       key=lambda i: widths[i])  # fmt: skip
        left = self.epw - sum(width for i, width in enumerate(widths) if i not in loose)
        if left < _WIDEST * len(loose) / 2:
            part = min(1.0, self.epw / sum(widths))
            return [width * part for width in widths], size * part
        for rank, index in enumerate(loose):
            # Who needs less than an even share leaves the rest to those who need more.
            widths[index] = min(widths[index], left / (len(loose) - rank))
            left -= widths[index]
        return widths, size

    def _wanted(self, table: Table) -> list[float]:
        """As wide as the longest cell of each column; a column's name may break between words."""
        found = []
        for index, column in enumerate(table.columns):
            longest = max(
                self._width(_words(row[index]), mono=row[index].code, bold=bool(row[index].verdict))
                for row in table.rows
            )
            named = max(self._width(word, bold=True) for word in column.split())
            found.append(max(longest, named) + _PADDING)
        return found

    def _width(self, words: str, *, bold: bool = False, mono: bool = False) -> float:
        self.set_font(MONO if mono else SANS, "B" if bold else "", SIZES["small"])
        return float(self.get_string_width(words))


def _words(cell: Cell) -> str:
    return f"{palette.SIGNS[cell.verdict]} {cell.text}" if cell.verdict else cell.text


def _face(cell: Cell) -> FontFace | None:
    if cell.verdict:
        return FontFace(emphasis="BOLD", color=rgb(palette.VERDICTS[cell.verdict]))
    return FontFace(family=MONO) if cell.code else None


def rgb(colour: str) -> tuple[int, int, int]:
    """A colour of the palette as numbers.

    >>> rgb("#c1121f")
    (193, 18, 31)
    """
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
