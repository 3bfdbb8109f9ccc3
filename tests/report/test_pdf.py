import re
import zlib
from dataclasses import replace
from functools import cache
from typing import Any, get_args

import pytest

from chaos.analysis.findings import Verdict
from chaos.report import pdf, resolved
from chaos.report.account import Account, account
from chaos.report.book import Book
from chaos.report.rows import RetryAfterRow
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


class Heard(Book):
    """A book that remembers what was written into it, and on which page each heading stands."""

    def __init__(self, account: Account) -> None:
        self.said: list[str] = []
        self.headings: dict[str, int] = {}
        super().__init__(account)

    def write_as(self, size: str, words: str, **how: Any) -> None:
        self.said.append(words)
        super().write_as(size, words, **how)

    def heading(self, words: str, **how: Any) -> None:
        super().heading(words, **how)
        self.headings[words] = self.page_no()


@cache
def heard_of(verdict: Verdict) -> "Heard":
    return heard(made.told(verdict))


def heard(told: Account) -> Heard:
    book = Heard(told)
    pdf.write(book, told, b"", b"")
    assert book.output()
    return book


def test_the_first_page_says_which_run_it_is_and_how_it_ended() -> None:
    book = heard_of("failed")
    (which,) = [words for words in book.said[:6] if "exit code" in words and "page" not in words]
    identity = made.told("failed").identity
    assert f"run {identity.run_id}" in which
    assert "exit code 1" in which
    assert identity.tool in which


def test_the_scenario_stands_there_as_it_was_resolved_and_what_was_changed() -> None:
    run, analysis = made.case("failed")
    changed = replace(run, scenario=replace(run.scenario, overrides=("load.rate=120/s",)))
    book = heard(account(changed, analysis))
    assert "Scenario as resolved" in book.headings
    assert "changed by --set load.rate=120/s" in book.said
    assert {*resolved.resolved(changed).splitlines()} <= {*book.said}


def test_what_was_asked_by_retry_after_has_its_table_where_anything_was() -> None:
    title = "Retry-After, asked for and observed"
    assert title not in heard_of("failed").headings
    asked = RetryAfterRow("us-south", 3, 2.0, 2.0, 2, 0.5, -1.5, 1)
    told = replace(made.told("failed"), retry_afters=(asked,))
    assert title in heard(told).headings


def test_a_run_without_a_baseline_says_how_to_give_one() -> None:
    assert any("--baseline FOLDER" in words for words in heard_of("passed").said)


@pytest.mark.parametrize("verdict", get_args(Verdict))
def test_nobody_signs_a_page_that_says_nothing_else(verdict: Verdict) -> None:
    headings = heard_of(verdict).headings
    assert headings["Limitations"] == headings["Sign-off"]
