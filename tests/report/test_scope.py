from dataclasses import replace

from chaos.analysis.findings import Measured
from chaos.report import scope
from chaos.report.account import Account
from tests.report import made


def words(told: Account) -> dict[str, str]:
    return dict(scope.scope(told))


def test_objective_scope_and_assumptions_are_those_of_the_run() -> None:
    said = words(made.told("failed"))
    assert list(said) == ["Objective", "In scope", "Not in scope", "Assumptions"]
    assert said["Objective"].endswith("It is judged by 5 rules that must all hold.")
    assert "Root key orders in us-south and us-east, its primary first." in said["In scope"]
    assert "us-south-down, down at us-south" in said["In scope"]
    assert "No fault was injected at us-east." in said["Not in scope"]
    assert "hold the same key material" in said["Assumptions"]


def test_what_was_not_asked_and_not_injected_is_said() -> None:
    told = made.told("passed")
    load = replace(told.run.scenario.load, mix=(("wrap", 0.0), ("unwrap", 1.0)))
    quiet = replace(told.run.scenario, load=load, faults=())
    said = words(replace(told, run=replace(told.run, scenario=quiet)))
    assert "No wrap was asked for." in said["Not in scope"]
    assert "No fault: what is usual." in said["In scope"]
    assert "No fault was injected" not in said["Not in scope"]


def test_what_a_run_that_was_cut_short_did_not_reach_is_out_of_scope() -> None:
    said = words(made.told("aborted"))
    assert "What was planned after 9.22\xa0s, when the run was cut short." in said["Not in scope"]


def test_timers_that_are_scaled_are_an_assumption() -> None:
    told = made.told("passed")
    service = replace(told.run.scenario.service, timers=3600.0)
    scaled = replace(told.run.scenario, service=service)
    said = words(replace(told, run=replace(told.run, scenario=scaled)))
    assert "pass 3,600 times as fast as in reality" in said["Assumptions"]


def test_every_measure_that_a_rule_names_is_defined() -> None:
    told = made.told("failed")
    names = {name for name, _ in scope.definitions(told)}
    assert {each.objective.measure.name for each in told.analysis.findings} <= names


def test_what_recovery_takes_for_usual_is_told_where_it_differs() -> None:
    told = made.told("passed")
    measures = (*told.analysis.measures, ("availability(steady)", Measured(0.9994, "share", 1600)))
    analysis = replace(told.analysis, measures=measures, baseline=1.0)

    said = words(replace(told, analysis=analysis))["Assumptions"].replace("\xa0", " ")

    assert "before the first fault: 99.94 % of 1,600 operations ok; recovery is held" in said
    assert "against the 100 % of those that no fault touched." in said
