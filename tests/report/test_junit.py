import xml.etree.ElementTree as ET
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from chaos.analysis.findings import Analysis, Verdict
from chaos.report import junit
from chaos.report.account import account
from chaos.run.record import Run
from tests.report import made


def suite(run: Run, analysis: Analysis) -> ET.Element:
    root = ET.fromstring(junit.xml(account(run, analysis)))  # noqa: S314 - our own file
    (found,) = root.iter("testsuite")
    return found


def counts(verdict: Verdict) -> tuple[str, str, str]:
    found = suite(*made.case(verdict))
    return found.attrib["tests"], found.attrib["failures"], found.attrib["errors"]


def test_each_objective_is_a_case_and_the_whole_run_is_one_more() -> None:
    assert counts("passed") == ("6", "0", "0")


def test_a_failed_objective_is_a_failure_and_an_undecided_one_an_error() -> None:
    assert counts("failed") == ("6", "2", "0")
    assert counts("inconclusive") == ("6", "0", "2")


def test_an_aborted_run_is_an_error_even_where_every_objective_held() -> None:
    run, _ = made.case("aborted")
    found = suite(run, replace(made.analysis("passed"), verdict="aborted"))
    assert found.attrib["errors"] == "1"


def test_a_run_without_objectives_is_never_green() -> None:
    run, analysis = made.case("passed")
    assert suite(run, replace(analysis, findings=())).attrib["errors"] == "1"


def test_a_case_says_value_limit_n_and_why() -> None:
    case = next(suite(*made.case("failed")).iter("testcase"))
    assert case.attrib["name"] == "failover.p95 <= rto"
    named = {p.attrib["name"]: p.attrib["value"] for p in case.iter("property")}
    assert (named["value"], named["limit"], named["n"], named["censored"]) == (
        "20.0", "10.0", "60", "true",
    )  # fmt: skip
    told = case.findtext("system-out") or ""
    assert "the last backoff of 4.0 s was waited out for nothing" in told
    assert "Operations 1804, 1807, 1811." in told


@given(st.text())
def test_whatever_a_client_said_the_file_can_be_read(words: str) -> None:
    ET.fromstring(f"<a>{ET.tostring(_holding(words), encoding='unicode')}</a>")  # noqa: S314 - ours


def _holding(words: str) -> ET.Element:
    element = ET.Element("b", {"c": junit.clean(words)})
    element.text = junit.clean(words)
    return element


def test_what_held_until_an_abort_is_skipped_and_no_pass() -> None:
    run, _ = made.case("aborted")
    found = suite(run, replace(made.analysis("passed"), verdict="aborted"))
    cases = [case for case in found.iter("testcase") if case.attrib["name"] != "the run as a whole"]

    assert [case.find("skipped") is not None for case in cases] == [True] * len(cases)
    assert found.attrib["skipped"] == str(len(cases))
    assert "held until the abort" in (cases[0].findtext("system-out") or "")
