"""The types of single words, read outside a file."""

import pytest
from pydantic import TypeAdapter, ValidationError

from chaos.scenario.quantity import Quantity
from chaos.scenario.words import Duration, Known, Parameter, Rate, RegionOfFile, Rule, Share, Timers

KNOWN = Known(("us-south",), {"rto": Quantity(10.0, "seconds")})


def test_words_become_the_values_used_inside() -> None:
    assert TypeAdapter(Duration).validate_python("300ms") == 0.3
    assert TypeAdapter(Rate).validate_python("120/s") == 120.0
    assert TypeAdapter(Share).validate_python("20%") == 0.2
    assert TypeAdapter(Parameter).validate_python("10s") == Quantity(10.0, "seconds")
    assert TypeAdapter(Parameter).validate_python(3) == Quantity(3.0, "number")


def test_a_region_must_be_one_of_the_file() -> None:
    adapter: TypeAdapter[str] = TypeAdapter(RegionOfFile)
    assert adapter.validate_python("us-south", context=KNOWN) == "us-south"
    with pytest.raises(ValidationError, match="did you mean 'us-south'"):
        adapter.validate_python("us-soth", context=KNOWN)


def test_a_rule_is_read_with_the_names_of_its_file() -> None:
    rule = TypeAdapter(Rule).validate_python("recover <= rto", context=KNOWN)
    assert rule.limit == 10.0
    with pytest.raises(ValidationError, match="'rto' is not a parameter"):
        TypeAdapter(Rule).validate_python("recover <= rto", context=Known((), {}))


@pytest.mark.parametrize(
    ("word", "scale"),
    [("real", 1.0), ("scale 1", 1.0), ("scale 3600", 3600.0), ("scale  2.5", 2.5)],
)
def test_timers_are_real_or_so_many_times_as_fast(word: str, scale: float) -> None:
    assert TypeAdapter(Timers).validate_python(word) == scale


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("fast", "needs 'real', or 'scale'"),
        ("scale", "needs 'real', or 'scale'"),
        ("scale -1", "needs 'real', or 'scale'"),
        ("scale 1h", "needs 'real', or 'scale'"),
        (3600, "needs 'real', or 'scale'"),
        ("scale 0.5", "from 1, which is real, to 1000000"),
        ("scale 2000000", "from 1, which is real, to 1000000"),
    ],
)
def test_timers_that_make_no_sense_are_told_what_would(word: object, told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        TypeAdapter(Timers).validate_python(word)
