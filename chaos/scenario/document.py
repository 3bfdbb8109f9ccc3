"""YAML text as a tree that remembers where each thing was written.

Only what a scenario file needs is read: mappings, lists and scalars. Anchors, aliases, tags and
duplicate keys are mistakes, nesting and size are bounded, so no text can exhaust the reader. A
scalar is a whole number, a decimal, true, false or nothing only in its plainest form; everything
else is text (no `1:30` that becomes 90, no `NO` that becomes false).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import yaml
from yaml.reader import ReaderError

from chaos.scenario.mistake import Mistake, Place, refusal
from chaos.scenario.quantity import shown

LONGEST = 256 * 1024
DEEPEST = 20
MOST_PARTS = 10_000

Plain = str | int | float | bool | None
_INTEGER = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_DECIMAL = re.compile(r"-?[0-9]{1,18}\.[0-9]{1,18}", re.ASCII)
_WORDS: dict[str, Plain] = {"true": True, "false": False, "null": None, "~": None, "": None}


@dataclass(slots=True)
class Leaf:
    """A scalar."""

    place: Place
    value: Plain


@dataclass(slots=True)
class Branch:
    """A mapping; a value's place is the line of its key."""

    place: Place
    items: dict[str, "Node"] = field(default_factory=dict)


@dataclass(slots=True)
class Series:
    """A list."""

    place: Place
    items: list["Node"] = field(default_factory=list)


Node = Leaf | Branch | Series


def parse(text: str, path: str) -> Node:
    """Read one YAML document; ScenarioError lists every mistake of form, a line each."""
    if len(text) > LONGEST:
        raise refusal([Mistake(Place(0, path), f"is larger than {LONGEST // 1024} KiB")])
    composer = _Composer(path)
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if not composer.take(event):
                break
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        composer.note(*_described(error, text))
    if composer.mistakes:
        raise refusal(composer.mistakes)
    if composer.root is None:
        raise refusal([Mistake(Place(1, f"{path}:1"), "is empty")])
    return composer.root


def plain(node: Node) -> object:
    """The tree as dicts, lists and scalars."""
    match node:
        case Leaf():
            return node.value
        case Branch():
            return {key: plain(value) for key, value in node.items.items()}
        case Series():
            return [plain(value) for value in node.items]


def deepest(node: Node, keys: Sequence[str | int]) -> Node:
    """The last node on the way along ``keys`` that the tree has; keys it lacks are passed over.

    So a missing key is reported where it should have stood, and the kind of a fault, which pydantic
    puts among its keys, does no harm.
    """
    for key in keys:
        below: Node | None = None
        if isinstance(node, Branch) and isinstance(key, str):
            below = node.items.get(key)
        elif isinstance(node, Series) and isinstance(key, int) and key < len(node.items):
            below = node.items[key]
        node = node if below is None else below
    return node


def _described(error: Exception, text: str) -> tuple[int, str]:
    """The line and the words for what PyYAML could not read."""
    match error:
        case yaml.MarkedYAMLError():
            mark = error.problem_mark or error.context_mark
            return (mark.line + 1 if mark else 1), f"is not YAML: {error.problem}"
        case ReaderError():
            line = text.count("\n", 0, error.position) + 1
            return line, "is not text: it holds a character that YAML does not allow"
        case _:
            # An escape such as "\\UFFFFFFFF" names no character, and PyYAML does not look.
            return 1, "is not YAML"


class _Composer:
    """Builds the tree from parser events, with a stack of our own instead of recursion."""

    def __init__(self, path: str) -> None:
        self.root: Node | None = None
        self.mistakes: list[Mistake] = []
        self._path = path
        self._open: list[Branch | Series] = []
        self._keys: list[tuple[str, Place] | None] = []
        self._parts = 0

    def note(self, line: int, text: str) -> None:
        self.mistakes.append(Mistake(Place(line, f"{self._path}:{line}"), text))

    def take(self, event: yaml.Event) -> bool:
        """Take one parser event; False when it makes no sense to read on."""
        line = event.start_mark.line + 1 if event.start_mark else 1
        self._parts += 1
        if self._parts > MOST_PARTS:
            self.note(line, f"holds more than {MOST_PARTS} keys and values")
            return False
        match event:
            case yaml.AliasEvent():
                self.note(line, "aliases (*name) are not read here; write the value out")
                self._add(Leaf(self._place(line), None))
            case yaml.ScalarEvent():
                self._refuse_marks(event, line)
                self._scalar(event, line)
            case yaml.MappingStartEvent():
                self._refuse_marks(event, line)
                return self._enter(Branch(self._place(line)), line)
            case yaml.SequenceStartEvent():
                self._refuse_marks(event, line)
                return self._enter(Series(self._place(line)), line)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._open.pop()
                self._keys.pop()
            case yaml.DocumentStartEvent() if self.root is not None:
                self.note(line, "a second document begins here; a file holds one scenario")
                return False
        return True

    def _place(self, line: int) -> Place:
        return Place(line, f"{self._path}:{line}")

    def _refuse_marks(self, event: yaml.NodeEvent, line: int) -> None:
        if event.anchor is not None:
            self.note(line, f"anchors (&{shown(event.anchor)}) are not read here")
        tag = getattr(event, "tag", None)
        if tag is not None:
            self.note(line, f"tags ({shown(tag)}) are not read here; write the plain value")

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        awaits_key = self._open and isinstance(self._open[-1], Branch) and self._keys[-1] is None
        if awaits_key:
            self._keys[-1] = (event.value, self._place(line))
        else:
            self._add(Leaf(self._place(line), _value(event)))

    def _enter(self, node: Branch | Series, line: int) -> bool:
        if len(self._open) >= DEEPEST:
            self.note(line, f"is nested deeper than {DEEPEST} levels")
            return False
        if self._open and isinstance(self._open[-1], Branch) and self._keys[-1] is None:
            self.note(line, "a key must be a word, not a list or mapping")
            self._keys[-1] = ("?", self._place(line))
            # The bad key is read to its end as a value of its own, then thrown away.
        self._add(node)
        self._open.append(node)
        self._keys.append(None)
        return True

    def _add(self, node: Node) -> None:
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        if isinstance(parent, Series):
            parent.items.append(node)
            return
        key, place = self._keys[-1] or ("?", node.place)
        self._keys[-1] = None
        if key in parent.items:
            first = parent.items[key].place.line
            self.note(place.line, f"'{shown(key)}' is given twice, first in line {first}")
        node.place = place
        parent.items[key] = node


def _value(event: yaml.ScalarEvent) -> Plain:
    if event.style is not None:
        return str(event.value)
    text = str(event.value)
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text
