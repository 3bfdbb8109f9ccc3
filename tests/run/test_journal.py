"""The journal: on disk as it happens, and one sentence where it cannot be."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest

from chaos.errors import WorldError
from chaos.run.encoding import Memory
from chaos.run.journal import ATTEMPTS, EVENTS, OPERATIONS, Journal
from chaos.run.record import ATTEMPT
from chaos.run.world import Audited, Event
from tests.run.made import attempted, operated

REGIONS = ("us-south", "us-east")
NOTED: tuple[Event, ...] = (
    attempted(),
    operated(why="refused"),
    Audited(1, "us-east", "right", ""),
    attempted(status=503),
    operated(),
)


def test_the_files_hold_the_bytes_that_memory_would(tmp_path: Path) -> None:
    journal, memory = Journal(tmp_path / "load", REGIONS), Memory(REGIONS)
    for event in NOTED:
        journal.note(event)
        memory.note(event)
    journal.close()

    assert (tmp_path / "load" / ATTEMPTS).read_bytes() == memory.attempts
    assert (tmp_path / "load" / OPERATIONS).read_bytes() == memory.operations
    assert (tmp_path / "load" / EVENTS).read_bytes() == memory.events


def test_what_was_flushed_is_there_though_nobody_closes(tmp_path: Path) -> None:
    journal = Journal(tmp_path, REGIONS)
    journal.note(attempted())

    journal.flush()

    assert (tmp_path / ATTEMPTS).stat().st_size == ATTEMPT.itemsize
    journal.close()


def test_a_file_is_made_when_there_is_something_to_keep(tmp_path: Path) -> None:
    journal = Journal(tmp_path, REGIONS)
    journal.note(Audited(1, "us-east", "right", ""))
    journal.close()

    assert [path.name for path in tmp_path.iterdir()] == [EVENTS]


def test_it_may_be_closed_and_flushed_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path, REGIONS)
    journal.note(attempted())
    for _ in range(2):
        journal.close()
        journal.flush()

    assert (tmp_path / ATTEMPTS).stat().st_size == ATTEMPT.itemsize


def test_a_place_that_cannot_be_written_is_the_environments_fault(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file, no folder", encoding="utf-8")

    with pytest.raises(WorldError, match=r"taken/load cannot be written: Not a directory\."):
        Journal(tmp_path / "taken" / "load", REGIONS)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize("end", [Journal.flush, Journal.close])
def test_a_disk_that_is_full_is_the_environments_fault(
    tmp_path: Path, end: Callable[[Journal], None]
) -> None:
    (tmp_path / ATTEMPTS).symlink_to("/dev/full")
    journal = Journal(tmp_path, REGIONS)
    journal.note(attempted())

    with pytest.raises(WorldError, match=r"cannot be written: No space left on device\."):
        end(journal)
    with contextlib.suppress(WorldError):
        journal.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_disk_that_is_full_is_noticed_while_noting(tmp_path: Path) -> None:
    (tmp_path / ATTEMPTS).symlink_to("/dev/full")
    journal = Journal(tmp_path, REGIONS)

    def note_a_lot() -> None:
        for number in range(10_000):
            journal.note(attempted(number))

    with pytest.raises(WorldError, match="No space left"):
        note_a_lot()
    with contextlib.suppress(WorldError):
        journal.close()
