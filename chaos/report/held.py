"""Whether each objective held as often on side B as on side A, and what nobody can say of B.

An objective that held wherever A decided it and fails anywhere in B is a regression with any
number of repetitions. Where A fails sometimes, a failure of B proves nothing by itself: pairs with
the same seeds are held against each other by McNemar's exact test, other sides by Fisher's.
"""

from collections.abc import Iterable, Iterator

from chaos.analysis.findings import Verdict
from chaos.report.against import CONFIDENCE, ObjectiveRow
from chaos.report.document import Document
from chaos.report.repetitions import fisher, mcnemar, wilson

_DECIDED = {"passed", "failed"}
Reports = tuple[Document, ...]


def objective(rule: str, before: Reports, after: Reports) -> ObjectiveRow:
    """One objective on both sides."""
    sides = [_verdicts(rule, side) for side in (before, after)]
    (held, n), (still, m) = ((side.count("passed"), _decided(side)) for side in sides)
    p = None
    worse = held == n > 0 and still < m
    if min(n, m) and held < n:
        p = _chance(rule, before, after)
        worse = p < 1 - CONFIDENCE and still * n < held * m
    return ObjectiveRow(
        rule=rule,
        before=(held, n),
        after=(still, m),
        before_interval=wilson(held, n),
        after_interval=wilson(still, m),
        worse=worse,
        p=p,
        undecided=(len(sides[0]) - n, len(sides[1]) - m),
    )


def _verdicts(rule: str, side: Reports) -> list[Verdict]:
    return [one.verdict for told in side for one in told.objectives if one.rule == rule]


def _decided(verdicts: Iterable[Verdict]) -> int:
    return sum(verdict in _DECIDED for verdict in verdicts)


def _chance(rule: str, before: Reports, after: Reports) -> float:
    """How likely so different sides are if B is no other than A."""
    one, other = (_by_seed(rule, side) for side in (before, after))
    if one.keys() == other.keys() and (len(one), len(other)) == (len(before), len(after)):
        moved = [(one[seed], other[seed]) for seed in one]
        return mcnemar(moved.count((True, False)), moved.count((False, True)))
    first, second = (_verdicts(rule, side) for side in (before, after))
    return fisher(
        (first.count("passed"), _decided(first)), (second.count("passed"), _decided(second))
    )


def _by_seed(rule: str, side: Reports) -> dict[int, bool]:
    return {
        told.identity.seed: one.verdict == "passed"
        for told in side
        for one in told.objectives
        if one.rule == rule and one.verdict in _DECIDED
    }


def gaps(
    rows: Iterable[ObjectiveRow], measures: Iterable[str], before: Reports, after: Reports
) -> Iterator[str]:
    """Everything for which nobody can say whether B got worse, a clause each."""
    for letter, side in (("B", after), ("A", before)):
        for verdict in ("aborted", "inconclusive"):
            times = sum(told.verdict == verdict for told in side)
            if times:
                part = letter if len(side) == 1 else f"{times} of {len(side)} runs of {letter}"
                yield f"{part} {'is' if times == 1 else 'are'} {verdict}"
    for row in rows:
        if row.before[1]:
            yield from _undecided(row, len(after))
    for name in measures:
        yield from _unmeasured(name, before, after)


def _undecided(row: ObjectiveRow, runs: int) -> Iterator[str]:
    """What B does not say of an objective that A decides."""
    stated = row.after[1] + row.undecided[1]
    if not stated:
        yield f"B does not state {row.rule}"
    elif row.after[1] < runs:
        yield f"{row.rule} is not decided in {runs - row.after[1]} of {runs} runs of B"


def _unmeasured(name: str, before: Reports, after: Reports) -> Iterator[str]:
    """What B does not measure though A does.

    A run may have had nothing to measure by chance, such as too few retries: only where a report
    does not know the measure at all, or far fewer of many have a value, it was lost.
    """
    sides = [[told.measures[name] for told in side if name in told.measures]
             for side in (before, after)]  # fmt: skip
    known, still = (sum(one.value is not None for one in side) for side in sides)
    if known and not sides[1]:
        yield f"B does not measure {name}"
    elif known * len(after) > still * len(before):
        p = fisher((known, len(before)), (still, len(after)))
        if p < 1 - CONFIDENCE:
            times = f"{still} of {len(after)} runs of B, {known} of {len(before)} of A"
            yield f"{name} is measured in {times}"
