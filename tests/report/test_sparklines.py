import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chaos.report import sparklines
from chaos.report.sparklines import spark
from tests.report import made

VALUES = st.lists(st.floats(0, 1e9) | st.just(float("nan")), min_size=1).map(np.array)


@given(VALUES)
def test_one_character_a_value_and_a_blank_only_for_nothing(values: np.ndarray) -> None:
    line = spark(values)
    assert len(line) == len(values)
    for value, mark in zip(values, line, strict=True):
        assert (mark == " ") == (not value > 0)


@given(VALUES)
def test_higher_is_never_drawn_lower(values: np.ndarray) -> None:
    known = np.nan_to_num(values)
    for plain in (True, False):
        levels = [" .:-=+*#@".index(m) if plain else " ▁▂▃▄▅▆▇█".index(m)
                  for m in spark(values, plain=plain)]  # fmt: skip
        order = np.argsort(known, kind="stable")
        assert list(np.array(levels)[order]) == sorted(levels)


def test_the_ruler_stands_over_the_fault() -> None:
    ruler, south, *_ = sparklines.signals(*made.case("failed"), width=70, plain=True)
    assert ruler.index("!") - len("not answered ") == 15
    assert south[len("not answered ") + 20] == " "


def test_a_run_without_operations_has_no_signals() -> None:
    assert (
        list(sparklines.signals(made.empty(), made.analysis("aborted"), width=50, plain=False))
        == []
    )
