"""The claim in one sentence: what was lost, what the clients did, what became of the keys."""

from chaos.analysis.case import Case
from chaos.analysis.claim import claim
from chaos.analysis.findings import Finding, Verdict
from chaos.analysis.integrity import integrity
from chaos.analysis.wording import listed, many, seconds


def headline(case: Case, verdict: Verdict, findings: tuple[Finding, ...], aborted: str = "") -> str:
    """One sentence that is true of the run whatever else is read.

    ``aborted`` is why the run is none to judge, empty where it is one.
    """
    told = claim(case)
    if len(case.evidence.operations):
        told = f"{told}; {_keys(case)}"
    if verdict == "aborted":
        # That it was aborted stands before it already, as the verdict of every form.
        told_when = any(when in aborted for when in (" into the run", "before time zero"))
        known = not case.run.aborted or told_when
        at = "" if known else f", {seconds(case.run.ended)} into the run"
        until = "until then " if case.run.aborted else ""
        return f"{_upper(aborted.rstrip('.'))}{at}; {until}{_lower(told)}"
    if verdict == "inconclusive":
        open_ones = [each for each in findings if each.verdict == "inconclusive"]
        first = open_ones[0].why if open_ones else "no objective was held against the run"
        return f"Nothing can be concluded: {_lower(first).rstrip('.')}"
    return told


def _keys(case: Case) -> str:
    found = integrity(case.audit)
    if not found.entries or (found.missed and not (found.lost or found.wrong)):
        return "the data keys were not audited"
    lost = len({each.number for each in found.lost})
    wrong = len({each.number for each in found.wrong})
    if not lost and not wrong:
        return "no data key was lost"
    parts = [f"{many(lost, 'data key')} no longer open{_s(lost)} everywhere"] if lost else []
    parts += [f"{many(wrong, 'data key')} open{_s(wrong)} to another plaintext"] if wrong else []
    return listed(parts)


def _s(count: int) -> str:
    return "s" if count == 1 else ""


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
