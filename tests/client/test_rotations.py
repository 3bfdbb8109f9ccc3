"""What a client owes its backups is repaid in order, once, and never forgotten."""

from math import inf
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from chaos.client.reading import Reading
from chaos.client.rotations import Owed, Rotations

OK = Reading("ok")
LOST = Reading("down", why="reset", written=True)
NOT_SO_SOON = Reading("no", why="409 KEY_ROTATION_NOT_PERMITTED")


def begin(rotations: Rotations, now: float, *busy: int) -> Owed | None:
    """The next to repeat while those regions are not free."""
    return rotations.begin(now, Random(1), 2.0, lambda index: index not in busy)


def test_nothing_is_owed_to_begin_with() -> None:
    rotations = Rotations()
    assert rotations.due == inf
    assert begin(rotations, 0.0) is None
    rotations.owe([], "material", 0.0)
    assert rotations.due == inf


def test_rotations_are_repeated_in_the_order_they_were_made() -> None:
    rotations = Rotations()
    rotations.owe([1, 2], "first", 0.0)
    rotations.owe([1], "second", 1.0)
    first = begin(rotations, 1.0)
    assert first is not None
    assert (first.index, first.payload) == (1, "first")
    assert begin(rotations, 1.5) is None, "one at a time"
    assert rotations.repaid(first, OK, 1.6, Random(1))
    second = begin(rotations, 1.6, 1)
    assert second is not None
    assert (second.index, second.payload) == (2, "first"), "the other backup need not wait"
    rotations.repaid(second, OK, 1.7, Random(1))
    third = begin(rotations, 1.7)
    assert third is not None
    assert third.payload == "second"


def test_a_backup_that_is_down_is_asked_again_later_and_later() -> None:
    rotations, now = Rotations(), 0.0
    rotations.owe([1], "material", 0.0)
    for _ in range(8):
        assert begin(rotations, now, 1) is None
        assert rotations.due > now
        now = rotations.due
    assert rotations.owed_to(1)


def test_a_repetition_that_is_never_heard_of_is_tried_again() -> None:
    rotations = Rotations()
    rotations.owe([1], "material", 0.0)
    assert begin(rotations, 0.0) is not None
    assert begin(rotations, 1.9) is None
    assert begin(rotations, 2.0) is not None


def test_not_so_soon_after_a_lost_answer_means_that_it_was_done() -> None:
    rotations = Rotations()
    rotations.owe([1], "material", 0.0)
    owed = begin(rotations, 0.0)
    assert owed is not None
    assert not rotations.repaid(owed, LOST, 0.1, Random(1))
    owed = begin(rotations, 100.0)
    assert owed is not None
    assert rotations.repaid(owed, NOT_SO_SOON, 100.1, Random(1))
    assert not rotations.owed_to(1)
    assert rotations.due == inf


def test_not_so_soon_alone_means_to_come_back_in_an_hour() -> None:
    rotations = Rotations()
    rotations.owe([1], "material", 0.0)
    owed = begin(rotations, 0.0)
    assert owed is not None
    assert not rotations.repaid(owed, NOT_SO_SOON, 0.1, Random(1))
    assert rotations.due == 3600.1
    assert rotations.owed_to(1)


def test_key_material_is_never_printed() -> None:
    assert "secret" not in repr(Owed(1, "secret", 0.0))


@given(ends=st.lists(st.sampled_from([OK, LOST, NOT_SO_SOON]), max_size=30))
def test_every_rotation_is_repaid_once_and_in_order(ends: list[Reading]) -> None:
    rotations, now, repaid = Rotations(), 0.0, []
    for number in range(3):
        rotations.owe([1], str(number), now)
    for reading in ends:
        now = max(now, rotations.due) if rotations.due < inf else now
        owed = begin(rotations, now)
        if owed is None:
            assert not rotations.owed_to(1)
            break
        if rotations.repaid(owed, reading, now, Random(1)):
            repaid.append(owed.payload)
    assert repaid == [str(number) for number in range(len(repaid))]
