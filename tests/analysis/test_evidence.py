import numpy as np

from chaos.analysis.evidence import gather
from chaos.run.world import Applied
from chaos.scenario.model import Phase
from tests.analysis.made import BACKUP, DOWN, HOME, Made, Tried, failed_over, shuffled


def test_each_attempt_finds_its_operation_whether_or_not_that_ever_ended() -> None:
    made = Made()
    made.operation(0, 5.0, Tried(HOME, 5.0, 5.1))
    made.operation(1, 3.0, Tried(HOME, 3.0, 3.1), Tried(BACKUP, 3.2, 3.3))
    made.attempt(0, 99, 1, Tried(HOME, 6.0, 6.1))
    evidence = gather(made.run())

    assert evidence.operations["due"].tolist() == [3.0, 5.0, 6.0]
    assert evidence.hung.tolist() == [False, False, True]
    assert evidence.row.tolist() == [0, 0, 1, 2]
    assert evidence.asked_at.tolist() == [3.0, 3.0, 5.0, 6.0]
    assert [float(each["sent"]) for each in evidence.attempts_of(0)] == [3.0, 3.2]


def test_attempts_of_the_token_service_are_kept_apart() -> None:
    made = Made()
    number = made.operation(0, 5.0, Tried(HOME, 5.0, 5.1))
    made.attempt(0, number, 2, Tried("iam", 4.9, 5.0, 200, "refresh"))
    evidence = gather(made.run())

    assert len(evidence.attempts) == 1
    assert len(evidence.refreshes) == 1


def test_an_answer_below_200_or_from_300_on_is_no_success() -> None:
    made = Made()
    for status in (199, 200, 204, 299, 300, 404, 503):
        made.operation(0, 5.0, Tried(HOME, 5.0, 5.1, status))
    evidence = gather(made.run())
    succeeded = evidence.attempts["status"][evidence.answered]

    assert sorted(succeeded.tolist()) == [200, 204, 299]
    assert (evidence.failed == ~evidence.answered).all()


def test_the_phases_stand_where_the_changes_took_effect() -> None:
    made = Made()
    made.applied = (
        Applied(20.0, 20.4, "inject", DOWN.name, "down", HOME, {}),
        Applied(40.0, 40.7, "heal", DOWN.name, "down", HOME, {}),
    )

    assert gather(made.run()).phases == (
        Phase("steady", 0.0, 20.4),
        Phase("fault", 20.4, 40.7),
        Phase("recovery", 40.7, 60.0),
    )


def test_a_change_that_was_not_applied_yet_stands_where_the_plan_has_it() -> None:
    made = Made(aborted="stopped", ended=30.0)
    made.applied = made.changes()[:1]
    evidence = gather(made.run())

    assert [phase.ends for phase in evidence.phases] == [20.0, 40.0, 60.0]
    assert evidence.until == 30.0


def test_a_run_without_faults_is_all_steady() -> None:
    evidence = gather(Made(faults=()).run())

    assert evidence.phases == (Phase("steady", 0.0, 60.0),)
    assert evidence.phase("fault") is None


def test_the_order_on_disk_does_not_matter() -> None:
    made = Made()
    for client in range(4):
        failed_over(made, client, 21.0 + client / 10, tries=3)
    one, other = gather(made.run()), gather(shuffled(made.run(), 5))

    assert np.array_equal(one.operations, other.operations)
    # Field by field, since a Retry-After that was not asked for is NaN.
    for name in ("operation", "sent", "ended", "number", "region", "status"):
        assert np.array_equal(one.attempts[name], other.attempts[name])
    assert np.array_equal(one.row, other.row)
