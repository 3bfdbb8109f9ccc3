"""Bytes of a journal back into values: whatever was cut off, what stands before it counts."""

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.run.decoding import columns, events
from chaos.run.record import OPERATION
from chaos.run.world import Audited, Wrapped

ENTRY = Wrapped(1, 2, 3.0, "us-south", "ab" * 32, "Y2lwaGVy", "v1")


def line(kind: str, fields: object) -> bytes:
    return orjson.dumps({kind: fields}) + b"\n"


@given(st.lists(st.floats(0.0, 100.0), max_size=20), st.integers(0, 200))
def test_records_come_in_the_order_of_one_column_however_they_were_written(
    dues: list[float], cut: int
) -> None:
    written = np.zeros(len(dues), OPERATION)
    written["due"] = dues
    kept = max(0, written.nbytes - cut)

    read = columns(written.tobytes()[:kept], OPERATION, "due")

    assert list(read["due"]) == sorted(dues[: kept // OPERATION.itemsize])


def test_records_of_the_same_instant_keep_the_order_of_writing() -> None:
    written = np.zeros(5, OPERATION)
    written["number"] = range(5)

    assert list(columns(written.tobytes(), OPERATION, "due")["number"]) == [0, 1, 2, 3, 4]


@given(st.integers(0, 400))
def test_a_journal_cut_anywhere_gives_the_whole_lines_before_the_cut(cut: int) -> None:
    whole = [line("Wrapped", ENTRY), line("Audited", Audited(1, "us-east", "right", ""))]
    raw = b"".join(whole)[:cut]

    found = events(raw.splitlines(keepends=True))

    assert len(found.ledger) == (cut >= len(whole[0]))
    assert len(found.audit) == (cut >= len(whole[0]) + len(whole[1]))


def test_reasons_stand_by_their_codes_and_none_is_the_first() -> None:
    lines = [line("Why", {"code": 1, "text": "refused"}), line("Why", {"code": 2, "text": "late"})]

    assert events(lines).whys == ["", "refused", "late"]


@pytest.mark.parametrize("kind", ["Wrapped", "Applied", "Audited", "Decided"])
def test_a_whole_line_that_no_run_writes_is_not_passed_over(kind: str) -> None:
    with pytest.raises((TypeError, KeyError)):
        events([line(kind, {"number": 1})])


def test_what_later_versions_may_note_is_passed_over() -> None:
    assert events([line("Foretold", {}), line("Wrapped", ENTRY)]).ledger == [ENTRY]
