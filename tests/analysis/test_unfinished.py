"""Operations that hung for good: due, begun, never ended, and so never ok."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from chaos.analysis import analyse
from chaos.analysis.case import work_up
from chaos.analysis.findings import Measured, Saturation
from chaos.analysis.measures import measured
from chaos.analysis.saturation import saturated
from chaos.analysis.unfinished import unfinished
from chaos.run.record import OPERATION_KINDS
from chaos.scenario.arrivals import arrivals
from tests.analysis.made import HOLE, HOME, Made, Tried, failed_over, judged, measure_of


def hung(begins: float = 20.0, count: int = 200) -> Made:
    """9,000 good operations and, 10 ms apart, some whose last attempt was given up at 88 s."""
    made = Made(lasts=90.0, faults=())
    made.healthy(0.0, 90.0)
    for step in range(count):
        sent = begins + step / 100
        made.attempt(0, 500_000 + step, 1, Tried(HOME, sent, 88.0, "read_timeout"))
    return made


def test_what_was_begun_and_never_ended_is_not_ok() -> None:
    finding = judged(hung(), "availability >= 99%")

    assert (finding.verdict, finding.measured.n) == ("failed", 9200)
    assert finding.measured.value == pytest.approx(9000 / 9200)
    assert finding.why == (
        "200 of 9,200 operations did not end ok: 200 never ended after read timeout at us-south; "
        "the first, operation 500000, had not ended 70 s after it was due."
    )


def test_what_hung_was_not_dropped_by_the_load_generator() -> None:
    made = hung()
    made.objectives = ("availability >= 99%",)
    # 9,000 ended, 200 hung, and 50 more of the plan left no record at all.
    analysis = analyse(replace(made.run(), planned=9250))

    assert analysis.saturation == Saturation(9250, 50, 0, 0.0)
    assert not saturated(analysis.saturation)
    assert analysis.verdict == "failed"


def test_how_long_it_hung_is_known_from_below_only() -> None:
    case = work_up(hung().run())

    assert measured(case, measure_of("response.max")) == Measured(
        70.0, "seconds", 9200, censored=True
    )
    assert not measured(case, measure_of("response.p95")).censored


def test_a_fleet_whose_operations_hang_has_not_recovered() -> None:
    made = Made(faults=(HOLE,))
    made.healthy(0.0, 20.0)
    for step in range(2000):
        sent = 20.0 + step / 100
        made.attempt(0, 500_000 + step, 1, Tried(HOME, sent, 59.0, "read_timeout"))
    made.healthy(40.0, 60.0)
    case = work_up(made.run())

    assert measured(case, measure_of("recover")) == Measured(20.0, "seconds", 2000, censored=True)
    assert measured(case, measure_of("lost_operations")).value == 2000.0
    assert judged(made, "failover.max <= rto").verdict == "failed"


def test_the_plan_says_when_it_was_due_and_what_it_was() -> None:
    made = Made(clients=2)
    failed_over(made, 0, 0.0)
    arrival = next(islice(arrivals(made.scenario()), 250, None))
    made.attempt(
        arrival.client, arrival.number, 1, Tried(HOME, arrival.due + 3.0, arrival.due + 4.0, 503)
    )
    run = made.run()
    (row,) = unfinished(replace(run, planned=6000), run.attempts)
    (unplanned,) = unfinished(run, run.attempts)

    assert row["due"] == arrival.due
    assert OPERATION_KINDS[row["kind"]] == arrival.kind
    assert unplanned["due"] == arrival.due + 3.0


def test_a_run_in_which_all_ended_has_none() -> None:
    made = Made()
    failed_over(made, 0, 21.0)
    run = made.run()

    assert len(unfinished(run, run.attempts)) == 0
    assert len(unfinished(Made().run(), np.array([], dtype=run.attempts.dtype))) == 0
