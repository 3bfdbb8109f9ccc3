"""Plays a stored run once more and holds its records against the first's: is a seed a run?

In virtual time every record must come again, byte for byte. On sockets the machine's own timing is
part of what is recorded, so only the plan can: which operation was due when, at which client.
"""

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from chaos import stopping, voice
from chaos.analysis.findings import EXIT_CODES
from chaos.playing import Wish, record, simulated
from chaos.report import seal
from chaos.report.agreement import Problem
from chaos.report.verify import describe
from chaos.run import stored, surroundings
from chaos.run.ending import Ending
from chaos.run.record import OPERATION_KINDS, Run
from chaos.scenario.arrivals import arrivals

_TIMED = (
    "When attempts were sent and answered is the machine's own timing, so a run on sockets cannot "
    "be compared beyond its plan."
)
_CUT_SHORT = "The run was cut short, so a whole one cannot be compared with it."


@dataclass(frozen=True, slots=True)
class Replayed:
    """What was compared, in a sentence or two, and every problem.

    ``whole`` says that everything was compared and came again.
    """

    told: str
    problems: tuple[Problem, ...]
    whole: bool = False


def tell(folder: Path) -> int:
    """Replay for the front door: say what was compared and where it parted; the exit code."""
    with stopping.held() as held:
        found = replay(folder, held)
    if held.came:
        voice.complain(f"Stopped by {held.came}: it was not compared to the end.")
        return EXIT_CODES["aborted"]
    for problem in found.problems:
        sys.stderr.write(f"{problem.where}: {problem.told}\n")
    sys.stdout.write(f"{found.told}{' All came again.' * found.whole}\n")
    return EXIT_CODES["failed" if found.problems else "passed"]


def replay(folder: Path, held: stopping.Held | None = None) -> Replayed:
    """Play a stored run again; ``held`` are the signals that end it.

    Raises ScenarioError where there is none or its client is gone.
    """
    run = stored.load(folder)
    if run.world != "simulated":
        problems = tuple(_plan(run))
        told = f"The plan of {len(run.operations):,} operations was compared. {_TIMED}"
        return Replayed(told, problems)
    if run.aborted:
        return Replayed(_CUT_SHORT, ())
    with tempfile.TemporaryDirectory(prefix="keychaos-replay-") as place:
        again = Path(place) / "again"
        _play(run, again, held)
        compared, problems = _records(folder, again)
    if problems:
        problems = (*problems, *_environments(run))
    told = f"Played again with seed {run.seed}: {compared:,} records compared."
    return Replayed(told, problems, whole=not problems)


def _play(run: Run, into: Path, held: stopping.Held | None) -> None:
    started = datetime.fromisoformat(run.started_utc)
    wish = Wish(run.scenario, run.world, run.policy, into, run.command)

    def played() -> Ending:
        return simulated(wish, into, started, held)

    record(wish, into, started, played)


def _records(folder: Path, again: Path) -> tuple[int, tuple[Problem, ...]]:
    """How many records were compared, and in which file they first part."""
    first, second = (
        {strip.name: strip.sums for strip in seal.strips(place) if "/" in strip.name}
        for place in (folder, again)
    )
    problems = []
    for name in sorted({*first, *second}):
        then, now = first.get(name, ()), second.get(name, ())
        if then == now:
            continue
        same = zip(then, now, strict=False)
        at = next((n for n, (one, other) in enumerate(same) if one != other), None)
        if at is None:
            told = f"{len(then):,} records the first time, {len(now):,} when played again."
            problems.append(Problem(name, told))
        else:
            changed = describe(name, seal.records(again / name)[at])
            told = f"It did not come again. When played again: {changed}"
            problems.append(Problem(f"{name}, record {at + 1:,}", told))
    return sum(map(len, first.values())), tuple(problems)


def _environments(run: Run) -> Iterator[Problem]:
    """What else is not as it was: another version may well play otherwise."""
    now = surroundings.environment()
    for name in ("keychaos", "python", "numpy", "cryptography"):
        if run.environment.get(name, now[name]) != now[name]:
            told = f"It was {name} {run.environment[name]}; here it is {now[name]}."
            yield Problem("environment", told)


def _plan(run: Run) -> Iterator[Problem]:
    """The operations that were not due when, or where, the seed has them."""
    planned = {each.number: each for each in arrivals(run.scenario)}
    for row in run.operations:
        plan = planned.get(int(row["number"]))
        if plan is None:
            yield Problem("plan", f"Operation {row['number']} is not in it.")
            return
        kind = OPERATION_KINDS[row["kind"]]
        if (plan.due, plan.client, plan.kind) != (row["due"], row["client"], kind):
            told = (
                f"Operation {plan.number}, {kind} of client {row['client']}, was due at "
                f"{row['due']:.3f} s; the seed has {plan.kind} of client {plan.client} at "
                f"{plan.due:.3f} s."
            )
            yield Problem("plan", told)
            return
    # A run that was stopped may hold less, and says so itself.
    if not run.aborted and not run.dropped and len(run.operations) < len(planned):
        yield Problem("plan", f"It has {len(planned):,} operations; {len(run.operations):,} ended.")
