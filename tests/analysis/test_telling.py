from chaos.analysis.case import work_up
from chaos.analysis.telling import ending, longest, reasons, region_name, story, tries
from chaos.run.record import NOWHERE
from tests.analysis.made import BACKUP, HOME, Made, Tried


def test_attempts_that_met_the_same_fate_are_told_together() -> None:
    made = Made()
    made.operation(
        0, 21.0,
        Tried(HOME, 21.0, 21.001, "refused"), Tried(HOME, 21.1, 21.101, "refused", "retry"),
        Tried(BACKUP, 21.2, 21.3, 503, "failover"), Tried(HOME, 21.4, 21.5, "reset", "retry"),
    )  # fmt: skip
    evidence = work_up(made.run()).evidence

    assert tries(evidence, evidence.attempts) == (
        "2 attempts at us-south (refused), 1 at us-east (503) and 1 at us-south (reset)"
    )
    assert tries(evidence, evidence.attempts[:0]) == "no attempt"


def test_reasons_are_counted_by_the_last_attempt_the_most_frequent_first() -> None:
    made = Made()
    made.operation(0, 1.0, Tried(HOME, 1.0, 1.1, 503))
    made.operation(0, 2.0, Tried(HOME, 2.0, 2.1, 503), Tried(BACKUP, 2.2, 2.3, "reset"))
    made.operation(0, 3.0, Tried(HOME, 3.0, 3.1, "reset"), Tried(BACKUP, 3.2, 3.3, "reset"))
    made.operation(0, 4.0, Tried(HOME, 4.0, 4.1), outcome="failed", why="wrong plaintext")
    made.operation(0, 5.0)
    made.operation(0, 6.0, Tried(HOME, 6.0, 6.1))
    evidence = work_up(made.run()).evidence

    assert reasons(evidence, evidence.operations["due"] > 0, evidence.ok) == [
        ("reset at us-east", 2, 1),
        ("503 at us-south", 1, 0),
        ("although us-south answered 200 (wrong plaintext)", 1, 3),
        ("without an attempt (failed)", 1, 4),
    ]


def test_how_an_operation_ended_is_told_in_the_clients_words_where_there_are_any() -> None:
    made = Made()
    made.operation(0, 1.0, Tried(HOME, 1.0, 1.1, 403), why="denied")
    made.operation(0, 2.0, Tried(HOME, 2.0, 2.1, 403))
    evidence = work_up(made.run()).evidence

    assert (ending(evidence, 0), ending(evidence, 1)) == ("denied", "failed")


def test_the_story_of_a_slow_operation_names_its_parts() -> None:
    made = Made()
    made.operation(
        0, 1.0, Tried(HOME, 2.0, 5.0, "read_timeout"),
        Tried(BACKUP, 6.0, 6.5, 200, "failover"), started=2.0,
    )  # fmt: skip
    made.operation(0, 2.0, Tried(HOME, 2.0, 2.1))
    evidence = work_up(made.run()).evidence

    assert longest(evidence, evidence.ok) == 0
    assert story(evidence, 0) == (
        "it started 1 s late, its 2 attempts took 3.5 s, of which one at us-south waited out its "
        "read timeout after 3 s and 1 s went by between and after attempts"
    )


def test_of_no_operations_none_is_the_slowest() -> None:
    evidence = work_up(Made().run()).evidence

    assert longest(evidence, evidence.ok) == -1


def test_nowhere_has_a_name_too() -> None:
    evidence = work_up(Made().run()).evidence

    assert [region_name(evidence, code) for code in (0, 1, NOWHERE)] == [HOME, BACKUP, "no region"]
