import pytest

from chaos.report.book import Book
from chaos.report.cells import Cell, Table
from tests.report import made


@pytest.mark.parametrize(("columns", "letters"), [(4, 49), (7, 49), (9, 49), (7, 54)])
def test_a_table_that_fills_the_page_is_no_hair_wider_than_it(columns: int, letters: int) -> None:
    words = [Cell("m" * (letters + 3 * at), "") for at in range(columns)]
    table = Table("t", "T", "", tuple("abcdefghi"[:columns]), (tuple(words),) * 2, "")
    book = Book(made.told("failed"))
    book.grid(table)
    assert bytes(book.output()).startswith(b"%PDF")


PAGE = 297.0 - 18.0  # to where its text ends


def rows(many: int) -> Table:
    """So many rows of one line each."""
    cells = tuple((Cell(f"row {n}"), Cell(f"{n}", float(n))) for n in range(many))
    return Table("t", "Title", "", ("What", "n"), cells, "")


def book_with(room: float) -> Book:
    """A book with so many millimetres left on its first page; its fonts are read once."""
    book = Book(made.told("failed"))
    book.set_y(book.h - book.b_margin - room)
    return book


def drawn(table: Table, room: float) -> tuple[int, float]:
    """On which page its section ends that begins with so much room on the first, and where."""
    book = book_with(room)
    book.section(table)
    assert book.output()
    return book.page_no(), book.y


def test_a_table_that_almost_fits_is_set_more_densely() -> None:
    room = 150.0
    page, end = drawn(rows(12), room)
    whole = end - (PAGE - room)
    assert page == 1
    assert drawn(rows(12), whole + 1)[0] == 1
    # Two rows less of room.
    assert drawn(rows(12), whole - 9)[0] == 1


def test_a_table_that_would_leave_a_row_or_two_begins_on_the_next_page() -> None:
    page, end = drawn(rows(5), 32.0)
    assert (page, round(end, 3)) == (2, round(drawn(rows(5), PAGE - 14.0)[1], 3))


def test_a_part_of_a_section_leaves_no_row_alone_either() -> None:
    book = book_with(26.0)
    book.part(rows(5))
    assert book.output()
    assert (book.page_no(), round(book.y, 3)) == (2, round(part_on_a_fresh_page(), 3))


def part_on_a_fresh_page() -> float:
    book = book_with(PAGE - 14.0)
    book.part(rows(5))
    assert book.output()
    return float(book.y)


@pytest.mark.parametrize("many", range(103, 108))
def test_the_last_page_of_a_long_table_holds_more_than_a_row_or_two(many: int) -> None:
    _, end = drawn(rows(many), PAGE - 14.0)
    # A head and three rows of the densest.
    assert end > 14.0 + 4 * 4.0


def test_a_table_that_is_longer_than_a_page_breaks_where_it_must() -> None:
    assert drawn(rows(120), 150.0)[0] == 3


@pytest.mark.parametrize("room", [3.0, 11.0])
def test_a_term_and_its_meaning_are_on_one_page(room: float) -> None:
    book = book_with(room)
    book.term("key_rpo", "longest time in which an acknowledged data key did not open")
    assert book.output()
    assert book.page_no() == 2
    assert book.y > book.t_margin + 5
