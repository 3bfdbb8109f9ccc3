"""The labelled instants of the timeline: marks that were reached, what never was, an abort."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from chaos.analysis.findings import Analysis, Verdict
from chaos.analysis.marks import NOTHING_LOST
from chaos.report import numbers
from chaos.run.record import Run


@dataclass(frozen=True, slots=True)
class Pole:
    """A labelled instant: a mark that was reached, one that never was, or an abort.

    ``short`` stands where there is no room for ``text``. ``alarm`` is false for what was not
    reached and broke no rule.
    """

    kind: Literal["detected", "failed_over", "recovered", "failed_back", "never", "aborted"]
    at: float
    text: str
    short: str
    alarm: bool = True


_NEVER = {
    "failover": "never failed over",
    "recover": "not recovered within the fault",
    "failback": "not failed back by the end",
    "time_to_steady": "not steady again by the end",
}


def poles(run: Run, analysis: Analysis) -> list[Pole]:
    """Everything that stands on the timeline as a line with a label, in order of time."""
    found = []
    for mark in analysis.marks:
        unhurt = mark.text == NOTHING_LOST
        short = "nothing lost" if unhurt else mark.name.replace("_", " ")
        found.append(Pole(mark.name, mark.at, mark.text or short, short))
    found += _never(run, analysis)
    if run.aborted:
        found.append(Pole("aborted", run.ended, f"aborted: {run.aborted}", "aborted"))
    return sorted(found, key=lambda pole: pole.at)


def _never(run: Run, analysis: Analysis) -> Iterator[Pole]:
    censored = {text.split(".")[0].split("(")[0] for text, m in analysis.measures if m.censored}
    heals = [proof.healed for proof in analysis.proofs if proof.healed is not None]
    for name, words in _NEVER.items():
        after_heal = name in {"failback", "time_to_steady"}
        since = max(heals, default=None) if after_heal else analysis.t0
        if name not in censored or since is None:
            continue
        broken = "failed" in _verdicts(analysis, name)
        if name != "failover":
            yield Pole("never", since, words, words, broken)
        elif _missed(run, analysis):
            said = f"{_stranded(analysis)}{words}"
            yield Pole("never", since, said, said, broken)


def _verdicts(analysis: Analysis, name: str) -> set[Verdict]:
    """The verdicts of the rules over one measure."""
    return {each.verdict for each in analysis.findings if each.objective.measure.name == name}


def _missed(run: Run, analysis: Analysis) -> bool:
    """Whether a way elsewhere was missed: one existed, and a rule asks for it or some went it."""
    moved = any(mark.name == "failed_over" for mark in analysis.marks)
    ways = len(run.scenario.clients.reached())
    return ways > 1 and (moved or bool(_verdicts(analysis, "failover")))


def _stranded(analysis: Analysis) -> str:
    """Who never went elsewhere, where others did."""
    every = max((m.n for text, m in analysis.measures if text.startswith("failover.")), default=0)
    some = 0 < analysis.stranded < every
    of = f"{numbers.count(analysis.stranded)} of {numbers.count(every)} "
    return of if some else ""
