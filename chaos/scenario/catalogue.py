"""Packs: sets of scenarios of the catalogue that are played together, listed in `packs.yaml`."""

from collections.abc import Iterable

from chaos.scenario.document import Branch, Leaf, Node, Series, parse
from chaos.scenario.mistake import Mistake, did_you_mean, refusal
from chaos.scenario.quantity import shown


def read_packs(text: str, path: str, scenarios: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The packs by name with their members, each of which must be one of ``scenarios``.

    ScenarioError has a line for each mistake.
    """
    tree = parse(text, path)
    if not isinstance(tree, Branch):
        raise refusal([Mistake(tree.place, "packs are a mapping of names to lists of scenarios")])
    known = list(scenarios)
    mistakes = [wrong for pack, node in tree.items.items() for wrong in _wrong(pack, node, known)]
    if mistakes:
        raise refusal(mistakes)
    return {pack: tuple(_members(node)) for pack, node in tree.items.items()}


def _members(node: Node) -> list[str]:
    items = node.items if isinstance(node, Series) else []
    return [str(item.value) if isinstance(item, Leaf) else "" for item in items]


def _wrong(pack: str, node: Node, known: list[str]) -> list[Mistake]:
    if pack in known:
        return [Mistake(node.place, f"'{pack}' is a scenario, so a pack cannot be called that")]
    if not isinstance(node, Series) or not node.items:
        return [Mistake(node.place, f"pack '{shown(pack)}' needs a list of scenarios")]
    return [
        Mistake(item.place, f"'{shown(name)}' is not a scenario{did_you_mean(name, known)}")
        for item, name in zip(node.items, _members(node), strict=True)
        if name not in known
    ]
