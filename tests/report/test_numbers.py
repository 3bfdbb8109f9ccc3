import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.analysis.findings import Measured, Watched
from chaos.report import numbers
from chaos.scenario.expression import parse
from chaos.scenario.objective import Unit

FINITE = st.floats(-1e9, 1e9, allow_nan=False)


def plain(text: str) -> str:
    return text.replace(numbers.NBSP, " ")


@given(st.floats(0.0, 1.0))
def test_a_share_is_never_rounded_to_all_or_to_nothing(part: float) -> None:
    said = plain(numbers.share(part))
    if 1 - 1e-9 > part > 1e-9:
        assert said not in {"100 %", "0 %"}
    if part in {0.0, 1.0}:
        assert said in {"0 %", "100 %"}


@given(st.floats(0.02, 0.98))
def test_a_share_is_said_to_within_a_twentieth_of_a_percent(part: float) -> None:
    said = float(plain(numbers.share(part)).removesuffix(" %"))
    assert abs(said - part * 100) <= 0.05 + 1e-9


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0, "0 s"),
        (3.6e-15, "0 s"),
        (0.0000427, "43 µs"),
        (0.0137, "13.7 ms"),
        (0.99949, "999 ms"),
        (0.9996, "1 s"),
        (10.0, "10 s"),
        (59.99, "60 s"),
        (70.0, "1 min 10 s"),
        (3600.0, "1 h"),
        (86400.0, "24 h"),
        (-0.25, "\N{MINUS SIGN}250 ms"),
    ],
)
def test_a_length_of_time_is_said_in_the_unit_a_reader_would_choose(
    value: float, said: str
) -> None:
    assert plain(numbers.seconds(value)) == said


@given(st.floats(1e-6, 59.0))
def test_a_length_of_time_keeps_its_first_two_digits(value: float) -> None:
    amount, unit = plain(numbers.seconds(value)).split(" ", 1)
    scale = {"µs": 1e-6, "ms": 1e-3, "s": 1.0}[unit]
    assert math.isclose(float(amount.replace(",", "")) * scale, value, rel_tol=0.05)


@given(FINITE)
def test_no_number_is_said_in_scientific_notation(value: float) -> None:
    assert "e" not in numbers.significant(value)


def test_a_value_that_was_not_reached_is_a_bound_and_says_so() -> None:
    assert plain(numbers.measured(Measured(20.0, "seconds", 60, censored=True))) == (
        "> 20 s, not reached"
    )
    assert numbers.measured(Measured(None, "seconds", 0)) == "no records"


def test_a_limit_is_said_as_a_rule_and_in_words() -> None:
    rule = parse("failover.p95 <= 10s", regions=("a", "b"))
    assert plain(numbers.limit(rule)) == "\N{LESS-THAN OR EQUAL TO} 10 s"
    assert plain(numbers.limit_in_words(rule)) == "within 10 s"
    assert plain(numbers.limit_in_words(parse("amplification <= 3"))).startswith("at most 3")


def test_a_margin_has_a_sign_and_none_is_a_dash() -> None:
    assert plain(numbers.margin(0.8123)) == "+81 %"
    assert plain(numbers.margin(-0.05)) == "\N{MINUS SIGN}5 %"
    assert numbers.margin(0.0) == "exact"
    assert numbers.margin(None) == "\N{EM DASH}"


@given(st.text())
def test_ascii_only_is_ascii(text: str) -> None:
    assert numbers.ascii_only(text).isascii()


@pytest.mark.parametrize(
    ("octets", "said"), [(0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (5 << 30, "5 GiB")]
)
def test_a_size_is_said_in_binary_units(octets: int, said: str) -> None:
    assert plain(numbers.size(octets)) == said


def test_a_value_beside_its_limit_shows_the_digits_that_decide() -> None:
    assert plain(numbers.measured(Measured(3.00096, "ratio", 9), 3.0)) == f"3.001{numbers.TIMES}"
    assert plain(numbers.brief(Measured(10.0004, "seconds", 9), 10.0)) == "10.0004 s"
    assert plain(numbers.brief(Measured(0.98996, "share", 9), 0.99)) == "98.996 %"
    assert plain(numbers.brief(Measured(3.0, "ratio", 9), 3.0)) == f"3{numbers.TIMES}"


@given(st.floats(0.01, 1e6), st.floats(0.01, 1e6), st.sampled_from(("seconds", "ratio", "rate")))
def test_what_is_not_the_limit_is_never_written_like_it(
    value: float, bound: float, unit: Unit
) -> None:
    if abs(value - bound) > 1e-9 * bound:
        assert numbers.beside(value, unit, bound) != numbers.value(bound, unit)


@given(st.floats(0.001, 59.0))
def test_a_lower_bound_is_never_above_what_was_seen(seen: float) -> None:
    text = plain(numbers.brief(Measured(seen, "seconds", 1, censored=True)))
    number, unit = text.removeprefix("> ").split()
    assert float(number) * (1e-3 if unit == "ms" else 1.0) <= seen * (1 + 1e-9)


def test_a_bound_of_almost_twenty_seconds_is_not_told_as_twenty() -> None:
    assert plain(numbers.brief(Measured(19.964, "seconds", 60, censored=True))) == "> 19.9 s"


def test_what_was_watched_for_too_short_a_time_was_so_much_at_least() -> None:
    herd = Watched(1.0567, "ratio", 300, censored=True, watched=3.0)
    assert (
        plain(numbers.measured(herd)) == f"at least 1.05{numbers.TIMES} (watched for 3 s of 30 s)"
    )
    assert plain(numbers.brief(herd)) == f"\u2265 1.05{numbers.TIMES}"


def test_what_has_no_end_is_for_ever() -> None:
    assert numbers.seconds(math.inf) == "for ever"
    assert numbers.seconds(-math.inf) == "never"
