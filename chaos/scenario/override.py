"""`--set key=value`: one value of a scenario file replaced from the command line.

The key is a dotted path (`objectives.rto`, `load.rate`, `faults.0.lasts`); an element of a list is
named by its number or by its `name` (`faults.us-south-refuses.lasts`).
"""

from collections.abc import Sequence

from chaos.errors import ScenarioError
from chaos.scenario.document import Branch, Leaf, Node, Series, parse
from chaos.scenario.mistake import Mistake, Place, did_you_mean
from chaos.scenario.quantity import shown


def override(tree: Node, words: Sequence[str]) -> list[Mistake]:
    """Apply `key=value` words to the tree, in order; what cannot be applied comes back."""
    mistakes: list[Mistake] = []
    for word in words:
        place = Place(0, f"--set {shown(word)}")
        path, equals, text = word.partition("=")
        keys = path.strip().split(".")
        if not equals or not all(keys):
            mistakes.append(Mistake(place, "needs key=value, such as objectives.rto=10s"))
            continue
        try:
            value = parse(text, place.text) if text.strip() else Leaf(place, None)
        except ScenarioError:
            mistakes.append(Mistake(place, f"'{shown(text)}' cannot be read as a value"))
            continue
        _move(value, place)
        mistake = _put(tree, keys, value)
        if mistake:
            mistakes.append(Mistake(place, mistake))
    return mistakes


def _put(node: Node, keys: Sequence[str], value: Node) -> str | None:
    """Put the value at the end of the path; what was wrong with the path, or None."""
    for depth, key in enumerate(keys):
        last = depth == len(keys) - 1
        so_far = ".".join(keys[:depth])
        if isinstance(node, Leaf):
            return f"'{so_far}' has no parts, so there is no '{key}' in it"
        if isinstance(node, Series):
            at = _position(node, key)
            if at is None:
                return f"'{so_far}' has no element '{key}'{did_you_mean(key, _names(node))}"
            if last:
                node.items[at] = value
            else:
                node = node.items[at]
            continue
        if last:
            node.items[key] = value
            return None
        # A block that the file leaves out is made here; the form refuses it if it is unknown.
        node = node.items.setdefault(key, Branch(value.place))
    return None


def _position(node: Series, key: str) -> int | None:
    names = _names(node)
    if key in names:
        return names.index(key)
    if key.isascii() and key.isdigit() and len(key) < 6 and int(key) < len(node.items):  # noqa: PLR2004 - more digits than any list has elements
        return int(key)
    return None


def _names(node: Series) -> list[str]:
    """The elements' names, in their order; where one has none, its number."""
    names = []
    for number, item in enumerate(node.items):
        name = item.items.get("name") if isinstance(item, Branch) else None
        names.append(str(name.value) if isinstance(name, Leaf) else str(number))
    return names


def _move(node: Node, place: Place) -> None:
    """Everything in an overriding value was written on the command line."""
    node.place = place
    if isinstance(node, Branch):
        for below in node.items.values():
            _move(below, place)
    elif isinstance(node, Series):
        for below in node.items:
            _move(below, place)
