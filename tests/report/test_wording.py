from dataclasses import replace

from chaos.report import masthead, tables, wording
from chaos.report.account import account
from chaos.report.tiles import tiles
from chaos.scenario.model import Group
from tests.report import made


def test_what_failed_is_told_before_what_could_not_be_decided() -> None:
    run, analysis = made.case("failed")
    (first, *rest) = analysis.findings
    undecided = replace(first, verdict="inconclusive", why="Nobody knows.")
    failed = replace(rest[-1], verdict="failed", why="It broke.")
    told = wording.troubles(run, replace(analysis, findings=(undecided, failed)))

    assert [each.partition(": ")[2] for each in told] == ["It broke.", "Nobody knows."]


def test_one_cause_of_several_rules_is_told_once() -> None:
    run, analysis = made.case("failed")
    same = tuple(replace(f, verdict="failed", why="It broke.") for f in analysis.findings[:2])
    (told,) = wording.troubles(run, replace(analysis, findings=same))

    assert told == f"{same[0].objective.text} and {same[1].objective.text}: It broke."


def test_of_a_run_that_was_cut_off_nobody_hears_of_each_rule_why_it_is_open() -> None:
    run, analysis = made.case("aborted")
    told = wording.troubles(run, analysis)
    undecided = sum(f.verdict not in {"passed", "failed"} for f in analysis.findings)

    assert told[0] == f"The run was aborted: {run.aborted}."
    assert told[-1] == f"{undecided} objectives could not be decided before that."


def test_nothing_of_an_aborted_run_is_told_as_passed() -> None:
    run, _ = made.case("aborted")
    analysis = replace(made.analysis("passed"), verdict="aborted")
    (first, *_) = analysis.findings

    assert wording.standing(run, analysis, first) == ("aborted", "held until the abort")
    assert wording.standing(run, made.analysis("passed"), first) == ("passed", "passed")
    cells = tables.objectives(account(run, analysis)).rows[0]
    assert [cell.text for cell in cells if cell.verdict] == ["held until the abort"]
    assert {tile.verdict for tile in tiles(analysis)} == {"aborted"}


def test_what_was_tried_says_where_clients_may_go_and_not_where_they_went() -> None:
    run, _ = made.case("failed")

    assert "free to call us-south, then us-east: operations at 120/s" in wording.tried(run)
    assert "called" not in wording.tried(run)


def test_groups_are_played_by_their_own_policies_only() -> None:
    run, _ = made.case("passed")
    groups = (
        Group("careful", 42, "", made.REGIONS, 1),
        Group("naive", 18, "key-protect-docs", made.REGIONS[:1], 1),
    )
    clients = replace(run.scenario.clients, groups=groups)
    mixed = replace(run, scenario=replace(run.scenario, clients=clients))

    assert wording.tried(mixed).startswith(
        "60 clients, 42 careful (policy recommended) and 18 naive (policy key-protect-docs, "
        "free to call us-south), free to call us-south, then us-east: "
    )
    assert "42 careful + 18 naive" in masthead.subtitle(mixed)
