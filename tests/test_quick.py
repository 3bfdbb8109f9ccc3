"""Quickly made frozen dataclasses are what frozen dataclasses are."""

import copy
import pickle
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, asdict, dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.quick import quick


@dataclass(frozen=True, slots=True)
class Slow:
    """As the standard library makes it."""

    a: int
    b: str = "b"
    c: Mapping[str, int] = field(default_factory=dict)


@quick
@dataclass(frozen=True, slots=True)
class Quick:
    """The same, made quickly."""

    a: int
    b: str = "b"
    c: Mapping[str, int] = field(default_factory=dict)


@given(st.integers(), st.text(), st.dictionaries(st.text(), st.integers()))
def test_it_holds_says_and_equals_what_a_frozen_dataclass_does(
    a: int, b: str, c: dict[str, int]
) -> None:
    made = Quick(a, b, c)

    assert asdict(made) == asdict(Slow(a, b, c))
    assert repr(made) == repr(Slow(a, b, c)).replace("Slow", "Quick")
    assert made == Quick(a=a, b=b, c=c)
    assert made != Quick(a + 1, b, c)
    assert replace(made, a=a + 1) == Quick(a + 1, b, c)
    assert copy.deepcopy(made) == pickle.loads(pickle.dumps(made)) == made  # noqa: S301 - made here


def test_defaults_and_factories_are_kept_and_not_shared() -> None:
    assert (Quick(1).b, Quick(1).c) == ("b", {})
    assert Quick(1).c is not Quick(1).c


def test_it_is_of_its_own_class_and_cannot_be_changed() -> None:
    made = Quick(1)

    assert type(made) is Quick
    with pytest.raises(FrozenInstanceError):
        made.a = 2  # type: ignore[misc]
    assert not hasattr(made, "__dict__")


def test_it_is_hashed_by_its_fields() -> None:
    @quick
    @dataclass(frozen=True, slots=True)
    class Point:
        x: int
        y: int

    assert hash(Point(1, 2)) == hash(Point(1, 2))
    assert len({Point(1, 2), Point(1, 2), Point(2, 1)}) == 2


@pytest.mark.parametrize("given", [(), (1, "b", {}, 4)])
def test_too_few_and_too_many_fields_are_refused(given: tuple[object, ...]) -> None:
    with pytest.raises(TypeError):
        Quick(*given)  # type: ignore[arg-type]
