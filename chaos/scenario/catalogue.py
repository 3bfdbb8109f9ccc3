"""How scenarios are named: by the catalogue's names and packs, or by a path of one's own.

Pure: the front door lists and reads the files, these rules say what a word means.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

from chaos.errors import ScenarioError
from chaos.scenario.document import Branch, Leaf, Node, Series, parse
from chaos.scenario.mistake import Mistake, did_you_mean, refusal
from chaos.scenario.quantity import shown

SUFFIXES = (".yaml", ".yml")


def kind_of(word: str) -> Literal["path", "name"]:
    """A word with a slash or a YAML suffix is a path; any other is a name of the catalogue.

    >>> kind_of("region-down-backup-key"), kind_of("./mine.yaml")
    ('name', 'path')
    """
    return "path" if "/" in word or word.endswith(SUFFIXES) else "name"


def names(paths: Iterable[str]) -> dict[str, str]:
    """The catalogue's scenarios by name: the stem of each `pack/name.yaml` below it.

    >>> names(["packs.yaml", "failover/region-down-backup-key.yaml"])
    {'region-down-backup-key': 'failover/region-down-backup-key.yaml'}
    """
    inside = sorted(path for path in paths if "/" in path and path.endswith(SUFFIXES))
    return {path.rsplit("/", 1)[1].rsplit(".", 1)[0]: path for path in inside}


def resolve(word: str, known: Mapping[str, str], packs: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The catalogue's files that a name stands for, a scenario's or a pack's.

    ScenarioError where there is no such name, with the nearest that there is.
    """
    if word in known:
        return [known[word]]
    if word in packs:
        return [known[member] for member in packs[word]]
    near = did_you_mean(word, [*known, *packs])
    hint = "" if near else " (`keychaos scenarios` lists them; a path ends in .yaml)"
    raise ScenarioError(f"there is no scenario or pack '{shown(word)}'{near}{hint}")


def read_packs(text: str, path: str, known: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Read `packs.yaml`: pack names and their members, each of which must be a ``known`` scenario.

    ScenarioError has a line for each mistake.
    """
    tree = parse(text, path)
    if not isinstance(tree, Branch):
        raise refusal([Mistake(tree.place, "packs are a mapping of names to lists of scenarios")])
    scenarios, mistakes = list(known), []
    packs: dict[str, tuple[str, ...]] = {}
    for pack, members in tree.items.items():
        packs[pack], wrong = _members(pack, members, scenarios)
        mistakes += wrong
    if mistakes:
        raise refusal(mistakes)
    return packs


def _members(pack: str, node: Node, scenarios: list[str]) -> tuple[tuple[str, ...], list[Mistake]]:
    if pack in scenarios:
        return (), [Mistake(node.place, f"'{shown(pack)}' is a scenario, not a name for a pack")]
    if not isinstance(node, Series) or not node.items:
        return (), [Mistake(node.place, f"pack '{shown(pack)}' needs a list of scenarios")]
    members, mistakes = [], []
    for item in node.items:
        name = str(item.value) if isinstance(item, Leaf) else ""
        members.append(name)
        if name not in scenarios:
            near = did_you_mean(name, scenarios)
            mistakes.append(Mistake(item.place, f"'{shown(name)}' is not a scenario{near}"))
    return tuple(members), mistakes
