"""Cells and tables: numbers written out, each with what to sort it by."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from chaos.analysis.findings import Measured, Verdict
from chaos.report import numbers

DASH = "\N{EM DASH}"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its words, what to sort it by, and its verdict where it is one."""

    text: str
    key: float | str = ""
    verdict: Verdict | None = None
    code: bool = False

    @property
    def numeric(self) -> bool:
        """Whether the cell is a number and stands to the right."""
        return isinstance(self.key, float)


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its name, the names of its columns and, where it is empty, what that means."""

    name: str
    title: str
    about: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str

    def without(self, *names: str) -> "Table":
        """The same table without some of its columns."""
        kept = [i for i, name in enumerate(self.columns) if name not in names]
        return replace(
            self,
            columns=tuple(self.columns[i] for i in kept),
            rows=tuple(tuple(row[i] for i in kept) for row in self.rows),
        )


def words(text: str) -> Cell:
    """A cell of words."""
    return Cell(text or DASH, text)


def code(text: str) -> Cell:
    """A cell of words that a reader may copy."""
    return Cell(text or DASH, text, code=True)


def count(value: float | None) -> Cell:
    """A cell of a count; a dash for None."""
    return _number(value, numbers.count)


def seconds(value: float | None) -> Cell:
    """A cell of a length of time; a dash for None."""
    return _number(value, numbers.seconds)


def instant(value: float | None) -> Cell:
    """A cell of a moment; a dash for None."""
    return _number(value, numbers.instant)


def share(value: float | None) -> Cell:
    """A cell of a share; a dash for None."""
    return _number(value, numbers.share)


def ratio(value: float | None) -> Cell:
    """A cell of a ratio; a dash for None."""
    return _number(value, numbers.ratio)


def rate(value: float | None) -> Cell:
    """A cell of a rate; a dash for None."""
    return _number(value, numbers.rate)


def _number(value: float | None, write: Callable[[float], str]) -> Cell:
    return Cell(DASH, -1.0) if value is None else Cell(write(value), float(value))


def measured(value: Measured, bound: float | None = None) -> Cell:
    """A cell of a measured value, which says when it was not reached; ``bound`` is its limit."""
    told = numbers.measured(value, bound)
    return Cell(told, -1.0 if value.value is None else float(value.value))
