"""Shares and rates, over a stretch, from a while after the fault on, and in the worst window."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.analysis.case import work_up
from chaos.analysis.findings import Measured
from chaos.analysis.measures import measured
from chaos.analysis.rates import worst
from tests.analysis.made import BACKUP, HOME, Made, Tried, failed_over, measure_of


def value(made: Made, text: str) -> Measured:
    return measured(work_up(made.run()), measure_of(text))


def dip() -> Made:
    """100/s, all well but for one second from 25 s on."""
    made = Made()
    made.healthy(0.0, 25.0)
    made.failing(25.0, 26.0)
    made.healthy(26.0, 60.0)
    return made


def test_goodput_is_what_ended_ok_each_second_of_the_stretch() -> None:
    assert value(dip(), "goodput(fault)") == Measured(95.0, "rate", 2000)
    assert value(dip(), "goodput(recovery)").value == pytest.approx(100.0)
    assert value(dip(), "goodput").value == pytest.approx(5900 / 60)


def test_the_worst_window_hides_nothing_behind_a_long_average() -> None:
    assert value(dip(), "availability(fault)").value == pytest.approx(0.95)
    assert value(dip(), "availability(fault, every 2s)").value == pytest.approx(0.5, abs=0.01)
    assert value(dip(), "goodput(every 2s)").value == pytest.approx(50.0, abs=1.0)


def test_the_worst_window_is_told_by_its_times() -> None:
    found = worst(work_up(dip().run()), measure_of("availability(every 1s)"))

    assert found is not None
    assert list(found) == pytest.approx([25.0, 26.0, 0.0])


def test_from_a_while_after_the_fault_on_is_counted_from_t0_to_the_end() -> None:
    made = dip()
    made.operation(1, 20.0, Tried(HOME, 20.0, 20.001, "refused"))

    assert value(made, "availability(after 5s)").value == pytest.approx(1 - 100 / 3500)
    assert value(made, "availability(after 6s)") == Measured(1.0, "share", 3400)
    assert value(made, "availability(after 6s, every 5s)") == Measured(1.0, "share", 3400)
    assert value(made, "availability(after 4s, every 1s)").value == pytest.approx(0.0)


def test_without_t0_there_is_no_while_after_it() -> None:
    made = Made()
    made.healthy(0.0, 60.0)

    assert value(made, "availability(after 5s)") == Measured(None, "share", 0)


def test_a_window_that_does_not_fit_has_no_worst() -> None:
    assert value(dip(), "availability(fault, every 30s)") == Measured(None, "share", 0)


def test_amplification_has_its_worst_window_too() -> None:
    made = Made()
    made.healthy(0.0, 20.0)
    for step in range(10):
        failed_over(made, 0, 22.0 + step / 10, tries=4, wait=0.001)
    made.healthy(24.0, 60.0)

    assert value(made, "amplification(fault, every 1s)").value == pytest.approx(5.0)


def test_a_storm_of_retries_in_a_window_in_which_no_operation_starts_is_seen() -> None:
    made = Made(faults=(), rate=1.0)
    made.healthy(0.0, 10.0, every=0.1)
    storm = [Tried(HOME, 20.0 + step / 100, 20.005 + step / 100, 503) for step in range(200)]
    made.operation(1, 9.95, *storm)
    made.healthy(40.0, 60.0, every=0.1)

    assert value(made, "amplification(steady, every 5s)").value == 200.0


def test_attempts_that_never_came_to_the_service_do_not_amplify_its_load() -> None:
    made = Made()
    made.operation(
        0, 21.0,
        Tried(HOME, 21.0, 21.001, "refused", flags=0),
        Tried(HOME, 21.1, 21.102, "closed", "retry", flags=1),
        Tried(BACKUP, 21.2, 21.3, 503, "failover"),
        Tried(BACKUP, 21.4, 21.9, "read_timeout", "retry", flags=1),
        Tried(BACKUP, 22.0, 22.1, 200, "retry"),
    )  # fmt: skip

    assert value(made, "amplification(fault)").value == 5.0
    assert value(made, "server_amplification(fault)").value == 3.0


DUES = st.lists(st.tuples(st.floats(0.0, 59.9), st.booleans()), min_size=1, max_size=80)


@given(DUES, st.sampled_from(("1s", "5s", "20s")))
def test_no_stretch_is_worse_than_its_worst_window_by_more_than_its_edges_hold(
    dues: list[tuple[float, bool]], window: str
) -> None:
    """Windows that tile the stretch average to the whole: one of them is no better than it."""
    made = Made()
    for due, well in dues:
        made.operation(0, due, Tried(HOME, due, due + 0.01, 200 if well else 503))
    whole = value(made, "availability")
    least = value(made, f"availability(every {window})")

    assert whole.value is not None
    assert least.value is not None
    # The windows' grid is a fiftieth of their length, so a whole tiling is among them.
    assert least.value <= whole.value + 1e-9


def test_an_operation_that_never_ended_was_started_all_the_same() -> None:
    made = Made()
    made.healthy(0.0, 5.0)
    for number in (9001, 9002):
        made.attempt(0, number, 1, Tried(HOME, 5.0, 5.1, 503))
        made.attempt(0, number, 2, Tried(HOME, 6.0, 6.1, 503, "retry"))

    # 500 operations ended with an attempt each, two are under way with two.
    found = value(made, "amplification")
    assert found == Measured(504 / 502, "ratio", 502)
    assert value(made, "amplification(steady)").n == 502
