"""Which backoff strategy drew the waits: the client's own strategies are recognised by theirs."""

from random import Random
from typing import get_args

import numpy as np
import pytest

from chaos.analysis.findings import Strategy
from chaos.analysis.strategies import FEWEST, backoff, fits
from chaos.analysis.waits import Waits
from chaos.client.backoff import (
    Backoff,
    constant,
    decorrelated,
    equal_jitter,
    exponential,
    full_jitter,
    none,
)

N = 100
# Google's KMS client has 1.3, gRPC and Azure 1.6, most have 2, and nobody must have a round one.
FACTORS = (1.3, 1.5, 1.6, 1.85, 2.0, 2.2, 2.718, 3.0)
NAMES: tuple[Strategy, ...] = get_args(Strategy)


def drawn(strategy: Backoff, rng: Random, retries: int, n: int = N, late: float = 0.001) -> Waits:
    """Waits of calls of so many retries, met a little late as on loopback, now and then much."""
    rows: list[tuple[int, float, float, float]] = []
    while len(rows) < n:
        asked, before = 0.0, float("nan")
        for number in range(1, retries + 1):
            asked = strategy.draw(number, asked, rng)
            met = asked
            if late:
                met += rng.expovariate(1.0 / late) + (0.05 if rng.random() < 0.005 else 0.0)
            rows.append((number, met, before, asked))
            before = met
    table = np.array(rows[:n])
    return Waits(table[:, 0].astype(np.int64), table[:, 1], table[:, 2], table[:, 3])


def any_of(name: Strategy, rng: Random) -> Backoff:
    """That strategy with parameters as clients have them."""
    base, factor = rng.choice([0.05, 0.1, 0.2, 0.5, 1.0]), rng.choice(FACTORS)
    cap = base * rng.choice([4, 16, 64])
    match name:
        case "none":
            return none()
        case "constant":
            return constant(base)
        case "exponential":
            return exponential(base, cap, factor)
        case "full jitter":
            return full_jitter(base, cap, factor)
        case "equal jitter":
            return equal_jitter(base, cap, factor)
        case "decorrelated jitter":
            return decorrelated(base, cap)


def recognised(name: Strategy, draws: int) -> int:
    rng = Random(f"strategies/{name}")
    found = 0
    for _ in range(draws):
        sample = drawn(any_of(name, rng), rng, rng.choice([3, 5, 8]))
        found += fits(sample)[0].strategy == name
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_strategy_is_recognised_by_a_hundred_waits(name: Strategy) -> None:
    assert recognised(name, 12) >= 11


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_strategy_is_recognised_in_95_of_100_draws(name: Strategy) -> None:
    assert recognised(name, 200) >= 190


@pytest.mark.parametrize("late", [0.0, 0.001])
@pytest.mark.parametrize("factor", FACTORS)
def test_a_factor_is_read_from_waits_without_jitter_whatever_it_is(
    factor: float, late: float
) -> None:
    rng = Random(f"{factor}/{late}")
    for retries in (3, 6):
        found = backoff(drawn(exponential(0.2, 12.8, factor), rng, retries, late=late))

        assert found is not None
        assert found.strategy == "exponential"
        assert found.factor == pytest.approx(factor, rel=0.01)
        assert found.growth == pytest.approx(factor, rel=0.01)


@pytest.mark.parametrize("factor", [1.3, 1.6, 2.0])
def test_a_factor_is_read_from_jittered_waits_as_well(factor: float) -> None:
    for strategy in (full_jitter(0.1, 60.0, factor), equal_jitter(0.1, 60.0, factor)):
        found = backoff(drawn(strategy, Random(8), 5, n=400))

        assert found is not None
        assert found.factor == pytest.approx(factor, rel=0.05)


@pytest.mark.parametrize("name", NAMES)
def test_waits_in_virtual_time_are_recognised_as_well(name: Strategy) -> None:
    rng = Random(11)

    assert fits(drawn(any_of(name, rng), rng, 5, late=0.0))[0].strategy == name


def test_base_factor_and_cap_are_read_from_the_waits() -> None:
    found = backoff(drawn(exponential(0.5, 4.0, 2.0), Random(3), 6))

    assert found is not None
    assert found.strategy == "exponential"
    assert found.base == pytest.approx(0.5, rel=0.01)
    assert found.factor == 2.0
    assert found.cap == pytest.approx(4.0, rel=0.01)
    assert found.growth == pytest.approx(2.0, rel=0.01)
    assert found.jitter == pytest.approx(0.0, abs=0.01)


def test_the_envelope_of_full_jitter_is_read_from_its_greatest_waits() -> None:
    found = backoff(drawn(full_jitter(0.2, 3.2, 2.0), Random(5), 6, n=400))

    assert found is not None
    assert found.strategy == "full jitter"
    assert found.base == pytest.approx(0.2, rel=0.1)
    assert found.cap == pytest.approx(3.2, rel=0.1)
    assert found.jitter == pytest.approx(0.577, abs=0.06)
    assert found.autocorrelation == pytest.approx(0.0, abs=0.15)


def test_decorrelated_waits_hang_on_the_one_before() -> None:
    found = backoff(drawn(decorrelated(0.1, 60.0), Random(5), 4, n=400))

    assert found is not None
    assert found.strategy == "decorrelated jitter"
    assert found.cap is None
    assert found.autocorrelation is not None
    assert found.autocorrelation > 0.3


def test_lateness_is_what_was_met_beyond_what_was_asked_for() -> None:
    found = backoff(drawn(constant(0.5), Random(5), 4))

    assert found is not None
    assert 0.0 < found.late_p50 < 0.003 < found.late_p99 < 0.06


def test_too_few_waits_have_no_strategy() -> None:
    assert backoff(drawn(constant(0.5), Random(5), 4, n=FEWEST - 1)) is None
