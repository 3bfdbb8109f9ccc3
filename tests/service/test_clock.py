"""The service's clock."""

from hypothesis import given
from hypothesis import strategies as st

from chaos.service.clock import REAL_TIME, Clock

instants = st.floats(min_value=0, max_value=4e9)


@given(instants)
def test_real_time_is_the_callers(now: float) -> None:
    assert REAL_TIME.at(now) == now


@given(st.floats(min_value=0.001, max_value=1e5), instants, st.floats(min_value=0, max_value=1e6))
def test_a_scaled_clock_starts_with_the_callers_and_runs_so_many_times_as_fast(
    scale: float, epoch: float, passed: float
) -> None:
    clock = Clock(scale, epoch)
    assert clock.at(epoch) == epoch
    elapsed = (epoch + passed) - epoch
    assert abs(clock.at(epoch + passed) - epoch - elapsed * scale) <= 1e-6 * (1 + elapsed * scale)
