"""Quantities: exact, with a unit, and refused with what would be right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.scenario.quantity import (
    Dimension,
    Quantity,
    parse,
    parse_as,
    pattern,
    render,
    shown,
)

DIMENSIONS: tuple[Dimension, ...] = ("seconds", "share", "rate", "number")


@pytest.mark.parametrize(
    ("text", "value", "dimension"),
    [
        ("300ms", 0.3, "seconds"),
        ("2s", 2.0, "seconds"),
        ("1.5 m", 90.0, "seconds"),
        ("2h", 7200.0, "seconds"),
        ("99.9%", 0.999, "share"),
        ("99.99%", 0.9999, "share"),
        ("120/s", 120.0, "rate"),
        ("3", 3.0, "number"),
        (" 7s ", 7.0, "seconds"),
    ],
)
def test_a_quantity_is_the_nearest_float_in_the_unit_used_inside(
    text: str, value: float, dimension: Dimension
) -> None:
    assert parse(text) == Quantity(value, dimension)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "s",
        "-5s",
        "+5s",
        "5 seconds",
        "5S",
        "1e3s",
        "nan",
        "inf",
        "0x10",
        "1_0s",
        "٣s",
        "9" * 20,
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no quantity"):
        parse(text)


def test_a_missing_unit_is_named_with_an_example() -> None:
    with pytest.raises(ValueError, match="such as 300ms, 2s or 1m; 10 has no unit"):
        parse_as("seconds", 10)


@pytest.mark.parametrize("given_", [True, None, [], {}, "10%", "7/s", "seven"])
def test_what_is_no_duration_is_refused_as_a_duration(given_: object) -> None:
    with pytest.raises(ValueError, match="needs a duration with a unit"):
        parse_as("seconds", given_)


@given(st.text() | st.from_regex(r"[0-9]{1,14}(\.[0-9]{0,20})?(ms|s|m|h|%|/s)?", fullmatch=True))
def test_any_text_is_a_quantity_or_a_value_error(text: str) -> None:
    try:
        value = parse(text).value
    except ValueError:
        return
    assert 0 <= value < 1e16


@given(
    st.sampled_from(DIMENSIONS),
    st.integers(0, 10**12 - 1),
    st.integers(0, 9),
)
def test_a_written_quantity_reads_to_the_very_same_float(
    dimension: Dimension, digits: int, places: int
) -> None:
    unit = {"seconds": "s", "share": "%", "rate": "/s", "number": ""}[dimension]
    decimals = f"{digits:0{places + 1}d}"
    whole, rest = (decimals[:-places], decimals[-places:]) if places else (decimals, "0")
    value = parse(f"{whole}.{rest}{unit}").value
    assert parse(render(value, dimension)) == Quantity(value, dimension)


def test_what_cannot_be_written_is_said_and_not_rounded() -> None:
    with pytest.raises(ValueError, match="cannot be written"):
        render(-1.0, "seconds")


def test_the_pattern_for_editors_takes_what_the_reader_takes() -> None:
    assert pattern("seconds") == r"^[0-9]{1,12}(\.[0-9]{1,18})? ?(ms|s|m|h)$"
    assert pattern("share").endswith("%$")


@given(st.text())
def test_what_is_shown_of_the_input_fits_on_a_line(text: str) -> None:
    assert len(shown(text)) <= 40
    assert "\n" not in shown(text)
