import re
from dataclasses import replace
from itertools import groupby
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.analysis.findings import Verdict
from chaos.report import markdown
from chaos.report.account import account
from tests.report import made


@pytest.mark.parametrize("verdict", get_args(Verdict))
def test_every_row_of_a_table_has_as_many_cells_as_its_head(verdict: Verdict) -> None:
    lines = markdown.summary(made.told(verdict)).splitlines()
    tables = [list(rows) for piped, rows in groupby(lines, lambda s: s.startswith("|")) if piped]
    assert len(tables) == 3
    for table in tables:
        widths = {len(re.findall(r"(?<!\\)\|", row)) for row in table}
        assert len(widths) == 1
        assert set(table[1]) <= set("|-: ")


@pytest.mark.parametrize("verdict", get_args(Verdict))
def test_the_first_line_is_the_verdict_and_the_claim(verdict: Verdict) -> None:
    told = made.told(verdict)
    first = markdown.summary(told).splitlines()[0]
    assert first.startswith("## ")
    assert verdict.upper() in first
    assert "us-south" in first or verdict in {"inconclusive", "aborted"}


@given(st.text())
def test_escaped_text_stays_on_one_line_and_splits_no_cell(text: str) -> None:
    escaped = markdown.escape(text)
    assert "\n" not in escaped
    assert not re.search(r"(?<!\\)(\\\\)*\|", escaped) or "\\|" in escaped
    assert escaped.replace("\\", "") == text.replace("\\", "").replace("\n", " ")


def test_the_command_to_replay_stands_by_itself() -> None:
    text = markdown.summary(made.told("passed"))
    assert "```sh\nkeychaos run region-down-backup-key --world simulated --seed 7\n```" in text


def test_what_of_the_scenario_was_played_otherwise_is_named() -> None:
    run, analysis = made.case("passed")
    changed = replace(run, scenario=replace(run.scenario, overrides=("load.rate=120/s",)))
    assert "; changed by `--set load.rate=120/s`" in markdown.summary(account(changed, analysis))
