"""Which differences of a comparison are good or bad, and which only are.

A rule bounds a measure from one side, which says what is better there. Without a rule, only what
has a direction by itself can get worse: a client that fails over switches twice, and its calls
arrive where a dead region hid those of one that stays. What service costs, such as its response
time, is no worse where it bought better service: who gives up at once is quick.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from chaos.report.against import EFFECT, MeasureRow
from chaos.report.document import Document
from chaos.scenario.vocabulary import VOCABULARY, Term

_SERVED = "availability"


def term(name: str) -> Term:
    """The measure of the vocabulary that this text is of: `switches` of `switches(group a).max`."""
    return VOCABULARY[name.split("(", maxsplit=1)[0].split(".", maxsplit=1)[0]]


def bounded(reports: Iterable[Document]) -> frozenset[str]:
    """The measures that an objective bounds from one side, by their text."""
    rules = (one for told in reports for one in told.objectives)
    return frozenset(
        one.rule.split(one.comparison, maxsplit=1)[0].strip()
        for one in rules
        if one.comparison != "=="
    )


def judged(name: str, bounds: frozenset[str]) -> bool:
    """Whether a difference of this measure can be good or bad."""
    return term(name).alone != "changed" or name in bounds


def weighed(rows: Sequence[MeasureRow]) -> tuple[MeasureRow, ...]:
    """The rows, in which a price that moved against the service that it is paid for only changed.

    What a rule bounds is no exception: whether the price is still within it, the rule itself says.
    """
    served = next((_direction(row) for row in rows if row.name == _SERVED), 0)
    return tuple(
        _only_changed(row)
        if term(row.name).alone != "judged" and _direction(row) * served < 0
        else row
        for row in rows
    )


def _direction(row: MeasureRow) -> int:
    """1 where B is worse, -1 where it is better, 0 where that is not shown or means nothing.

    A few repetitions show nothing, but neither are they told as worse for the service that they
    seem to have bought.
    """
    shown = row.change in {"worse", "better"}
    seems = row.change == "too few repetitions" and abs(row.effect or 0.0) >= EFFECT
    if not row.judged or not row.effect or not (shown or seems):
        return 0
    return 1 if row.effect > 0 else -1


def _only_changed(row: MeasureRow) -> MeasureRow:
    # Every price is better when it is lower, so that its effect keeps its sign.
    change = row.change if row.change == "too few repetitions" else "changed"
    return replace(row, change=change, judged=False)
