"""Every strategy stays in its envelope and has its distribution."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.client import backoff
from chaos.client.backoff import Backoff
from chaos.client.presets import PRESETS
from tests.client.statistics import is_uniform, same_distribution, uniform_distance

STRATEGIES: dict[str, Backoff] = {
    "none": backoff.none(),
    "constant": backoff.constant(0.5),
    "exponential": backoff.exponential(0.1, 20.0),
    "late": backoff.late_exponential(0.8, 120.0),
    "shifted": backoff.shifted_exponential(1.0, 30.0, -0.5),
    "full": backoff.full_jitter(0.1, 20.0),
    "equal": backoff.equal_jitter(0.1, 20.0),
    "decorrelated": backoff.decorrelated(0.1, 20.0),
    "additive": backoff.additive_jitter(0.1, 5.0, 1.0),
    "spread": backoff.spread(1.0, 120.0, 1.6, 0.2),
}
WAITS = st.floats(0.0, 100.0)


@pytest.mark.parametrize("name", STRATEGIES)
@given(retry=st.integers(1, 2000), previous=WAITS, seed=st.integers(0, 2**32))
def test_a_wait_lies_in_its_envelope(name: str, retry: int, previous: float, seed: int) -> None:
    strategy = STRATEGIES[name]
    low, high = strategy.envelope(retry, previous)
    assert 0.0 <= low <= high < 1000.0
    assert low <= strategy.draw(retry, previous, Random(seed)) <= high


@pytest.mark.parametrize("name", sorted(set(STRATEGIES) - {"decorrelated", "additive"}))
@pytest.mark.parametrize("retry", [1, 2, 5, 12])
def test_a_wait_is_uniform_over_its_envelope(name: str, retry: int) -> None:
    strategy = STRATEGIES[name]
    sample = [strategy.draw(retry, 0.3, Random(seed)) for seed in range(2000)]
    assert is_uniform(sample, *strategy.envelope(retry, 0.3))


def test_a_decorrelated_wait_is_uniform_until_the_cap_cuts_it() -> None:
    strategy = backoff.decorrelated(0.1, 1.0)
    below = [strategy.draw(3, 0.2, Random(seed)) for seed in range(2000)]
    assert is_uniform(below, 0.1, 0.6)
    cut = [strategy.draw(3, 0.9, Random(seed)) for seed in range(2000)]
    expected = [min(1.0, Random(seed).uniform(0.1, 2.7)) for seed in range(5000, 7000)]
    assert same_distribution(cut, expected)
    assert max(cut) == 1.0


def test_additive_jitter_is_lost_at_the_cap() -> None:
    strategy = backoff.additive_jitter(0.1, 5.0, 1.0)
    assert is_uniform([strategy.draw(3, 0.0, Random(seed)) for seed in range(2000)], 0.4, 1.4)
    assert {strategy.draw(7, 0.0, Random(seed)) for seed in range(50)} == {5.0}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("exponential", [0.1, 0.2, 0.4, 0.8, 1.6]),
        ("late", [0.0, 1.6, 3.2, 6.4, 12.8]),
        ("shifted", [0.5, 1.5, 3.5, 7.5, 15.5]),
        ("constant", [0.5, 0.5, 0.5, 0.5, 0.5]),
    ],
)
def test_strategies_without_jitter_wait_what_they_say(name: str, expected: list[float]) -> None:
    strategy = STRATEGIES[name]
    waits = [strategy.draw(retry, 0.0, Random(1)) for retry in range(1, 6)]
    assert waits == pytest.approx(expected)


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_the_waits_of_every_preset_are_those_of_its_strategy(name: str) -> None:
    policy = PRESETS[name]
    for retry in (1, 2, 3):
        sample = [policy.backoff.draw(retry, 1.0, Random(seed)) for seed in range(1000)]
        assert is_uniform(sample, *policy.backoff.envelope(retry, 1.0))


def test_the_tests_of_distributions_can_fail() -> None:
    rng = Random(5)
    squared = [rng.random() ** 2 for _ in range(2000)]
    even = [rng.random() for _ in range(2000)]
    assert uniform_distance(even, 0.0, 1.0) < 0.05
    assert is_uniform(even, 0.0, 1.0)
    assert not is_uniform(squared, 0.0, 1.0)
    assert not same_distribution(squared, even)
    assert same_distribution(even, [rng.random() for _ in range(2000)])
