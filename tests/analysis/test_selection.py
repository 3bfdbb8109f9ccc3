import pytest

from chaos.analysis.case import work_up
from chaos.analysis.selection import Where, attempts_in, operations_in, parse, span
from tests.analysis.made import BACKUP, HOME, Made, Tried, failed_over


def made() -> Made:
    told = Made()
    told.operation(0, 10.0, Tried(HOME, 10.0, 10.1), kind="wrap")
    failed_over(told, 0, 25.0)
    told.operation(0, 45.0, Tried(HOME, 45.0, 45.1))
    return told


def test_words_are_told_apart() -> None:
    words = ("fault", BACKUP, "unwrap", "after 10s", "every 500ms")

    assert parse(work_up(made().run()), words) == Where(
        phases=("fault",), regions=(1,), kinds=(1,), after_failover=False, after=10.0, every=0.5
    )
    assert parse(work_up(made().run()), ("fault", "after failover")).after is None


@pytest.mark.parametrize(
    ("words", "stretch"),
    [
        ((), (0.0, 60.0)),
        (("fault",), (20.0, 40.0)),
        (("after 5s",), (25.0, 60.0)),
        (("fault", "after 5s"), (25.0, 40.0)),
        (("steady", "after 5s"), None),
        (("after 50s",), None),
    ],
)
def test_a_stretch_is_what_phases_and_the_time_after_t0_have_in_common(
    words: tuple[str, ...], stretch: tuple[float, float] | None
) -> None:
    assert span(work_up(made().run()), words) == stretch


def test_attempts_belong_to_the_phase_they_were_sent_in_and_to_their_operations_kind() -> None:
    case = work_up(made().run())

    assert attempts_in(case, ("fault",)).tolist() == [False, True, True, False]
    assert attempts_in(case, ("wrap",)).tolist() == [True, False, False, False]
    assert attempts_in(case, (HOME,)).tolist() == [True, True, False, True]


def test_operations_belong_to_the_region_of_their_last_attempt() -> None:
    case = work_up(made().run())

    assert operations_in(case, (BACKUP,)).tolist() == [False, True, False]
    assert operations_in(case, (HOME, "recovery")).tolist() == [False, False, True]


def test_a_run_cut_off_ends_its_stretches_where_it_was_cut() -> None:
    told = made()
    told.aborted, told.ended = "stopped", 30.0

    assert span(work_up(told.run()), ("fault",)) == (20.0, 30.0)
    assert span(work_up(told.run()), ("recovery",)) is None
