"""The run's moments to the millisecond: faults asked for and felt, decisions, marks, the end."""

from collections.abc import Iterator

from chaos.analysis.findings import Analysis
from chaos.report import numbers
from chaos.report.rows import EventRow
from chaos.report.series import OK
from chaos.run.record import Run

_EDGES = ("failover", "failback")


def events(run: Run, analysis: Analysis) -> tuple[EventRow, ...]:
    """Every moment worth a row, in order of time."""
    found = [
        EventRow(0.0, "load", "time zero: the first arrivals are due from here on"),
        *_changes(run),
        *_touches(analysis),
        *(EventRow(mark.at, "mark", mark.text) for mark in analysis.marks),
        *_decisions(run),
        *_losses(run),
        *_end(run),
    ]
    return tuple(sorted(found, key=lambda row: row.at))


def _changes(run: Run) -> Iterator[EventRow]:
    for change in run.changes:
        late = change.took_effect - change.at
        when = f"{numbers.seconds(late)} later" if late > 0 else "at once"
        verb = "injected" if change.verb == "inject" else "healed"
        yield EventRow(
            change.took_effect,
            verb,
            f"{change.fault} ({change.kind} at {change.target}); "
            f"asked for at {numbers.instant(change.at)}, effective {when}",
        )


def _touches(analysis: Analysis) -> Iterator[EventRow]:
    for proof in analysis.proofs:
        if proof.first is not None:
            first = " (T0)" if proof.first == analysis.t0 else ""
            yield EventRow(proof.first, "touched", f"{proof.fault} first touched a request{first}")


def _decisions(run: Run) -> Iterator[EventRow]:
    for kind in _EDGES:
        made = [one for one in run.decisions if one.decision.kind == kind]
        made.sort(key=lambda one: one.decision.at)
        if not made:
            continue
        clients = len({one.client for one in made})
        for word, one in (("first", made[0]), ("last", made[-1])):
            told = one.decision
            yield EventRow(
                told.at,
                kind,
                f"{word} {kind} to {told.region}, client {one.client}, operation {told.number}"
                f" ({numbers.count(len(made))} by {numbers.count(clients)} clients): {told.why}",
            )


def _losses(run: Run) -> Iterator[EventRow]:
    lost = run.operations[run.operations["outcome"] != OK]
    if not len(lost):
        return
    first, last = lost[lost["ended"].argmin()], lost[lost["ended"].argmax()]
    yield EventRow(
        float(first["ended"]),
        "loss",
        f"first operation not answered: {first['number']}, due at "
        f"{numbers.instant(float(first['due']))}: {run.whys[first['why']]}",
    )
    yield EventRow(
        float(last["ended"]),
        "loss",
        f"last of {numbers.count(len(lost))} operations not answered: {last['number']}, due at "
        f"{numbers.instant(float(last['due']))}: {run.whys[last['why']]}",
    )


def _end(run: Run) -> Iterator[EventRow]:
    if run.aborted:
        yield EventRow(run.ended, "aborted", run.aborted)
    else:
        yield EventRow(run.ended, "load", "the last operation ended")
