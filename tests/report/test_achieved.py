from dataclasses import replace

from chaos.analysis.findings import Measured
from chaos.report.account import account
from chaos.report.achieved import achieved
from chaos.report.numbers import NBSP
from tests.report import made


def rows(*measures: tuple[str, Measured]) -> dict[str, list[str]]:
    run, analysis = made.case("passed")
    told = achieved(account(run, replace(analysis, measures=measures)))
    return {row[0].text: [cell.text.replace(NBSP, " ") for cell in row[1:]] for row in told.rows}


def test_a_time_over_clients_stands_with_its_spread_its_target_and_its_margin() -> None:
    spread = tuple(
        (f"failover.{name}", Measured(value, "seconds", 60))
        for name, value in (("p50", 1.0), ("p95", 2.0), ("max", 3.0))
    )
    found = rows(*spread)["Time to fail over (TTF)"]

    assert found[:5] == ["1 s", "2 s", "3 s", "60", "p95 ≤ 10 s"]
    assert found[5].startswith("+")


def test_one_value_a_run_is_its_largest_and_a_bound_says_so() -> None:
    found = rows(("recover", Measured(20.0, "seconds", 99, censored=True)))
    row = found["Time to recover (TTR)"]

    assert row[:4] == ["—", "—", "> 20 s", "99"]


def test_what_was_not_measured_and_has_no_rule_is_a_row_of_dashes() -> None:
    assert rows()["Key RPO"] == ["—", "—", "—", "0", "none", "—"]


def test_a_rule_about_a_group_is_no_target_of_the_fleet() -> None:
    run, analysis = made.case("passed")
    first, *rest = analysis.findings
    measure = replace(first.objective.measure, where=("group few",))
    of_group = replace(first, objective=replace(first.objective, measure=measure))
    told = achieved(account(run, replace(analysis, findings=(of_group, *rest))))
    row = next(row for row in told.rows if row[0].text == "Time to fail over (TTF)")
    assert row[5].text == "none"
