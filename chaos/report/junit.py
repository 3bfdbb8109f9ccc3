"""JUnit XML for pipelines: one test case per objective, never green by accident.

A failed objective is a `failure`; one that could not be decided is an `error`; one that held in a
run that was aborted is `skipped`. A last case is an error for a run that did not reach its end, and
for one without objectives.
"""

import xml.etree.ElementTree as ET

from chaos.analysis.findings import Finding
from chaos.report import numbers, wording
from chaos.report.account import Account

_THE_RUN = "the run as a whole"


def xml(account: Account) -> bytes:
    """The document, the same bytes for the same run."""
    suite = _suite(account)
    for finding in account.analysis.findings:
        suite.append(_objective(account, finding))
    suite.append(_whole_run(account))
    found = list(suite.iter("testcase"))
    suite.set("tests", str(len(found)))
    for kind, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        suite.set(name, str(sum(case.find(kind) is not None for case in found)))
    suites = ET.Element("testsuites", {"name": "keychaos"})
    suites.append(suite)
    ET.indent(suites)
    text: bytes = ET.tostring(suites, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _suite(account: Account) -> ET.Element:
    run, identity = account.run, account.identity
    suite = ET.Element(
        "testsuite",
        {
            "name": clean(identity.scenario),
            "timestamp": identity.started_utc.rstrip("Z"),
            "time": f"{run.ended:.3f}",
        },
    )
    _properties(
        suite,
        {
            "run_id": identity.run_id,
            "verdict": account.analysis.verdict,
            "headline": account.analysis.headline,
            "world": identity.world,
            "policy": identity.policy,
            "seed": str(identity.seed),
            "scenario_sha256": account.scenario_sha256,
            "command": run.command,
        },
    )
    return suite


def _objective(account: Account, finding: Finding) -> ET.Element:
    objective, measured = finding.objective, finding.measured
    case = _case(account, objective.text)
    _properties(
        case,
        {
            "verdict": finding.verdict,
            "value": "" if measured.value is None else repr(measured.value),
            "unit": measured.unit,
            "censored": str(measured.censored).lower(),
            "n": str(measured.n),
            "limit": repr(objective.limit),
            "margin": "" if finding.margin is None else repr(finding.margin),
        },
    )
    value = numbers.measured(measured, objective.limit)
    said = f"{value}, {numbers.limit_in_words(objective)} was asked for"
    stands, words = wording.standing(account.run, account.analysis, finding)
    _judge(case, finding.verdict, f"{said}. {finding.why}".strip())
    if stands != finding.verdict:
        message = f"{words}: nothing of an aborted run counts as passed"
        ET.SubElement(case, "skipped", {"message": message})
    told = f"{objective.text}: {words}, {said}, n {numbers.count(measured.n)}."
    cited = ", ".join(str(number) for number in finding.records)
    lines = [told, finding.why, f"Operations {cited}." if cited else ""]
    ET.SubElement(case, "system-out").text = clean("\n".join(filter(None, lines)))
    return case


def _whole_run(account: Account) -> ET.Element:
    """A last case for what no objective says: an abort, or a verdict worse than every finding."""
    analysis = account.analysis
    case = _case(account, _THE_RUN)
    told = {finding.verdict for finding in analysis.findings}
    if not told:
        _judge(case, "inconclusive", "The scenario states no objective, so nothing could pass.")
    elif analysis.verdict not in told:
        _judge(case, analysis.verdict, f"The run is {analysis.verdict}: {analysis.headline}")
    said = [analysis.headline, account.answer, *account.troubles, *account.todo]
    ET.SubElement(case, "system-out").text = clean("\n".join(said))
    return case


def _judge(case: ET.Element, verdict: str, message: str) -> None:
    if verdict != "passed":
        kind = "failure" if verdict == "failed" else "error"
        element = ET.SubElement(case, kind, {"message": clean(message), "type": verdict})
        element.text = clean(message)


def _case(account: Account, name: str) -> ET.Element:
    return ET.Element(
        "testcase",
        {"classname": clean(f"keychaos.{account.identity.scenario}"), "name": clean(name),
         "time": "0"},
    )  # fmt: skip


def _properties(parent: ET.Element, named: dict[str, str]) -> None:
    properties = ET.SubElement(parent, "properties")
    for name, value in named.items():
        ET.SubElement(properties, "property", {"name": name, "value": clean(value)})


def clean(text: str) -> str:
    """The text without what XML 1.0 cannot carry, which would make the whole file unreadable."""
    return "".join(
        letter if _legal(ord(letter)) else "\N{REPLACEMENT CHARACTER}" for letter in text
    )


def _legal(point: int) -> bool:
    """Char of https://www.w3.org/TR/xml/#charsets."""
    return (
        point in (0x9, 0xA, 0xD)
        or 0x20 <= point <= 0xD7FF  # noqa: PLR2004 - the standard's own ranges
        or 0xE000 <= point <= 0xFFFD  # noqa: PLR2004 - the standard's own ranges
        or 0x10000 <= point <= 0x10FFFF  # noqa: PLR2004 - the standard's own ranges
    )
