import re
import zlib

import pytest

from chaos.report import pdf
from chaos.report.account import account
from chaos.report.cells import Cell, Table
from tests.report import made


@pytest.fixture(scope="module")
def document() -> bytes:
    return pdf.pdf(made.told("failed"), made.picture("failed").png)


def test_it_is_a_pdf_with_an_outline_a_title_and_no_time_but_the_runs(document: bytes) -> None:
    assert document.startswith(b"%PDF-1.")
    assert b"/Outlines" in document
    assert set(re.findall(rb"D:(\d{14})", document)) == {b"20260102030405"}


@pytest.mark.slow
def test_the_same_run_gives_the_same_bytes(document: bytes) -> None:
    assert pdf.pdf(made.told("failed"), made.picture("failed").png) == document


def test_the_figure_has_a_page_of_its_own_that_lies(document: bytes) -> None:
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", document)
    lying = [box for box in boxes if float(box[0]) > float(box[1])]
    assert len(lying) == 1


def test_no_table_leaves_the_page(document: bytes) -> None:
    for stream in re.findall(rb"stream\n(.*?)\nendstream", document, re.DOTALL):
        try:
            drawn = zlib.decompress(stream)
        except zlib.error:
            continue
        for x, _ in re.findall(rb"BT ([\d.]+) ([\d.]+) Td", drawn):
            assert 0 < float(x) < 842 - 14


@pytest.mark.slow
def test_a_run_without_any_table_row_is_said_in_words() -> None:
    run, analysis = made.empty(), made.analysis("aborted", made.Toy(outages=()))
    told = account(run, analysis)
    assert pdf.pdf(told, made.picture("failed").png).startswith(b"%PDF")


@pytest.mark.parametrize(("columns", "letters"), [(4, 49), (7, 49), (9, 49), (7, 54)])
def test_a_table_that_fills_the_page_is_no_hair_wider_than_it(columns: int, letters: int) -> None:
    words = [Cell("m" * (letters + 3 * at), "") for at in range(columns)]
    table = Table("t", "T", "", tuple("abcdefghi"[:columns]), (tuple(words),) * 2, "")
    book = pdf._Book(made.told("failed"))
    book.grid(table)
    assert bytes(book.output()).startswith(b"%PDF")
