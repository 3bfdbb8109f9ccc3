import pytest

from chaos.analysis.case import work_up
from chaos.analysis.marks import marks
from tests.analysis.made import BACKUP, HOME, Made, Tried, failed_over


def test_the_marks_stand_where_half_of_the_clients_had_got_to() -> None:
    made = Made(clients=4)
    made.healthy(0.0, 20.0)
    for client, due in enumerate((20.0, 21.0, 22.0, 30.0)):
        failed_over(made, client, due)
    made.healthy(22.5, 40.0, region=BACKUP)
    made.healthy(40.0, 60.0)
    found = {mark.name: mark for mark in marks(work_up(made.run()))}

    assert found["detected"].at == pytest.approx(21.1)
    assert found["failed_over"].at == pytest.approx(21.12)
    assert found["failed_over"].text == (
        "failed over: half of 4 clients 1.1 s after T0, 95 % by 10.1 s; "
        "each within 120 ms of its own failure"
    )
    assert found["failed_back"].at == pytest.approx(40.0)


def test_a_fleet_that_never_left_the_objective_has_no_mark_of_recovery() -> None:
    made = Made()
    made.healthy(0.0, 60.0)
    made.operation(1, 20.5, Tried(HOME, 20.5, 20.501, "refused"))

    assert "recovered" not in {mark.name for mark in marks(work_up(made.run()))}


def test_a_fleet_that_never_left_has_no_mark_of_coming_back() -> None:
    made = Made()
    made.healthy(0.0, 20.0)
    made.failing(20.0, 40.0)
    made.healthy(40.0, 60.0)

    assert marks(work_up(made.run())) == ()


def test_a_fleet_that_lost_no_operation_has_nothing_to_recover_from() -> None:
    made = Made()
    made.healthy(0.0, 20.0)
    failed_over(made, 0, 20.0)
    made.healthy(20.2, 40.0, region=BACKUP)
    made.healthy(40.0, 60.0)
    found = {mark.name: mark.text for mark in marks(work_up(made.run()))}

    assert found["recovered"] == "nothing to recover from: no operation was lost"
