"""What the records say of one operation or of many, as parts of sentences."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from chaos.analysis.evidence import Bools, Evidence, Ints
from chaos.analysis.wording import kind, listed, many, reply, seconds
from chaos.run.record import FAILURE_CODES, NOWHERE, OUTCOMES, Columns

TIMEOUTS = {
    FAILURE_CODES[name]: name.replace("_", " ")
    for name in ("connect_timeout", "read_timeout", "total_timeout")
}
_MOST_CITED = 5
Cause = Literal[
    "no backup tried",
    "backup failed as well",
    "timeout waited out",
    "timeouts in a row",
    "waits at a dead region",
    "too many attempts at one region",
    "learns by operation",
    "backup slow",
    "slow to detect",
    "quiet client",
    "failed operations",
    "no attempt",
    "retries amplify",
    "not recovered",
    "slow failback",
    "slow operations",
    "unknown outcomes",
    "not at rest",
    "metastable",
    "herd",
    "early retries",
    "no growth",
    "no jitter",
    "switches too often",
    "token storm",
    "data keys lost",
    "wrong plaintext",
    "fault without effect",
    "fault aside",
    "asks the dead region first",
    "nothing to flee",
    "generator saturated",
]


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence, the numbers of the operations that it cites, and the cause by its name.

    ``cause`` has its entry in :data:`chaos.analysis.advice.ADVICE`; None where there is nothing to
    advise.
    """

    text: str
    records: tuple[int, ...] = ()
    cause: Cause | None = None


def region_name(evidence: Evidence, code: int) -> str:
    """The name of a region by its code."""
    return "no region" if code == NOWHERE else evidence.run.regions[code]


def tries(evidence: Evidence, attempts: Columns) -> str:
    """Attempts in a few words, those that met the same fate together.

    `3 attempts at us-south (refused), 1 at us-east (503)`
    """
    met = Counter((int(each["region"]), int(each["status"])) for each in attempts)
    parts: list[str] = []
    for (region, status), count in met.items():
        noun = many(count, "attempt") if not parts else f"{count:,}"
        parts.append(f"{noun} at {region_name(evidence, region)} ({kind(status)})")
    return listed(parts) if parts else "no attempt"


def gave_up(operation: Columns, attempts: Columns) -> str:
    """That an operation gave up, and that it waited on after its last attempt where it did."""
    last = float(attempts["ended"].max()) if len(attempts) else float(operation["started"])
    rest = float(operation["ended"]) - last
    idle = rest > 0.1  # noqa: PLR2004 - a wait that somebody chose
    return "gave up" + (f" after another {seconds(rest)} waited for nothing" if idle else "")


def groups_of(evidence: Evidence, clients: Ints) -> tuple[str, ...]:
    """The groups that hold these clients; none where all groups do, or there are none."""
    fleet = evidence.run.scenario.clients
    names = [each.name for each in fleet.groups]
    hit = [name for name in names if np.isin(clients, fleet.numbers(name)).any()]
    return tuple(hit) if len(hit) < len(names) else ()


def group_of(evidence: Evidence, clients: Ints) -> str:
    """Whose clients these are, as the end of a clause: `, all of group naive`."""
    found = groups_of(evidence, clients)
    return f", all of group{'s' * (len(found) > 1)} {listed(found)}" if found else ""


def ending(evidence: Evidence, row: int) -> str:
    """How an operation ended, in the client's own words where it gave any."""
    if evidence.hung[row]:
        return "it never ended"
    operation = evidence.operations[row]
    why = evidence.run.whys[int(operation["why"])]
    return why or OUTCOMES[int(operation["outcome"])]


def reasons(evidence: Evidence, rows: Bools, well: Bools) -> list[tuple[str, int, int]]:
    """Why operations did not end ``well``, by their last attempt: how, how many, the first row."""
    chosen = np.flatnonzero(rows & ~well)
    last = _last_attempts(evidence)[chosen]
    # Those whose last attempts and outcomes are alike are told in one go.
    fate = (
        np.stack(
            [
                last >= 0,
                np.where(last >= 0, evidence.attempts["region"][last], 0),
                np.where(last >= 0, evidence.attempts["status"][last], 0),
                evidence.ok[chosen],
                evidence.hung[chosen],
                evidence.operations["why"][chosen],
            ]
        )
        if len(evidence.attempts)
        else np.stack([evidence.operations["why"][chosen]])
    )
    _, firsts, inverse = np.unique(fate, axis=1, return_index=True, return_inverse=True)
    counts = np.bincount(inverse.ravel(), minlength=len(firsts))
    found: dict[str, tuple[int, int]] = {}
    for at, count in zip(firsts, counts, strict=True):
        row = int(chosen[at])
        words = _reason(evidence, row, int(last[at]))
        so_far, first = found.get(words, (0, row))
        found[words] = so_far + int(count), min(first, row)
    ranked = sorted(found.items(), key=lambda item: (-item[1][0], item[1][1]))
    return [(words, count, first) for words, (count, first) in ranked]


def counted(count: int, words: str) -> str:
    """How many of something, told apart from a status that it may begin with."""
    sign = "\N{MULTIPLICATION SIGN} " if words[:1].isdigit() else ""
    return f"{count:,} {sign}{words}"


def numbers(evidence: Evidence, rows: Sequence[int]) -> tuple[int, ...]:
    """The operation numbers of rows, as many as a sentence can cite."""
    return tuple(int(evidence.operations["number"][row]) for row in rows[:_MOST_CITED])


def longest(evidence: Evidence, rows: Bools, since: str = "due") -> int:
    """The row of the operation among these that took longest, -1 where there is none."""
    lasted = evidence.operations["ended"] - evidence.operations[since]
    return int(np.argmax(np.where(rows, lasted, -1.0))) if rows.any() else -1


def story(evidence: Evidence, row: int) -> str:
    """What took an operation so long: its queueing, its attempts, its waits."""
    operation, attempts = evidence.operations[row], evidence.attempts_of(row)
    late = float(operation["started"] - operation["due"])
    lasted = attempts["ended"] - attempts["sent"]
    waited = float(operation["ended"] - operation["started"]) - _covered(attempts)
    parts = []
    if late > 0.01:  # noqa: PLR2004 - a start within 10 ms is on time
        parts.append(f"it started {seconds(late)} late")
    if len(attempts):
        slowest = attempts[int(np.argmax(lasted))]
        where = region_name(evidence, int(slowest["region"]))
        spent = f"{many(len(attempts), 'attempt')} took {seconds(float(lasted.sum()))}"
        parts.append(
            f"its {spent}, of which one at {where} {reply(int(slowest['status']))} after "
            f"{seconds(float(lasted.max()))}"
        )
    if waited > 0.01:  # noqa: PLR2004 - what a program needs between two steps
        parts.append(f"{seconds(waited)} went by between and after attempts")
    return listed(parts)


def _covered(attempts: Columns) -> float:
    """How long at least one of the attempts was under way."""
    total, reached = 0.0, -np.inf
    for each in attempts:
        total += max(0.0, float(each["ended"]) - max(reached, float(each["sent"])))
        reached = max(reached, float(each["ended"]))
    return total


def _last_attempts(evidence: Evidence) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    last = np.full(len(evidence.operations), -1)
    order = np.argsort(evidence.attempts["ended"], kind="stable")
    last[evidence.row[order]] = order
    return last.astype(np.int64)


def _reason(evidence: Evidence, row: int, last: int) -> str:
    if last < 0:
        return f"without an attempt ({ending(evidence, row)})"
    attempt = evidence.attempts[last]
    if evidence.ok[row]:
        return f"answered only after more than {seconds(evidence.run.scenario.window)}"
    where = region_name(evidence, int(attempt["region"]))
    if evidence.answered[last] and not evidence.hung[row]:
        return f"although {where} answered {int(attempt['status'])} ({ending(evidence, row)})"
    told = f"{kind(int(attempt['status']))} at {where}"
    return f"never ended after {told}" if evidence.hung[row] else told
