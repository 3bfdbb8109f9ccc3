import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.analysis.evidence import gather
from chaos.analysis.sliding import edges, flagged, held_from, starts, width, within
from tests.analysis.made import Made

INSTANTS = st.lists(st.tuples(st.floats(0, 100), st.booleans()), max_size=60)


def test_the_window_is_ws_unless_the_load_is_too_thin_for_it() -> None:
    assert width(gather(Made(rate=100.0, window=5.0).run())) == 5.0
    assert width(gather(Made(rate=2.0, window=5.0).run())) == 15.0


def test_windows_begin_at_both_ends_and_a_fiftieth_apart() -> None:
    begins = starts(10.0, 20.0, 5.0)

    assert (begins[0], begins[-1]) == (10.0, 20.0)
    assert np.diff(begins).max() == pytest.approx(0.1)
    assert starts(10.0, 10.0, 5.0).tolist() == [10.0]
    assert len(starts(10.0, 9.0, 5.0)) == 0


def test_a_long_run_does_not_slide_without_end() -> None:
    assert len(starts(0.0, 1e6, 1.0)) <= 20_001


@given(st.floats(0, 1e5), st.floats(0, 600), st.floats(0.01, 60))
def test_edges_ascend_from_the_beginning_to_the_end_wherever_they_lie(
    begins: float, lasts: float, apart: float
) -> None:
    found = edges(begins, begins + lasts, apart)

    assert (found[0], found[-1]) == (begins, begins + lasts)
    assert (np.diff(found) > 0).all()
    assert (np.diff(found) <= apart + 1e-6).all()


@given(INSTANTS, st.floats(0, 90), st.floats(0.5, 20))
def test_windows_count_what_lies_in_them(
    rows: list[tuple[float, bool]], begins: float, window: float
) -> None:
    rows.sort()
    instants = np.array([at for at, _ in rows])
    flags = np.array([flag for _, flag in rows], dtype=bool)
    at = np.array([begins])
    inside = [flag for when, flag in rows if begins <= when < begins + window]

    assert within(instants, at, window)[0] == len(inside)
    assert flagged(instants, flags, at, window)[0] == sum(inside)


@given(st.lists(st.booleans(), max_size=30))
def test_what_holds_to_the_end_holds_from_after_the_last_exception(good: list[bool]) -> None:
    begins = np.arange(len(good), dtype=np.float64)
    found = held_from(begins, np.array(good, dtype=bool), np.ones(len(good), dtype=bool))
    if not good or not good[-1]:
        assert found is None
    else:
        assert found is not None
        assert all(good[int(found) :])
        assert found == 0 or not good[int(found) - 1]


def test_what_each_window_is_forgiven_may_not_go_on_for_ever() -> None:
    begins, good = np.arange(5.0), np.array([False, True, True, True, True])

    assert held_from(begins, good, np.array([True, False, False, True, True])) == 3.0
    assert held_from(begins, good, np.array([True, False, False, False, False])) is None
