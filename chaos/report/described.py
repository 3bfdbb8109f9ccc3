"""The timeline in words and in numbers: the alt text and the data table beside the figure."""

from collections.abc import Callable, Iterator

import numpy as np

from chaos.report import numbers
from chaos.report.account import Account
from chaos.report.cells import Cell, Table, count, instant, rate, seconds, share
from chaos.report.poles import poles
from chaos.report.series import (
    OK,
    attempts_answered,
    extra_attempts,
    goodput_by_region,
    percentiles,
    response_times,
    success,
)
from chaos.report.timeline import bands, overview
from chaos.run.record import Run

PORTRAIT = (
    "One point a second or so: how many attempts were sent, and how many of the operations due "
    "then ended ok. A run that stays far right of the line after the heal is metastable."
)


def alt_text(account: Account) -> str:
    """What the figure shows, for who cannot see it."""
    return " ".join(_sentences(account))


def _sentences(account: Account) -> Iterator[str]:
    run, analysis = account.run, account.analysis
    yield f"Four panels over {numbers.seconds(run.scenario.lasts)} of the run."
    for band in bands(run, analysis):
        yield (
            f"Fault band {band.text} from {numbers.instant(band.starts)} "
            f"to {numbers.instant(band.ends)}."
        )
    for row in account.phases[:-1] or account.phases:
        if row.response_p50 is not None and row.response_p99 is not None:
            yield (
                f"In the phase {row.phase}, response time is {numbers.seconds(row.response_p50)}"
                f" at p50 and {numbers.seconds(row.response_p99)} at p99, and "
                f"{numbers.share(row.availability or 0.0)} of {numbers.count(row.due)} operations "
                f"are answered with {numbers.ratio(row.amplification or 0.0)} attempts each."
            )
    marks = [
        pole.text if pole.kind == "never" else f"{pole.text} at {numbers.instant(pole.at)}"
        for pole in poles(run, analysis)
    ]
    if marks:
        yield f"Marks: {'; '.join(marks)}."
    yield "The table below the figure holds the same numbers."


def portrait_text(account: Account) -> str:
    """The phase portrait in words: where each phase lay in the middle."""
    run, parts = account.run, []
    for phase in run.scenario.phases():
        mine = [p for p in account.analysis.portrait if phase.starts <= p.starts < phase.ends]
        if mine:
            sent, good = (float(np.median([getattr(p, n) for p in mine])) for n in ("sent", "good"))
            told = f"{numbers.rate(sent)} attempts for {numbers.rate(good)} good operations"
            parts.append(f"in the phase {phase.name} {told}")
    return f"Attempts sent against operations ok, medians: {'; '.join(parts)}."


def series_table(run: Run) -> Table:
    """The overview's series, a row per bin."""
    over = overview(run, 0.0, 1.0).over
    waits = response_times(run.operations)
    p50, p99 = percentiles(run.operations["due"], waits, over, (0.5, 0.99))
    shares = success(run.operations["due"], run.operations["outcome"] == OK, over)
    tries = attempts_answered(run, over)
    due = over.count(run.operations["due"])
    good = goodput_by_region(run, over)
    extra = extra_attempts(run, over)
    rows = [
        (
            instant(float(over.edges[i])),
            count(float(due[i])),
            _known(share, shares[i]),
            _known(share, tries[i]),
            _known(seconds, p50[i]),
            _known(seconds, p99[i]),
            *(rate(float(row[i])) for row in good),
            *(rate(float(row[i])) for row in extra.values()),
        )
        for i in range(len(due))
    ]
    return Table(
        "series",
        "The figure in numbers",
        f"One row per {numbers.seconds(over.width)}.",
        ("From", "Due", "Operations answered", "Attempts answered", "Response p50",
         "Response p99", *(f"Answered by {name}" for name in run.regions),
         *(f"Attempts: {why}" for why in extra)),
        tuple(rows),
        "No operation was recorded.",
    )  # fmt: skip


def _known(write: Callable[[float | None], Cell], value: float) -> Cell:
    return write(None if np.isnan(value) else float(value))
