import math
from dataclasses import replace

import pytest

from chaos.report.against import Against, MeasureRow, Side
from chaos.report.contrast import baseline, loud, measures
from chaos.report.numbers import NBSP, TIMES

ONE = Side((1.0,), 1.0, None, 0)
ROW = MeasureRow("recover", "seconds", ONE, ONE, 0.0, None, "too few repetitions")


def cells(row: MeasureRow) -> list[str]:
    (found,) = measures([row]).rows
    return [cell.text.replace(NBSP, " ") for cell in found]


@pytest.mark.parametrize(
    ("effect", "said"),
    [
        (0.0, "none"),
        (0.3, "30 % worse"),
        (-0.3, "30 % better"),
        (9.0, f"10{TIMES}, worse"),
        (1e-9, "under 0.1 % worse"),
        (math.inf, "worse, from 1 s"),
    ],
)
def test_an_effect_is_said_as_people_say_it(effect: float, said: str) -> None:
    assert cells(replace(ROW, effect=effect))[5] == said


def test_a_chance_is_never_written_out_in_zeros() -> None:
    assert cells(replace(ROW, p=1e-9))[6] == "< 0.001"
    assert cells(replace(ROW, p=0.0079))[6] == "0.0079"
    assert cells(ROW)[6] == "—"


def test_what_was_not_reached_any_more_is_said_in_words() -> None:
    never = Side((math.inf,), math.inf, None, 1)
    assert cells(replace(ROW, after=never, effect=math.inf))[3:6] == [
        "not reached",
        "1",
        "not reached any more",
    ]


def test_what_was_never_reached_is_said_once() -> None:
    never = Side((math.inf,) * 6, math.inf, (math.inf, math.inf), 6)
    assert cells(replace(ROW, before=never))[1] == "not reached"


def test_a_difference_that_is_neither_good_nor_bad_is_higher_or_lower() -> None:
    changed = replace(ROW, change="changed", judged=False)
    assert cells(replace(changed, effect=0.5))[5] == "50 % higher"
    assert cells(replace(changed, effect=-0.5))[5] == "50 % lower"
    assert loud(changed)


def test_a_report_shows_of_its_baseline_only_what_stands_out() -> None:
    quiet, clear = ROW, replace(ROW, name="failback", effect=0.5)
    shown = baseline(Against(False, "", ("a",), (), (), (quiet, clear)))  # noqa: FBT003 - a value

    assert baseline(None) == ()
    assert [row[0].text for row in shown[1].rows] == ["failback"]
    assert not loud(replace(clear, change="no difference shown"))
