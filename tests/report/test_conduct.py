from dataclasses import replace

from chaos.analysis.findings import Backoff
from chaos.report import conduct, tables
from chaos.report.account import account
from chaos.report.cells import Cell
from tests.report import made


def test_what_the_waits_show_is_said_with_its_numbers() -> None:
    told = conduct.strategy(
        Backoff("full jitter", 0.1, 2.0, 5.0, 12.0, 400, 0.55, 1.9, 0.02, 4.9, 0.0, 0.004)
    ).replace("\N{NO-BREAK SPACE}", " ")
    assert told.startswith(
        "400 waits look like full jitter backoff from 100 ms, factor 2, capped at 5 s."
    )
    assert "Jitter (coefficient of variation) 0.55; growth 1.9; autocorrelation 0.02" in told
    assert told.endswith("they ended 4 ms late at p99.")


def test_too_few_waits_show_no_strategy() -> None:
    assert "too few" in conduct.strategy(None)
    none = Backoff("none", 0.0, 1.0, None, 1.0, 30, None, None, None, 0.0, 0.0, 0.0)
    assert "look like no backoff at all." in conduct.strategy(none)


def test_an_empty_table_says_what_that_means() -> None:
    told = account(made.empty(), made.analysis("aborted", made.Toy(outages=())))
    for table in tables.every(told).values():
        assert table.rows or table.empty.endswith(".")


def test_every_row_is_as_long_as_its_head_and_every_column_is_one_kind() -> None:
    for table in tables.every(made.told("failed")).values():
        for row in table.rows:
            assert len(row) == len(table.columns)
            assert [cell.numeric for cell in row] == [cell.numeric for cell in table.rows[0]]


def test_a_table_without_some_columns_keeps_the_others() -> None:
    table = tables.objectives(made.told("failed"))
    less = table.without("Why", "n")
    assert less.columns == ("Rule", "Value", "Limit", "Margin", "Verdict")
    assert [row[0] for row in less.rows] == [row[0] for row in table.rows]
    assert Cell("x").numeric is False


def test_an_operation_that_the_reason_names_is_not_cited_again() -> None:
    why = tables.objectives(made.told("failed")).rows[2][-1].text
    assert why.endswith("(Operation 1804.)")


def test_the_counts_of_a_proof_stand_in_the_order_of_its_argument() -> None:
    run, analysis = made.case("passed")
    quiet = {"delayed": 0.0, "asked": 0.0, "measured": 0.0, "late": 0.0, "events": 7.0}
    four = {"escaped": 0.0, "injected": 9.0, "matched": 9.0, "eligible": 9.0}
    hole = replace(analysis.proofs[0], kind="timeout", counts=tuple((four | quiet).items()))
    slow = replace(hole, kind="latency")

    told = tables.proofs(account(run, replace(analysis, proofs=(hole,))))
    assert told.columns[6:] == ("Eligible", "Matched", "Injected", "Escaped", "Events")
    told = tables.proofs(account(run, replace(analysis, proofs=(hole, slow))))
    assert "Delay asked" in told.columns
    at = told.columns.index("Worst lateness")
    assert [row[at].text for row in told.rows] == ["—", "0\N{NO-BREAK SPACE}s"]


def test_what_first_retries_alone_cannot_show_is_not_claimed() -> None:
    told = conduct.strategy(
        Backoff("full jitter", 0.0497, 1.0, None, 12.0, 60, 0.54, None, None, 0.05, 0.0, 1.3e-9)
    ).replace("\N{NO-BREAK SPACE}", " ")

    assert "60 waits look like full jitter backoff from 49.7 ms." in told
    assert "factor" not in told
    assert told.endswith("they ended on time.")
