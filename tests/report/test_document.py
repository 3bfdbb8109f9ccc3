import json
from dataclasses import replace
from typing import get_args

import pytest
from pydantic import TypeAdapter

from chaos.analysis.findings import Measured, Verdict, Watched
from chaos.report.account import account, later
from chaos.report.document import Document, document, encoded, schema
from tests.report import made


@pytest.mark.parametrize("verdict", get_args(Verdict))
def test_what_is_written_is_strict_json_and_reads_back_as_it_was(verdict: Verdict) -> None:
    told = made.told(verdict)
    text = encoded(told)
    json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
    assert TypeAdapter(Document).validate_json(text, strict=True) == document(told)


def test_the_schema_names_every_part_and_says_what_each_is() -> None:
    told = schema()
    later_ones = ["baseline", "groups", "usual", "stranded", "retry_after"]
    assert [*told["required"], *later_ones] == list(json.loads(encoded(made.told("passed"))))
    parts = [told, *told["$defs"].values()]
    assert all(part["description"] for part in parts)


def test_what_json_cannot_say_is_null() -> None:
    run, analysis = made.case("passed")
    broken = replace(analysis, measures=(("odd", Measured(float("inf"), "seconds", 1)),))
    read = json.loads(encoded(account(run, broken)))
    assert read["measures"]["odd"]["value"] is None


def test_a_censored_value_stays_a_bound() -> None:
    read = json.loads(encoded(made.told("failed")))
    assert read["measures"]["failover.p95"] == {
        "value": 20.0, "unit": "seconds", "n": 60, "censored": True,
    }  # fmt: skip


def test_the_scenario_stands_in_it_whole_with_its_hash() -> None:
    read = json.loads(encoded(made.told("passed")))
    assert read["scenario"]["source"] == made.SOURCE
    assert len(read["scenario"]["sha256"]) == 64


def test_an_end_is_told_as_a_utc_time_and_a_broken_beginning_as_nothing() -> None:
    assert later("2026-12-31T23:59:59Z", 1.5) == "2027-01-01T00:00:00.500Z"
    assert later("yesterday", 1.0) == ""


def test_for_how_long_a_herd_was_watched_is_read_back() -> None:
    run, analysis = made.case("passed")
    herd = Watched(1.05, "ratio", 300, censored=True, watched=3.0)
    told = account(run, replace(analysis, measures=(*analysis.measures, ("herd_index", herd))))
    again = TypeAdapter(Document).validate_json(encoded(told))

    assert again.measures["herd_index"] == herd
    assert again.measures["recover"] == dict(analysis.measures)["recover"]
