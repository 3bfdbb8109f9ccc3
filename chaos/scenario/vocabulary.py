"""The measures that an objective may name: unit, where it can be taken, statistics, one line each.

The table is the language; :mod:`chaos.analysis` computes exactly its entries.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from chaos.scenario.model import OperationKind, PhaseName
from chaos.scenario.objective import Unit

Where = Literal["phase", "region", "operation", "after failover"]
PHASES: tuple[PhaseName, ...] = get_args(PhaseName)
OPERATIONS: tuple[OperationKind, ...] = get_args(OperationKind)
AFTER_FAILOVER = "after failover"


@dataclass(frozen=True, slots=True)
class Term:
    """One measure of the vocabulary.

    ``better`` is the direction in which it improves: a rule bounds it from the other side.
    ``statistics`` are those of which a rule must name one; none where the measure is one value.
    ``needs`` says what the scenario must have for the measure to exist at all.
    """

    name: str
    unit: Unit
    better: Literal["lower", "higher"]
    wheres: tuple[Where, ...]
    statistics: tuple[str, ...]
    needs: tuple[Literal["fault", "second region"], ...]
    meaning: str


_SPREAD = ("p50", "p95", "max")
_RESPONSES = ("p50", "p95", "p99", "max")
_BY_ALL: tuple[Where, ...] = ("phase", "region", "operation")

VOCABULARY: dict[str, Term] = {
    term.name: term
    for term in (
        Term(
            "detect", "seconds", "lower", (), _SPREAD, ("fault", "second region"),
            "time to detect: from the first effective fault to a client's first decision caused "
            "by it; the statistic is over clients",
        ),
        Term(
            "failover", "seconds", "lower", (), _SPREAD, ("fault", "second region"),
            "time to fail over: from a client's first operation that the fault touched to its "
            "first success at another region; the statistic is over clients",
        ),
        Term(
            "recover", "seconds", "lower", (), (), ("fault",),
            "time to recover: from the first effective fault to the moment from which the fleet "
            "is good again and stays so to the end of the fault",
        ),
        Term(
            "failback", "seconds", "lower", (), (), ("fault", "second region"),
            "time to fail back: from the last heal to the first window with 99 % of operations at "
            "the primary, to the end of the run",
        ),
        Term(
            "availability", "share", "higher", (*_BY_ALL, "after failover"), (), (),
            "operations that ended ok, of all that were due; unknown is not ok",
        ),
        Term(
            "amplification", "ratio", "lower", ("phase",), (), (),
            "attempts sent per operation started",
        ),
        Term(
            "response", "seconds", "lower", _BY_ALL, _RESPONSES, (),
            "response time: from when an operation was due to its end",
        ),
        Term(
            "service", "seconds", "lower", _BY_ALL, _RESPONSES, (),
            "service time: from when an operation started to its end; beside the response time it "
            "shows what a stalled client would hide",
        ),
        Term(
            "lost_operations", "count", "lower", (), (), ("fault",),
            "operations lost to the fault: the area between the availability before it and "
            "during the disturbed time",
        ),
        Term(
            "unknown_outcomes", "count", "lower", ("phase", "operation"), (), (),
            "operations whose request may have been carried out without the client learning it",
        ),
        Term(
            "integrity", "share", "higher", ("region",), (), (),
            "ledger entries that unwrap, wherever they should, to the plaintext that was wrapped",
        ),
        Term(
            "wrong_plaintext", "count", "lower", ("region",), (), (),
            "ledger entries that unwrap to another plaintext than was wrapped",
        ),
    )
}  # fmt: skip
