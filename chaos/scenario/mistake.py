"""What is wrong in a scenario file, where, and the nearest right word.

Mistakes are collected as values and raised together, so that one reading shows them all.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from chaos.errors import ScenarioError

MOST_SHOWN = 50


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something was written: a line of a file, or an option of the command line (line 0)."""

    line: int
    text: str


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One thing that is wrong, and where."""

    place: Place
    text: str

    def __str__(self) -> str:
        return f"{self.place.text}: {self.text}"


def refusal(mistakes: Iterable[Mistake]) -> ScenarioError:
    """All of them as one ScenarioError to raise, a line each, in the order of the file."""
    lines = list(dict.fromkeys(str(mistake) for mistake in sorted(mistakes)))
    if len(lines) > MOST_SHOWN:
        lines[MOST_SHOWN:] = [f"and {len(lines) - MOST_SHOWN} more mistakes after these"]
    return ScenarioError("\n".join(lines))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown word: the nearest right one, or what there is.

    >>> did_you_mean("us-sout", ["us-south", "us-east"])
    "; did you mean 'us-south'?"
    >>> did_you_mean("x", ["wrap", "unwrap"])
    '; known here: wrap, unwrap'
    """
    words = list(known)
    folded = {_folded(right): right for right in words}
    near = get_close_matches(_folded(word), folded, n=1, cutoff=0.6)
    if near:
        return f"; did you mean '{folded[near[0]]}'?"
    return f"; known here: {', '.join(words)}" if words else ""


def _folded(word: str) -> str:
    return word.lower().replace("_", "-")[:80]
