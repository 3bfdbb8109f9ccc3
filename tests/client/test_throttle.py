"""Gates at the client: the SRE book's steady state and the AWS SDKs' rate limiter."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.client.throttle import Adaptive, Cubic, Gate


def test_without_a_throttle_the_gate_is_open() -> None:
    gate = Gate()
    gate.answered(0.0, throttled=True, accepted=False)
    assert gate.ask(0.0, Random(1)) == 0.0


@pytest.mark.parametrize(("k", "sent"), [(1.5, 301.0), (2.0, 401.0), (3.0, 591.0)])
def test_adaptive_throttling_sends_k_times_what_is_accepted(k: float, sent: float) -> None:
    """50 clients at 10 a second, the backend accepts 100 a second of what comes, at random."""
    rng = Random(17)
    gates = [Adaptive(k=k).gate() for _ in range(50)]
    asked = [0.0] * 500
    for second in range(500):
        let_through: list[Gate] = []
        for gate in gates:
            for _ in range(10):
                if gate.ask(float(second), rng) is not None:
                    let_through.append(gate)  # noqa: PERF401 - asking has effects
        asked[second] = len(let_through)
        rng.shuffle(let_through)
        for rank, gate in enumerate(let_through):
            gate.answered(float(second), throttled=rank >= 100, accepted=rank < 100)
    settled = asked[240:]
    assert sum(settled) / len(settled) == pytest.approx(sent / 2.0, rel=0.03)


def test_adaptive_throttling_forgets_after_its_window() -> None:
    gate, rng = Adaptive(k=2.0, window=120.0).gate(), Random(1)
    for second in range(60):
        gate.ask(float(second), rng)
    assert any(gate.ask(60.0, rng) is None for _ in range(20))
    assert all(gate.ask(200.0 + 130.0 * again, rng) == 0.0 for again in range(20))


def test_the_rate_limiter_is_off_until_something_is_throttled() -> None:
    gate = Cubic().gate()
    for tick in range(100):
        assert gate.ask(tick * 0.01, Random(1)) == 0.0
        gate.answered(tick * 0.01, throttled=False, accepted=True)
    gate.answered(1.0, throttled=True, accepted=False)
    waits = [gate.ask(1.0, Random(1)) for _ in range(200)]
    assert any(wait is not None and wait > 0.0 for wait in waits)


@given(
    events=st.lists(
        st.tuples(st.floats(0.001, 2.0), st.booleans(), st.booleans()), min_size=1, max_size=100
    )
)
def test_the_rate_limiter_always_says_when_it_will_let_one_through(
    events: list[tuple[float, bool, bool]],
) -> None:
    gate, now = Cubic().gate(), 0.0
    for later, throttled, asks in events:
        now += later
        if asks:
            wait = gate.ask(now, Random(1))
            assert wait is not None
            assert 0.0 <= wait <= 2.0
            if wait:
                now += wait + 1e-9
                assert gate.ask(now, Random(1)) == 0.0
        gate.answered(now, throttled=throttled, accepted=not throttled)
