"""What came of holding a report against its records."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that does not agree: where, and what was told and found in a sentence."""

    where: str
    told: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What was checked, and every problem; none where the report follows from its records."""

    files: int
    records: int
    numbers: int
    problems: tuple[Problem, ...]
