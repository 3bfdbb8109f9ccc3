from math import inf, nan

from pydantic import TypeAdapter

from chaos.analysis import analyse
from chaos.report import conduct, heeded
from chaos.report.account import account
from chaos.report.document import Document, encoded
from chaos.report.rows import RetryAfterRow
from tests.analysis.made import BACKUP, HOME, Made, Tried


def test_what_was_asked_stands_beside_when_its_retries_came() -> None:
    made = Made()
    busy = Tried(HOME, 21.0, 21.5, 429, retry_after=2.0)
    made.operation(0, 21.0, busy, Tried(HOME, 24.0, 24.1, 200, "retry"))
    made.operation(1, 21.0, busy, Tried(HOME, 22.0, 22.1, 200, "retry"))
    made.operation(2, 21.0, busy, Tried(BACKUP, 21.6, 21.7, 200, "failover"))
    (row,) = heeded.rows(made.run())

    assert row == RetryAfterRow(
        region=HOME, answers=3, asked_p50=2.0, asked_longest=2.0, retries=2, waited_p50=0.5,
        least_margin=-1.5, early=1,
    )  # fmt: skip


def test_where_nobody_came_back_there_is_no_margin() -> None:
    made = Made()
    made.operation(0, 21.0, Tried(HOME, 21.0, 21.5, 429, retry_after=2.0))
    run = made.run()
    (row,) = heeded.rows(run)

    assert (row.retries, row.waited_p50, row.least_margin) == (0, None, None)
    (cells,) = conduct.retry_afters(account(run, analyse(run))).rows
    assert [cell.text for cell in cells][-3:] == ["—", "—", "0"]


def test_a_run_in_which_nothing_was_asked_has_no_row() -> None:
    made = Made()
    made.operation(0, 21.0, Tried(HOME, 21.0, 21.5, 503, retry_after=nan))

    assert heeded.rows(made.run()) == ()


def test_who_was_asked_to_stay_away_for_ever_is_told_so_and_read_back() -> None:
    made = Made()
    busy = Tried(HOME, 21.0, 21.5, 429, retry_after=inf)
    made.operation(0, 21.0, busy, Tried(HOME, 24.0, 24.1, 200, "retry"))
    run = made.run()
    told = account(run, analyse(run))
    (cells,) = conduct.retry_afters(told).rows

    assert [cell.text for cell in cells][2:4] == ["for ever", "for ever"]
    assert cells[6].text == "never"
    again = TypeAdapter(Document).validate_json(encoded(told))
    assert again.retry_after[0].asked_longest is None
