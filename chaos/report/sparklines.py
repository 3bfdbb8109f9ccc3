"""The run in a few lines of characters: one signal a line, the faults ruled above."""

from collections.abc import Iterator

import numpy as np

from chaos.analysis.findings import Analysis
from chaos.report import numbers
from chaos.report.series import OK, Bins, Floats, goodput_by_region, percentiles, response_times
from chaos.report.timeline import bands
from chaos.run.record import Run

_BLOCKS = " ▁▂▃▄▅▆▇█"
_PLAIN = " .:-=+*#@"
_RULES = {"hit": "!", "unproven": "?", "planned": "."}
_SAID = {"hit": "! fault", "unproven": "? hit nothing", "planned": ". never injected"}


def signals(run: Run, analysis: Analysis, *, width: int, plain: bool) -> Iterator[str]:
    """Answered by each region, not answered, attempts and p99, each over ``width`` characters."""
    if not len(run.operations) or width < 10:  # noqa: PLR2004 - too narrow to say anything
        return
    ends = max(run.scenario.lasts, run.ended)
    over = Bins(np.linspace(0.0, ends, width + 1))
    longest = max(len(name) for name in (*run.regions, "not answered"))
    if analysis.proofs:
        yield f"{'':{longest}} {_ruler(run, analysis, over)}".rstrip()
    for name, values, most in _lines(run, over):
        yield f"{name:{longest}} {spark(values, plain=plain)} {most}"


def _lines(run: Run, over: Bins) -> Iterator[tuple[str, Floats, str]]:
    for name, row in zip(run.regions, goodput_by_region(run, over), strict=True):
        yield name, row, f"to {numbers.rate(float(row.max()))}"
    lost = run.operations[run.operations["outcome"] != OK]
    missed = over.rate(lost["due"])
    yield "not answered", missed, f"to {numbers.rate(float(missed.max()))}"
    tries = over.rate(run.attempts["sent"])
    yield "attempts", tries, f"to {numbers.rate(float(tries.max()))}"
    waits = response_times(run.operations)
    (slow,) = percentiles(run.operations["due"], waits, over, (0.99,))
    yield "p99", slow, f"to {numbers.seconds(float(np.nanmax(slow)))}"


def spark(values: Floats, *, plain: bool = False) -> str:
    """The values as one character each; nothing known is a blank, anything above zero is seen.

    >>> spark(np.array([0.0, 1.0, 8.0, np.nan, 4.0]))
    ' ▁█ ▄'
    """
    marks = _PLAIN if plain else _BLOCKS
    known = np.nan_to_num(values)
    most = float(known.max()) or 1.0
    steps = np.ceil(known / most * (len(marks) - 1) - 1e-9).astype(int)
    steps = np.where(known > 0, np.maximum(steps, 1), 0)
    return "".join(marks[step] for step in steps)


def _ruler(run: Run, analysis: Analysis, over: Bins) -> str:
    shown = bands(run, analysis)
    middles = over.middles
    line = ["-"] * len(middles)
    for band in shown:
        for index in np.flatnonzero((middles >= band.starts) & (middles < band.ends)):
            line[index] = _RULES[band.state]
    told = dict.fromkeys(_SAID[band.state] for band in shown)
    return "".join(line) + f" {', '.join(told)}"
