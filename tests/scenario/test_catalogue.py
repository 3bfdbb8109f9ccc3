"""The catalogue that is shipped, and the rules for its packs."""

from pathlib import Path

import pytest

from chaos.scenario import read
from chaos.scenario.catalogue import read_packs
from tests.scenario.refusals import refusal
from tests.scenario.strategies import SHIPPED

ROOT = SHIPPED.parents[1]
FILES = sorted(ROOT.glob("*/*.yaml"))
NAMES = [path.stem for path in FILES]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_scenario_is_in_order_and_says_on_top_what_it_teaches(path: Path) -> None:
    text = path.read_text()
    assert read(text, str(path)).name == path.stem
    assert text.startswith("# ")
    assert "\n# What it teaches: " in text


def test_every_pack_lists_scenarios_that_exist_and_every_scenario_is_in_one() -> None:
    packs = read_packs((ROOT / "packs.yaml").read_text(), "packs.yaml", NAMES)
    assert {name for members in packs.values() for name in members} == set(NAMES)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[a]", "p.yaml:1: packs are a mapping of names to lists of scenarios"),
        ("good: [alpha]\nbad: [alhpa]", "p.yaml:2: 'alhpa' is not a scenario; did you mean"),
        ("bad: [[alpha]]", "p.yaml:1: '' is not a scenario"),
        ("bad: []", "p.yaml:1: pack 'bad' needs a list of scenarios"),
        ("bad: alpha", "p.yaml:1: pack 'bad' needs a list of scenarios"),
        ("alpha: [beta]", "p.yaml:1: 'alpha' is a scenario, so a pack cannot be called that"),
    ],
)
def test_a_mistake_in_the_packs_has_its_line(text: str, message: str) -> None:
    assert message in refusal(read_packs, text, "p.yaml", ["alpha", "beta"])
