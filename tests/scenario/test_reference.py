"""The page of what a scenario file may say is whole, and the committed one is the same."""

from pathlib import Path

from chaos.scenario.expression import parse
from chaos.scenario.faults import KINDS
from chaos.scenario.form import ScenarioForm
from chaos.scenario.reference import reference
from chaos.scenario.vocabulary import VOCABULARY

PAGE = Path(__file__).parents[2] / "scenarios" / "README.md"


def test_the_committed_page_is_the_one_that_is_printed() -> None:
    assert PAGE.read_text() == reference(), "keychaos reference > scenarios/README.md"


def test_every_key_fault_and_measure_is_on_the_page() -> None:
    page = reference()
    for name in (*ScenarioForm.model_fields, *KINDS, *VOCABULARY):
        assert f"| `{name}` |" in page, name
    for form in KINDS.values():
        for name in form.model_fields:
            assert f"`{name}`" in page, name


def test_no_row_lacks_its_meaning() -> None:
    for line in reference().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `") and len(cells) == len(("key", "value", "meaning")):
            assert cells[-1], line


def test_what_the_page_says_of_a_measure_is_what_the_language_takes() -> None:
    limits = {"seconds": "1s", "share": "50%", "ratio": "2", "count": "2", "rate": "10/s"}
    for term in VOCABULARY.values():
        statistic = f".{term.statistics[0]}" if term.statistics else ""
        bound = f"{'<=' if term.better == 'lower' else '>='} {limits[term.unit]}"
        if term.name in {"wrong_plaintext", "metastable"}:
            bound = "== 0"  # never tolerated, and either so or not
        rule = f"{term.name}{statistic} {bound}"
        assert parse(rule, (), {}).text == rule
