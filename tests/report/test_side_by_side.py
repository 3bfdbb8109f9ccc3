import xml.etree.ElementTree as ET
from dataclasses import replace

from chaos.report.compare import compare
from chaos.report.side_by_side import chosen, draw
from tests.report.test_compare import BAD, GOOD, side


def test_it_is_an_svg_with_the_names_and_changes_as_text_and_always_the_same() -> None:
    found = compare((GOOD,), (BAD,))
    drawn = draw(found)

    ET.fromstring(drawn)  # noqa: S314 - our own file
    assert drawn == draw(found)
    assert all(row.name in drawn for row in chosen(found))
    assert "too few repetitions" in drawn


def test_what_got_worse_stands_first_and_what_no_rule_names_is_left_out() -> None:
    fast, slow = side([1.0, 1.1, 1.2, 1.3, 1.4]), side([2.0, 2.1, 2.2, 2.3, 2.4])
    found = compare(fast, slow)
    (worse,) = chosen(found)
    quiet = replace(worse, name="availability(fault, after failover)", change="no difference shown")
    odd = replace(quiet, name="token_requests.p50")
    rows = chosen(replace(found, measures=(odd, quiet, worse)))

    assert [row.name for row in rows] == ["failover.p95", "availability(fault, after failover)"]


def test_what_was_never_reached_is_drawn_and_said() -> None:
    found = compare(side([1.0] * 5), side([20.0] * 5, censored=True))
    assert "at the edge: not reached" in draw(found)
