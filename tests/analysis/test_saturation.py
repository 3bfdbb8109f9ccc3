from dataclasses import replace

import pytest

from chaos.analysis import analyse
from chaos.analysis.evidence import gather
from chaos.analysis.findings import Saturation
from chaos.analysis.saturation import saturated, saturation
from tests.analysis.made import Made
from tests.analysis.passing import RULES, good, verdicts


def late(made: Made, share: float) -> Made:
    """The same run with a share of its arrivals started over 100 ms late."""
    count = int(len(made.operations) * share)
    rows = [(due, due + 0.2, due + 0.21, *rest) for due, _, _, *rest in made.operations[:count]]
    made.operations[:count] = rows
    return made


def test_up_to_one_per_cent_of_late_arrivals_is_borne() -> None:
    assert analyse(late(good(), 0.01).run()).verdict == "passed"


def test_a_saturated_generator_leaves_passes_and_failures_open() -> None:
    made = late(good((*RULES, "amplification(fault) <= 0.5")), 0.02)
    analysis = analyse(made.run())
    found = verdicts(analysis)

    assert analysis.verdict == "inconclusive"
    assert set(found.values()) == {"inconclusive"}
    assert "fell behind its plan" in analysis.findings[0].why
    assert analysis.saturation.lag_p99 == pytest.approx(0.2)


def test_dropped_arrivals_saturate_as_late_ones_do() -> None:
    made = good()
    made.dropped = 100
    analysis = analyse(made.run())

    assert analysis.verdict == "inconclusive"
    assert analysis.saturation.planned == len(made.operations) + 100


def test_a_saturated_run_with_rules_for_data_keys_alone_does_not_pass() -> None:
    analysis = analyse(late(good(("integrity == 100%", "wrong_plaintext == 0")), 0.02).run())

    assert analysis.verdict == "inconclusive"


def test_what_was_due_by_the_plan_and_left_no_record_counts_as_dropped() -> None:
    made = good()
    lost = len(made.operations) // 20
    analysis = analyse(replace(made.run(), planned=len(made.operations) + lost))

    assert analysis.verdict == "inconclusive"
    assert analysis.saturation.dropped == lost


@pytest.mark.parametrize(
    ("dropped", "late_ones", "is_saturated"), [(5, 5, False), (6, 5, True), (0, 11, True)]
)
def test_dropped_and_late_arrivals_count_together(
    dropped: int, late_ones: int, *, is_saturated: bool
) -> None:
    assert saturated(Saturation(1000, dropped, late_ones, 0.0)) == is_saturated


def test_a_run_without_arrivals_is_not_saturated() -> None:
    assert not saturated(saturation(gather(Made().run())))
