import io
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from rich.console import Console

from chaos.analysis.findings import Verdict
from chaos.report import numbers, palette, terminal, wording
from tests.report import made

FOLDER = Path("results/region-down-backup-key/a-folder-with-quite-a-long-name/simulated-7")


def said(verdict: Verdict, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    console = Console(file=stream, width=80, highlight=False)
    run, analysis = made.case(verdict)
    terminal.plan(run.scenario, run.world, run.policy, console)
    terminal.verdict(run, analysis, FOLDER, console)
    stream.flush()
    return raw.getvalue().decode(encoding)


@pytest.mark.parametrize("verdict", get_args(Verdict))
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_all_but_what_is_to_be_copied_fits_eighty_columns(verdict: Verdict, encoding: str) -> None:
    for line in said(verdict, encoding).splitlines():
        if not line.startswith(("report", "replay")):
            assert len(line) <= 80, line


@pytest.mark.parametrize("verdict", get_args(Verdict))
def test_a_terminal_that_speaks_ascii_is_spoken_to_in_ascii(verdict: Verdict) -> None:
    text = said(verdict, "ascii")
    assert (
        "?"
        not in text.replace("? incon", "")
        .replace("? INCON", "")
        .replace("? hit", "")
        .replace("???", "")
        .replace("--??", "")
        or verdict == "inconclusive"
    )
    assert verdict.upper() in text


@pytest.mark.parametrize("verdict", get_args(Verdict))
def test_nothing_is_coloured_where_nobody_watches(verdict: Verdict) -> None:
    assert "\x1b" not in said(verdict)


def test_each_objective_that_did_not_pass_says_why() -> None:
    text = " ".join(said("failed").split())
    assert "failover.p95 <= rto: No client tried us-east" in text
    assert "to do: Configure a second target" in text


@pytest.mark.parametrize("verdict", get_args(Verdict))
def test_report_and_replay_stand_each_on_one_line(verdict: Verdict) -> None:
    lines = [line.rstrip() for line in said(verdict).splitlines()]
    assert f"report  {FOLDER}/report.html" in lines
    assert "replay  keychaos run region-down-backup-key --world simulated --seed 7" in lines


def test_brackets_in_names_are_not_taken_for_markup() -> None:
    raw = io.StringIO()
    run, analysis = made.case("passed")
    terminal.verdict(run, analysis, Path("[red]x"), Console(file=raw, width=80))
    assert "[red]x/report.html" in raw.getvalue()


@pytest.mark.parametrize("width", [24, 32, 40, 50, 60, 80])
@pytest.mark.parametrize("verdict", get_args(Verdict))
def test_a_narrow_terminal_never_cuts_a_number_nor_goes_without_a_verdict(
    verdict: Verdict, width: int
) -> None:
    raw = io.StringIO()
    console = Console(file=raw, width=width, highlight=False)
    run, analysis = made.case(verdict)
    console.print(terminal._objectives(run, analysis, console))
    lines = raw.getvalue().splitlines()

    told = " ".join(raw.getvalue().split())
    for finding in analysis.findings:
        stands, words = wording.standing(run, analysis, finding)
        assert f"{palette.SIGNS[stands]} {words}" in told
        assert " ".join(numbers.brief(finding.measured, finding.objective.limit).split()) in told
        assert width < 80 or f" {numbers.count(finding.measured.n)} " in told
    assert "…" not in told
    assert max(map(len, lines)) <= width


@pytest.mark.parametrize("verdict", get_args(Verdict))
def test_no_measure_is_broken_in_the_middle_of_a_word(verdict: Verdict) -> None:
    text = said(verdict)
    for finding in made.case(verdict)[1].findings:
        assert all(word in text for word in finding.objective.text.split())


def test_an_aborted_run_is_to_be_run_again_before_anything_else() -> None:
    lines = [line for line in said("aborted").splitlines() if line.startswith("to do: ")]
    assert lines[0].rstrip() == "to do: Run it again, to its end."
    assert "could not be decided before that" in said("aborted")


def test_what_held_until_an_abort_is_not_called_passed() -> None:
    raw = io.StringIO()
    run, _ = made.case("aborted")
    analysis = replace(made.analysis("passed"), verdict="aborted")
    terminal.verdict(run, analysis, Path("x"), Console(file=raw, width=80))

    assert "held until the abort" in raw.getvalue()
    assert "passed" not in raw.getvalue()
    assert all(len(line) <= 80 for line in raw.getvalue().splitlines())
