from dataclasses import replace

from chaos.analysis.findings import Measured
from chaos.report.tiles import tile
from chaos.scenario.objective import Measure
from tests.report import made


def test_whether_a_run_stayed_down_is_no_number() -> None:
    (first, *_) = made.analysis("passed").findings
    objective = replace(first.objective, measure=Measure("metastable"), limit=0.0, unit="count")
    calm = replace(first, objective=objective, measured=Measured(0.0, "count", 5468))
    stuck = replace(calm, measured=Measured(1.0, "count", 5468))

    assert (tile(calm).value, tile(calm).words) == ("no", "stuck in overload after the heal")
    assert tile(stuck).value == "yes"
