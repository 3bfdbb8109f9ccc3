import json
from dataclasses import replace
from typing import get_args

import orjson
import pytest

from chaos.analysis.findings import Measured, Verdict
from chaos.report.account import account, later
from chaos.report.document import document, encoded
from tests.report import made


@pytest.mark.parametrize("verdict", get_args(Verdict))
def test_the_document_is_strict_json_and_loses_nothing(verdict: Verdict) -> None:
    told = made.told(verdict)
    text = encoded(told)
    read = json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
    assert read == json.loads(orjson.dumps(document(told)))
    assert read["verdict"] == verdict
    assert len(read["objectives"]) == 5


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
