from dataclasses import replace

from chaos.report import html, resolved
from chaos.report.account import account
from chaos.run.record import Run
from chaos.scenario import read
from chaos.scenario.writer import write
from tests.report import made


def played(policy: str = "preset:recommended", seed: int = 7, *overrides: str) -> Run:
    run, _ = made.case("passed")
    text = write(run.scenario)
    scenario = replace(read(text, "mine.yaml", overrides, seed), overrides=overrides)
    return replace(run, scenario=scenario, policy=policy, seed=seed)


def test_a_file_that_was_played_as_it_stands_has_no_changes() -> None:
    assert resolved.changes(played()) == ()


def test_every_word_that_was_played_in_place_of_the_files_is_named() -> None:
    run = played("preset:key-protect-docs", 8, "objectives.rto=1s")

    assert resolved.changes(run) == (
        "--set objectives.rto=1s", "--seed 8", "--client preset:key-protect-docs",
    )  # fmt: skip


def test_the_resolved_scenario_is_what_was_played() -> None:
    text = resolved.resolved(played("preset:key-protect-docs", 8, "objectives.rto=1s"))

    assert "rto: 1s" in text
    assert "seed: 8" in text
    assert "policy: key-protect-docs" in text


def test_the_page_shows_both_and_what_lies_between() -> None:
    run = played("preset:key-protect-docs", 7, "objectives.rto=1s")
    text = html.words_of(account(run, made.analysis("passed")))

    assert "rto: 10s" in text
    assert "rto: 1s" in text
    assert "<code>--client preset:key-protect-docs</code>" in text


def test_the_page_claims_no_bytes_that_a_second_run_would_not_have() -> None:
    assert "every byte" not in html.words_of(made.told("passed"))
