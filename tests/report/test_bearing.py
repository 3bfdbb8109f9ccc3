import pytest

from chaos.report.against import Change, MeasureRow, Side
from chaos.report.bearing import bounded, judged, term, weighed
from chaos.report.document import document
from chaos.scenario.vocabulary import VOCABULARY
from tests.report import made

ONE = Side((1.0,), 1.0, None, 0)


def test_a_measure_is_found_whatever_it_is_asked_of() -> None:
    assert term("switches(group a).max") is VOCABULARY["switches"]
    assert term("availability(fault, after failover)") is VOCABULARY["availability"]


def test_a_rule_for_one_value_bounds_no_side() -> None:
    names = bounded([document(made.told("passed"))])
    assert "failover.p95" in names
    assert "availability(fault, after failover)" in names
    assert "integrity" not in names


def test_what_has_a_direction_needs_no_rule_and_the_rest_one_for_its_very_text() -> None:
    assert judged("failover.p95", frozenset())
    assert not judged("switches.max", frozenset({"switches.p50"}))
    assert judged("switches.max", frozenset({"switches.max"}))


@pytest.mark.parametrize("effect", [0.5, -0.5])
def test_few_repetitions_are_not_told_as_worse_for_what_they_seem_to_have_bought(
    effect: float,
) -> None:
    few: Change = "too few repetitions"
    served = MeasureRow("availability", "share", ONE, ONE, -effect, None, few)
    price = MeasureRow("response.p99", "seconds", ONE, ONE, effect, None, few)
    assert [row.judged for row in weighed([served, price])] == [True, False]
    assert weighed([price])[0].judged
    alike = MeasureRow("response.p99", "seconds", ONE, ONE, -effect, None, few)
    assert weighed([served, alike])[1].judged
