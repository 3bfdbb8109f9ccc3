"""The measures that an objective may name: unit, where it can be taken, statistics, one line each.

The table is the language; :mod:`chaos.analysis` computes exactly its entries.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from chaos.scenario.model import OperationKind, PhaseName
from chaos.scenario.objective import Unit

Where = Literal["phase", "region", "operation", "group", "after failover", "after", "every"]
PHASES: tuple[PhaseName, ...] = get_args(PhaseName)
OPERATIONS: tuple[OperationKind, ...] = get_args(OperationKind)
AFTER_FAILOVER = "after failover"
AFTER, EVERY = "after", "every"
GROUP = "group"
# What a difference means by itself, where no rule bounds the measure: it is good or bad; it is so
# unless it is the price of better service; it is neither.
Alone = Literal["judged", "price", "changed"]
# Goodput that has not returned so many seconds after the heal stays away by itself.
METASTABLE_AFTER = 30.0
# A herd is looked for in so many seconds after each heal.
HERD_WATCHED = 30.0


@dataclass(frozen=True, slots=True)
class Term:
    """One measure of the vocabulary.

    ``better`` is the direction in which it improves: a rule bounds it from the other side.
    ``alone`` says what a difference between two runs means that no rule bounds. A client that gives
    up at once answers quickly and has nothing to come back from, so that such a measure is a
    ``price``; more switches are the failover itself, so that they are only ``changed``.
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
    alone: Alone = "judged"


_SPREAD = ("p50", "p95", "max")
_RESPONSES = ("p50", "p95", "p99", "max")
_BY_ALL: tuple[Where, ...] = ("phase", "region", "operation", "group")
_OVER_TIME: tuple[Where, ...] = ("after", "every")

VOCABULARY: dict[str, Term] = {
    term.name: term
    for term in (
        Term(
            "detect", "seconds", "lower", ("group",), _SPREAD, ("fault", "second region"),
            "time to detect: from when a fault first bit anybody to a client's first decision "
            "caused by it; the slowest of each client where several faults touched it, and the "
            "statistic is over clients",
        ),
        Term(
            "failover", "seconds", "lower", ("group",), _SPREAD, ("fault", "second region"),
            "time to fail over: from a client's first operation that a fault touched to its first "
            "success at another region; the slowest of each client where several faults touched "
            "it, and the statistic is over clients",
        ),
        Term(
            "recover", "seconds", "lower", (), (), ("fault",),
            "time to recover: from the first effective fault to the moment from which the fleet "
            "is good again and stays so to the end of the fault, but not before half of the "
            "touched clients have noticed it",
        ),
        Term(
            "failback", "seconds", "lower", (), (), ("fault", "second region"),
            "time to fail back: from the last heal to the first window with 99 % of operations at "
            "the primary, to the end of the run",
            alone="price",
        ),
        Term(
            "time_to_steady", "seconds", "lower", (), (), ("fault",),
            "time to steady: from the last heal to the moment from which availability, p99 "
            "response time and amplification stay as they were before the fault",
            alone="price",
        ),
        Term(
            "metastable", "count", "lower", (), (), ("fault",),
            "1 where goodput did not return within 30 s of the last heal, or left again for 30 s, "
            "although the load was the same, else 0",
        ),
        Term(
            "availability", "share", "higher", (*_BY_ALL, "after failover", *_OVER_TIME), (), (),
            "operations that ended ok, of all that were due; unknown is not ok",
        ),
        Term(
            "goodput", "rate", "higher", (*_BY_ALL, *_OVER_TIME), (), (),
            "operations a second that ended ok, before their client's deadline",
        ),
        Term(
            "amplification", "ratio", "lower", ("phase", "group", *_OVER_TIME), (), (),
            "attempts sent per operation started; in a window in which none started, per one",
            alone="price",
        ),
        Term(
            "server_amplification", "ratio", "lower", ("phase", "group", *_OVER_TIME), (), (),
            "attempts that came to the service per operation started: a dead region hides the rest",
            alone="changed",
        ),
        Term(
            "response", "seconds", "lower", _BY_ALL, _RESPONSES, (),
            "response time: from when an operation was due to its end",
            alone="price",
        ),
        Term(
            "service", "seconds", "lower", _BY_ALL, _RESPONSES, (),
            "service time: from when an operation started to its end; beside the response time it "
            "shows what a stalled client would hide",
            alone="price",
        ),
        Term(
            "lost_operations", "count", "lower", (), (), ("fault",),
            "operations lost to the fault: the area between the availability before it and "
            "during the disturbed time",
        ),
        Term(
            "unknown_outcomes", "count", "lower", ("phase", "operation", "group"), (), (),
            "operations whose request may have been carried out without the client learning it",
        ),
        Term(
            "early_retries", "count", "lower", ("phase", "region", "group"), (), (),
            "attempts sent more than 50 ms before the Retry-After of the last answer allowed them, "
            "that answer being of the same operation and region; n is how many answers had one",
        ),
        Term(
            "herd_index", "ratio", "lower", ("region",), (), ("fault",),
            "most arrivals in any bin of the 30 s after a heal, of the usual number before the "
            "fault; the worst heal of the worst region, > where it was watched for less",
            alone="price",
        ),
        Term(
            "backoff_growth", "ratio", "higher", (), (), (),
            "by what factor the wait before a retry grows to the next, until the cap; what a "
            "breaker or a Retry-After made a client wait is no backoff",
            alone="changed",
        ),
        Term(
            "backoff_jitter", "ratio", "higher", (), (), (),
            "coefficient of variation of the backoff waits before the same retry: 0 marches in "
            "step, full jitter has 0.58",
            alone="changed",
        ),
        Term(
            "switches", "count", "lower", ("group",), _SPREAD, ("second region",),
            "how often a client changed the region that it calls home, by the decisions that it "
            "tells or, where none of its group tells any, by where it was served; the statistic "
            "is over clients",
            alone="changed",
        ),
        Term(
            "token_requests", "count", "lower", ("group",), _SPREAD, (),
            "how often a client asked for a token; the statistic is over clients",
            alone="changed",
        ),
        Term(
            "integrity", "share", "higher", ("region",), (), (),
            "ledger entries that unwrap, wherever they should, to the plaintext that was wrapped",
        ),
        Term(
            "wrong_plaintext", "count", "lower", ("region",), (), (),
            "ledger entries that unwrap to another plaintext than was wrapped",
        ),
        Term(
            "key_rpo", "seconds", "lower", (), (), ("second region",),
            "longest time in which an acknowledged data key did not open at its backup",
        ),
    )
}  # fmt: skip
