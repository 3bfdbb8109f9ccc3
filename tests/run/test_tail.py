"""The live view's numbers: rates of the last second, totals, and files that grow as it looks."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.exchange import Failure
from chaos.run.encoding import Memory
from chaos.run.journal import ATTEMPTS, OPERATIONS
from chaos.run.record import ATTEMPT
from chaos.run.tail import Snapshot, Tail
from chaos.run.world import Event
from tests.run.made import attempted, operated

REGIONS = ("us-south", "us-east")


class Growing:
    """A load's folder to which records are appended as bytes, cut wherever one likes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tail = Tail(folder, REGIONS)

    def append(self, *events: Event) -> None:
        """Write whole records."""
        memory = Memory(REGIONS)
        for event in events:
            memory.note(event)
        self.write(ATTEMPTS, memory.attempts)
        self.write(OPERATIONS, memory.operations)

    def write(self, name: str, raw: bytes | bytearray) -> None:
        """Append bytes to one file."""
        with (self.folder / name).open("ab") as stream:
            stream.write(raw)

    def look(self, at: float) -> Snapshot:
        """One look."""
        return self.tail.look(at, "steady", ())

    def close(self) -> None:
        """Close what the tail holds open."""
        self.tail.close()


@pytest.fixture
def growing(tmp_path: Path) -> Iterator[Growing]:
    with contextlib.closing(Growing(tmp_path)) as made:
        yield made


def test_before_the_first_record_there_is_nothing(growing: Growing) -> None:
    seen = growing.look(0.0)

    assert seen.attempts == seen.operations == seen.failing == {"us-south": 0.0, "us-east": 0.0}
    assert (seen.ended, seen.ok, seen.failed, seen.unknown) == (0, 0, 0, 0)


def test_rates_are_per_region_and_only_of_the_last_second(growing: Growing) -> None:
    growing.append(*(attempted() for _ in range(3)), attempted(region="us-east"), operated())
    first = growing.look(0.25)
    growing.append(attempted())
    within, later = growing.look(1.0), growing.look(2.1)

    assert first.attempts == {"us-south": 3.0, "us-east": 1.0}
    assert first.operations == {"us-south": 1.0, "us-east": 0.0}
    assert within.attempts == {"us-south": 4.0, "us-east": 1.0}
    assert later.attempts == {"us-south": 0.0, "us-east": 0.0}


def test_what_got_no_good_answer_is_failing(growing: Growing) -> None:
    growing.append(
        attempted(),
        attempted(status=404),
        attempted(status=503),
        attempted(reply=Failure("refused", written=False), region="us-east"),
    )

    assert growing.look(0.25).failing == {"us-south": 2.0, "us-east": 1.0}


def test_outcomes_are_counted_from_time_zero_on(growing: Growing) -> None:
    growing.append(operated(), operated(outcome="failed", why="x"), operated(outcome="unknown"))
    growing.look(0.25)
    growing.append(operated())

    seen = growing.look(9.0)

    assert (seen.ended, seen.ok, seen.failed, seen.unknown) == (4, 2, 1, 1)


def test_a_region_that_is_none_of_the_services_is_no_region(growing: Growing) -> None:
    growing.append(attempted(region="iam"), operated(region=""))

    seen = growing.look(0.25)

    assert sum(seen.attempts.values()) == sum(seen.operations.values()) == 0.0
    assert seen.ended == 1


@given(cuts=st.lists(st.integers(0, 3 * ATTEMPT.itemsize), max_size=8))
def test_a_record_that_is_still_being_written_is_counted_when_it_is_whole(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int]
) -> None:
    growing = Growing(tmp_path_factory.mktemp("tail"))
    memory = Memory(REGIONS)
    for _ in range(3):
        memory.note(attempted())
    begun = 0
    for cut in sorted(cuts):
        growing.write(ATTEMPTS, memory.attempts[begun:cut])
        begun = cut
        assert growing.look(0.1).attempts["us-south"] == cut // ATTEMPT.itemsize
    growing.write(ATTEMPTS, memory.attempts[begun:])

    assert growing.look(0.1).attempts["us-south"] == 3.0
    growing.close()


def test_a_look_carries_what_it_was_told(growing: Growing) -> None:
    marks = ((3.0, "south-down begins"),)

    seen = growing.tail.look(3.5, "fault", marks)

    assert (seen.at, seen.phase, seen.marks) == (3.5, "fault", marks)
