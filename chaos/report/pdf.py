"""The report as a PDF: A4, text that can be searched and copied, an outline, page numbers.

fpdf2 sets it: pure Python, its tables break over pages and repeat their heads, and it takes a tenth
of what a browser engine takes. matplotlib's own PdfPages has no tables and sets words one artist at
a time; engines that print the page need libraries that pip cannot install.
"""

import io
import logging
from datetime import datetime
from pathlib import Path
from typing import Any

import matplotlib as mpl
from fpdf import FPDF
from fpdf.enums import TableBordersLayout, XPos, YPos
from fpdf.fonts import FontFace

from chaos.report import contrast, described, palette, scope, tables, wording
from chaos.report.account import Account
from chaos.report.cells import Cell, Table

_SANS, _MONO = "sans", "mono"
_SIZES = {"title": 17.0, "heading": 12.0, "text": 9.0, "small": 7.2}
_MARGIN = 14.0
_LINE = 1.45
_POINT = 25.4 / 72
_WIDEST = 62.0
_PORTRAIT = 78.0  # millimetres high
_PADDING = 3.6
_INK = (27, 36, 48)
_MUTED = (88, 99, 116)
_RULE = (201, 206, 214)
_SECTIONS = (
    *("achieved", "phases", "proof", "groups", "decisions", "backoff", "answers", "integrity"),
    *("events", "measures"),
)


def pdf(account: Account, figure: bytes, portrait: bytes = b"") -> bytes:
    """The document; ``figure`` is the timeline and ``portrait`` the phase portrait, as PNG.

    Either is empty where it was not drawn.
    """
    # Subsetting a font is told in hundreds of lines.
    logging.getLogger("fontTools").setLevel(logging.WARNING)
    book = _Book(account)
    _first_page(book, account)
    if figure:
        _figure(book, account, figure)
    named = tables.every(account)
    for name in _SECTIONS:
        if name != "groups" or account.groups:
            book.section(named[name])
    if portrait:
        _portrait(book, account, portrait)
    _baseline(book, account)
    _scenario(book, account)
    for name in ("environment", "files"):
        book.section(named[name])
    book.heading("Limitations")
    for limit in account.limitations:
        book.item(limit)
    _terms(book, "Definitions", scope.definitions(account))
    _sign_off(book)
    return bytes(book.output())


class _Book(FPDF):
    """A4 pages with the fonts that matplotlib brings and a foot that names the run."""

    def __init__(self, account: Account) -> None:
        super().__init__(format="A4")
        folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
        self.add_font(_SANS, "", folder / "DejaVuSans.ttf")
        self.add_font(_SANS, "B", folder / "DejaVuSans-Bold.ttf")
        self.add_font(_MONO, "", folder / "DejaVuSansMono.ttf")
        self._foot = f"{account.identity.run_id}  ·  {account.identity.tool}"
        self.set_margin(_MARGIN)
        self.set_auto_page_break(auto=True, margin=_MARGIN + 4)
        self.set_title(f"{account.analysis.verdict.upper()}: {account.analysis.headline}")
        self.set_subject(f"Resilience report of {account.identity.scenario}")
        self.set_lang("en")
        self.set_creator("keychaos")
        # The run's own time, so that the same run gives the same bytes.
        self.set_creation_date(datetime.fromisoformat(account.identity.started_utc))
        self.add_page()

    def footer(self) -> None:
        """The run's name and the page's number."""
        self.set_y(-_MARGIN)
        self.write_as("small", f"{self._foot}  ·  page {self.page_no()}", colour=_MUTED)

    def write_as(
        self, size: str, words: str, *, bold: bool = False, colour: tuple[int, ...] = _INK,
        family: str = _SANS, indent: float = 0.0,
    ) -> None:  # fmt: skip
        """A paragraph."""
        self.set_font(family, "B" if bold else "", _SIZES[size])
        self.set_text_color(*colour)
        self.set_x(self.l_margin + indent)
        height = _SIZES[size] * _POINT * _LINE
        self.multi_cell(self.epw - indent, height, words, align="L", new_x=XPos.LMARGIN,
                        new_y=YPos.NEXT)  # fmt: skip

    def heading(self, words: str, *, room: float = 30.0) -> None:
        """A heading, in the outline as well; what follows has so many millimetres on its page."""
        if self.will_page_break(room):
            self.add_page(orientation="portrait")
        self.ln(4)
        self.start_section(words)
        self.write_as("heading", words, bold=True)

    def item(self, words: str) -> None:
        """One point of a list."""
        self.write_as("text", f"•  {words}", indent=1.5)

    def section(self, table: Table) -> None:
        """A heading, what the table is about, the table."""
        self.heading(table.title)
        if table.about:
            self.write_as("small", table.about, colour=_MUTED)
        self.ln(1)
        self.grid(table)

    def grid(self, table: Table) -> None:
        """A table whose head is repeated on every page."""
        if not table.rows:
            self.write_as("text", table.empty)
            return
        widths, size = self._fitted(table)
        self.set_font(_SANS, "", size)
        self.set_text_color(*_INK)
        self.set_draw_color(*_RULE)
        head = FontFace(family=_SANS, emphasis="BOLD", color=_MUTED, size_pt=size)
        with self.table(
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            headings_style=head,
            # What floating point adds to a full page is no width of a table.
            width=min(sum(widths), self.epw),
            col_widths=tuple(widths),
            align="LEFT",
            line_height=size * _POINT * _LINE,
            text_align=tuple("RIGHT" if c.numeric else "LEFT" for c in table.rows[0]),
            padding=(0.6, 1.2),
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
        size = _SIZES["small"]
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
        self.set_font(_MONO if mono else _SANS, "B" if bold else "", _SIZES["small"])
        return float(self.get_string_width(words))


def _words(cell: Cell) -> str:
    return f"{palette.SIGNS[cell.verdict]} {cell.text}" if cell.verdict else cell.text


def _face(cell: Cell) -> FontFace | None:
    if cell.verdict:
        return FontFace(emphasis="BOLD", color=rgb(palette.VERDICTS[cell.verdict]))
    return FontFace(family=_MONO) if cell.code else None


def rgb(colour: str) -> tuple[int, int, int]:
    """A colour of the palette as numbers.

    >>> rgb("#c1121f")
    (193, 18, 31)
    """
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _first_page(book: _Book, account: Account) -> None:
    analysis, identity = account.analysis, account.identity
    about = (identity.scenario, f"{identity.world} world", f"seed {identity.seed}",
             f"{identity.started_utc} to {identity.ended_utc}")  # fmt: skip
    book.write_as("small", "  ·  ".join(about), colour=_MUTED)
    book.ln(1)
    sign = f"{palette.SIGNS[analysis.verdict]} {analysis.verdict.upper()}"
    book.write_as("heading", sign, bold=True, colour=rgb(palette.VERDICTS[analysis.verdict]))
    book.write_as("title", analysis.headline, bold=True)
    book.start_section("Summary")
    for question, said in (
        ("What was tried", (account.tried,)),
        ("Is it good enough?", (account.answer,)),
        ("What went wrong", account.troubles or ("Nothing that an objective forbids.",)),
        ("What to do", account.todo),
    ):
        book.ln(2)
        book.write_as("text", question, bold=True, colour=_MUTED)
        for words in said:
            (book.item if len(said) > 1 else lambda w: book.write_as("text", w))(words)
    _terms(book, "Objective, scope and assumptions", scope.scope(account))
    # The reasons stand above, each with its rule.
    book.section(tables.objectives(account).without("Why"))


def _terms(book: _Book, heading: str, told: tuple[tuple[str, str], ...]) -> None:
    book.heading(heading)
    for name, said in told:
        book.ln(1)
        book.write_as("small", name, bold=True)
        book.write_as("small", said, indent=3.0)


def _portrait(book: _Book, account: Account, portrait: bytes) -> None:
    book.heading("Load against goodput", room=_PORTRAIT + 20)
    book.write_as("small", described.PORTRAIT, colour=_MUTED)
    more: dict[str, Any] = {"alt_text": described.portrait_text(account), "keep_aspect_ratio": True}
    book.image(io.BytesIO(portrait), w=book.epw, h=_PORTRAIT, **more)


def _figure(book: _Book, account: Account, figure: bytes) -> None:
    book.add_page(orientation="landscape")
    book.start_section("Timeline")
    more: dict[str, Any] = {"alt_text": described.alt_text(account), "keep_aspect_ratio": True}
    book.image(io.BytesIO(figure), x=book.l_margin, y=book.t_margin, w=book.epw,
               h=book.h - 2 * _MARGIN - 6, **more)  # fmt: skip
    book.add_page(orientation="portrait")


def _baseline(book: _Book, account: Account) -> None:
    if account.against is None:
        return
    book.heading("Comparison with a baseline")
    book.write_as("text", account.against.claim, bold=True)
    runs = ", ".join(account.against.baseline)
    book.write_as("small", f"A is the baseline, {runs}; B is this run.", colour=_MUTED)
    for difference in account.against.differences:
        book.item(f"Not alike: {difference}")
    for shown in contrast.baseline(account.against):
        book.ln(2)
        book.write_as("small", shown.about, colour=_MUTED)
        book.grid(shown)


def _scenario(book: _Book, account: Account) -> None:
    run = account.run
    book.heading("Scenario")
    book.write_as(
        "small", f"{account.scenario_path}, SHA-256 {account.scenario_sha256}", colour=_MUTED
    )
    for word in run.scenario.overrides:
        book.write_as("small", f"--set {word}", family=_MONO)
    book.ln(1)
    for line in run.scenario.source.splitlines():
        book.write_as("small", line or " ", family=_MONO)
    book.heading("How to reproduce")
    book.write_as("small", run.command, family=_MONO)
    book.write_as("text", wording.self_check(run))


def _sign_off(book: _Book) -> None:
    book.heading("Sign-off", room=75)
    told = "This report is evidence that supports a review. It certifies nothing by itself."
    book.write_as("small", told, colour=_MUTED)
    for role in ("Prepared by", "Reviewed by", "Accepted by"):
        book.ln(9)
        book.write_as("text", f"{role}, date, signature")
        book.line(book.l_margin + 50, book.get_y(), book.w - book.r_margin, book.get_y())
