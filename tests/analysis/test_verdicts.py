import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.analysis.findings import EXIT_CODES, Measured, Verdict
from chaos.analysis.verdicts import ORDER, judge, margin, worst
from chaos.scenario.objective import Comparison


def known(value: float | None) -> Measured:
    return Measured(value, "seconds", 10)


def beyond(value: float) -> Measured:
    return Measured(value, "seconds", 10, censored=True)


@pytest.mark.parametrize(
    ("value", "comparison", "limit", "verdict"),
    [
        (known(10.0), "<=", 10.0, "passed"),
        (known(10.1), "<=", 10.0, "failed"),
        (known(10.0), "<", 10.0, "failed"),
        (known(0.99), ">=", 0.99, "passed"),
        (known(0.98), ">=", 0.99, "failed"),
        (known(0.99), ">", 0.99, "failed"),
        (known(1.0), "==", 1.0, "passed"),
        (known(0.999), "==", 1.0, "failed"),
        (known(None), "<=", 10.0, "inconclusive"),
        (beyond(9.0), "<=", 10.0, "inconclusive"),
        (beyond(10.0), "<=", 10.0, "failed"),
        (beyond(60.0), "<=", 10.0, "failed"),
        (beyond(9.0), "<", 10.0, "inconclusive"),
        (beyond(11.0), ">=", 10.0, "passed"),
        (beyond(9.0), ">=", 10.0, "inconclusive"),
        (beyond(2.0), "==", 1.0, "failed"),
        (beyond(0.0), "==", 1.0, "inconclusive"),
    ],
)
def test_a_value_is_judged_by_its_rule_and_a_lower_bound_by_what_it_leaves_open(
    value: Measured, comparison: Comparison, limit: float, verdict: Verdict
) -> None:
    assert judge(value, comparison, limit) == verdict


@given(
    st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e6), st.sampled_from(("<=", "<", ">=", ">"))
)
def test_a_lower_bound_decides_only_what_every_greater_value_decides_alike(
    bound: float, more: float, limit: float, comparison: Comparison
) -> None:
    verdict = judge(beyond(bound), comparison, limit)

    # The true value lies above the bound, never on it.
    truth = bound + more
    if verdict != "inconclusive" and truth > bound:
        assert judge(known(truth), comparison, limit) == verdict


@pytest.mark.parametrize(
    ("value", "comparison", "limit", "share"),
    [
        (2.0, "<=", 10.0, 0.8),
        (15.0, "<=", 10.0, -0.5),
        (0.5, ">=", 1.0, -0.5),
        (1.5, ">", 1.0, 0.5),
        (1.0, "==", 1.0, 0.0),
        (0.75, "==", 1.0, -0.25),
        (0.0, "==", 0.0, 0.0),
        (3.0, "<=", 0.0, -1.0),
        (None, "<=", 10.0, None),
    ],
)
def test_the_margin_is_the_share_of_the_limit_on_the_right_side(
    value: float | None, comparison: Comparison, limit: float, share: float | None
) -> None:
    assert margin(known(value), comparison, limit) == share


@given(st.floats(0, 1e6), st.floats(1e-3, 1e6), st.sampled_from(("<=", ">=")))
def test_the_margin_is_negative_exactly_where_the_rule_is_broken(
    value: float, limit: float, comparison: Comparison
) -> None:
    apart = margin(known(value), comparison, limit)

    assert apart is not None
    assert (apart < 0) == (judge(known(value), comparison, limit) == "failed")


def test_the_worst_verdict_wins_and_none_at_all_is_no_pass() -> None:
    assert worst(["passed", "failed", "inconclusive"]) == "failed"
    assert worst(["passed", "inconclusive", "passed"]) == "inconclusive"
    assert worst(["passed", "passed"]) == "passed"
    assert worst([]) == "inconclusive"


def test_every_verdict_has_an_exit_code_and_only_a_pass_has_none() -> None:
    assert {name for name, code in EXIT_CODES.items() if code == 0} == {"passed"}
    assert set(EXIT_CODES) == set(ORDER)
    assert (EXIT_CODES["failed"], EXIT_CODES["inconclusive"], EXIT_CODES["aborted"]) == (1, 3, 4)
