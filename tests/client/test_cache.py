"""Data keys are kept as long as the rule says, and no longer."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.client.cache import CacheRule, DataKeys
from tests.client.statistics import is_uniform

RULE = CacheRule(lasts=100.0, spread=0.2, stale=50.0, again=2.0, uses=3, entries=2)


def keys(rule: CacheRule = RULE, seed: int = 1) -> DataKeys:
    return DataKeys(rule, Random(seed))


def test_keys_cached_together_do_not_expire_together() -> None:
    ends = [keys(seed=seed).keep(b"k", "w", 0.0).ends for seed in range(2000)]
    assert is_uniform(ends, 80.0, 100.0)


def test_a_key_is_fresh_then_stale_then_gone() -> None:
    held = keys()
    ends = held.keep(b"k", "w", 0.0).ends
    assert held.opened("w", ends - 0.1) == b"k"
    assert held.opened("w", ends) is None
    assert held.opened("w", ends + 49.9, stale=True) == b"k"
    assert held.opened("w", ends + 50.0, stale=True) is None


def test_a_stale_key_spares_the_next_documents_the_wait() -> None:
    held = keys()
    ends = held.keep(b"k", "w", 0.0).ends
    assert held.opened("w", ends + 10.0, stale=True) == b"k"
    assert held.opened("w", ends + 11.9) == b"k"
    assert held.opened("w", ends + 14.1) is None


def test_by_default_nothing_stale_is_ever_used() -> None:
    held = keys(CacheRule(lasts=10.0))
    ends = held.keep(b"k", "w", 0.0, seals=True).ends
    assert held.opened("w", ends, stale=True) is None
    assert held.sealing(ends, stale=True) is None


def test_a_sealing_key_is_used_so_often_and_no_more() -> None:
    held = keys()
    assert held.sealing(0.0) is None
    held.keep(b"k", "w", 0.0, seals=True)
    assert [held.sealing(1.0) is not None for _ in range(3)] == [True, True, False]
    assert held.sealing(1.0, stale=True) is None


def test_only_the_keys_used_last_are_kept() -> None:
    held = keys()
    for name in "abc":
        held.keep(name.encode(), name, 0.0)
        held.opened("a", 0.0)
    assert [held.opened(name, 1.0) for name in "abc"] == [b"a", None, b"c"]


@pytest.mark.parametrize("named", ["w", ""])
def test_a_no_makes_the_client_forget(named: str) -> None:
    held = keys()
    held.keep(b"k", "w", 0.0, seals=True)
    held.forget("another")
    assert held.sealing(0.0) is not None
    held.forget(named)
    assert held.opened("w", 0.0) is None
    assert held.sealing(0.0) is None


def test_no_key_is_ever_printed() -> None:
    assert "secret" not in repr(keys().keep(b"secret", "w", 0.0))


@given(
    seed=st.integers(0, 1000),
    asks=st.lists(st.tuples(st.floats(0.0, 60.0), st.booleans()), max_size=30),
)
def test_no_key_outlives_the_policy_whatever_is_asked(
    seed: int, asks: list[tuple[float, bool]]
) -> None:
    held, now = keys(seed=seed), 0.0
    held.keep(b"k", "w", 0.0)
    for later, stale in asks:
        now += later
        if held.opened("w", now, stale=stale) is not None:
            assert now < 150.0
