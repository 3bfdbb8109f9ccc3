"""The report as a PDF: A4, text that can be searched and copied, an outline, page numbers.

fpdf2 sets it: pure Python, its tables break over pages and repeat their heads, and it takes a tenth
of what a browser engine takes. matplotlib's own PdfPages has no tables and sets words one artist at
a time; engines that print the page need libraries that pip cannot install.
"""

import io
import logging
from typing import Any

from chaos.report import contrast, described, palette, resolved, scope, tables, wording
from chaos.report.account import Account
from chaos.report.book import MARGIN, MONO, MUTED, Book, rgb

_PORTRAIT = 78.0  # millimetres high
_SIGNED = 75.0
_LIMITED = 45.0
_SECTIONS = (
    *("achieved", "phases", "proof", "groups", "decisions", "backoff", "retry-after", "answers"),
    *("integrity", "events", "measures"),
)


def pdf(account: Account, figure: bytes, portrait: bytes = b"") -> bytes:
    """The document; ``figure`` is the timeline and ``portrait`` the phase portrait, as PNG.

    Either is empty where it was not drawn.
    """
    # Subsetting a font is told in hundreds of lines.
    logging.getLogger("fontTools").setLevel(logging.WARNING)
    book = Book(account)
    write(book, account, figure, portrait)
    return bytes(book.output())


def write(book: Book, account: Account, figure: bytes, portrait: bytes) -> None:
    """Write everything into a book."""
    _first_page(book, account)
    # The reasons stand above, each with its rule. Half a table before the figure would leave the
    # page in between empty.
    rules = tables.objectives(account).without("Why")
    first = book.fits(rules)
    if first:
        book.section(rules)
    if figure:
        _figure(book, account, figure)
    if not first:
        book.section(rules)
    _body(book, account)
    if portrait:
        _portrait(book, account, portrait)
    _baseline(book, account)
    _terms(book, "Definitions", scope.definitions(account))
    _scenario(book, account)
    named = tables.every(account)
    for name in ("environment", "files"):
        book.section(named[name])
    # Together, so that nobody signs a page that says nothing else.
    book.heading("Limitations", room=_LIMITED + _SIGNED)
    for limit in account.limitations:
        book.item(limit)
    _sign_off(book)


def _body(book: Book, account: Account) -> None:
    named = tables.every(account)
    asked: dict[str, object] = {"groups": account.groups, "retry-after": account.retry_afters}
    for name in _SECTIONS:
        if asked.get(name, True):
            book.section(named[name])


def _first_page(book: Book, account: Account) -> None:
    analysis, identity = account.analysis, account.identity
    about = (identity.scenario, f"{identity.world} world", f"seed {identity.seed}",
             f"{identity.started_utc} to {identity.ended_utc}")  # fmt: skip
    which = (f"run {identity.run_id}", identity.policy, f"exit code {identity.exit_code}",
             identity.tool)  # fmt: skip
    for line in (about, which):
        book.write_as("small", "  ·  ".join(line), colour=MUTED)
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
        book.write_as("text", question, bold=True, colour=MUTED)
        for words in said:
            (book.item if len(said) > 1 else lambda w: book.write_as("text", w))(words)
    _terms(book, "Objective, scope and assumptions", scope.scope(account))


def _terms(book: Book, heading: str, told: tuple[tuple[str, str], ...]) -> None:
    book.heading(heading)
    for name, said in told:
        book.term(name, said)


def _portrait(book: Book, account: Account, portrait: bytes) -> None:
    book.heading("Load against goodput", room=_PORTRAIT + 20)
    book.write_as("small", described.PORTRAIT, colour=MUTED)
    more: dict[str, Any] = {"alt_text": described.portrait_text(account), "keep_aspect_ratio": True}
    book.image(io.BytesIO(portrait), w=book.epw, h=_PORTRAIT, **more)


def _figure(book: Book, account: Account, figure: bytes) -> None:
    book.add_page(orientation="landscape")
    book.start_section("Timeline")
    more: dict[str, Any] = {"alt_text": described.alt_text(account), "keep_aspect_ratio": True}
    book.image(io.BytesIO(figure), x=book.l_margin, y=book.t_margin, w=book.epw,
               h=book.h - 2 * MARGIN - 6, **more)  # fmt: skip
    book.add_page(orientation="portrait")


def _baseline(book: Book, account: Account) -> None:
    book.heading("Comparison with a baseline")
    if account.against is None:
        told = "The run was given no baseline: keychaos run --baseline FOLDER holds it against one."
        book.write_as("text", told)
        return
    book.write_as("text", account.against.claim, bold=True)
    runs = ", ".join(account.against.baseline)
    book.write_as("small", f"A is the baseline, {runs}; B is this run.", colour=MUTED)
    for difference in account.against.differences:
        book.item(f"Not alike: {difference}")
    for shown in contrast.baseline(account.against):
        book.ln(2)
        book.part(shown)


def _scenario(book: Book, account: Account) -> None:
    run = account.run
    book.heading("Scenario")
    book.write_as(
        "small", f"{account.scenario_path}, SHA-256 {account.scenario_sha256}", colour=MUTED
    )
    changes = resolved.changes(run)
    for word in changes:
        book.write_as("small", f"changed by {word}", family=MONO)
    book.ln(1)
    for line in run.scenario.source.splitlines():
        book.write_as("small", line or " ", family=MONO)
    book.heading("Scenario as resolved")
    told = "What was played: every default stated, and what was changed in its place."
    book.write_as("small", told, colour=MUTED)
    book.ln(1)
    for line in resolved.resolved(run).splitlines():
        book.write_as("small", line or " ", family=MONO)
    book.heading("How to reproduce")
    book.write_as("small", run.command, family=MONO)
    book.write_as("text", wording.self_check(run))


def _sign_off(book: Book) -> None:
    book.heading("Sign-off", room=_SIGNED)
    told = "This report is evidence that supports a review. It certifies nothing by itself."
    book.write_as("small", told, colour=MUTED)
    for role in ("Prepared by", "Reviewed by", "Accepted by"):
        book.ln(9)
        book.write_as("text", f"{role}, date, signature")
        book.line(book.l_margin + 50, book.get_y(), book.w - book.r_margin, book.get_y())
