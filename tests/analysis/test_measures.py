import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.analysis.case import work_up
from chaos.analysis.findings import Measured
from chaos.analysis.measures import COMPUTE, every, measured
from chaos.run.world import Wrapped
from chaos.scenario.expression import render
from chaos.scenario.vocabulary import VOCABULARY
from tests.analysis.made import BACKUP, HOME, REGIONS, Made, Tried, failed_over, measure_of


def value(made: Made, text: str) -> Measured:
    """A measure written as in a scenario file, over a run."""
    return measured(work_up(made.run()), measure_of(text))


def test_every_word_of_the_vocabulary_is_computed_and_no_other() -> None:
    assert set(COMPUTE) == set(VOCABULARY)


def test_availability_counts_only_ok_among_all_that_were_due() -> None:
    made = Made()
    made.healthy(0.0, 8.0, every=1.0)
    made.operation(0, 8.0, Tried(HOME, 8.0, 8.1, 503))
    made.operation(0, 9.0, Tried(HOME, 9.0, 9.1, "read_timeout"), outcome="unknown")

    assert value(made, "availability") == Measured(0.8, "share", 10)
    assert value(made, "unknown_outcomes") == Measured(1.0, "count", 10)


def test_availability_is_taken_by_phase_of_due_by_last_region_and_by_kind() -> None:
    made = Made()
    made.operation(0, 10.0, Tried(HOME, 10.0, 10.1))
    made.operation(0, 19.99, Tried(HOME, 19.99, 20.1, "closed"))
    made.operation(0, 20.0, Tried(HOME, 20.0, 20.1, "refused"), kind="wrap")
    failed_over(made, 0, 30.0)
    made.operation(0, 40.0, Tried(HOME, 40.0, 40.1))

    assert value(made, "availability(steady)") == Measured(0.5, "share", 2)
    assert value(made, "availability(fault)") == Measured(0.5, "share", 2)
    assert value(made, "availability(recovery)") == Measured(1.0, "share", 1)
    assert value(made, "availability(us-east)") == Measured(1.0, "share", 1)
    assert value(made, "availability(us-south)") == Measured(0.5, "share", 4)
    assert value(made, "availability(wrap)") == Measured(0.0, "share", 1)
    assert value(made, "availability(fault, unwrap)") == Measured(1.0, "share", 1)


def test_the_phases_are_those_that_took_effect_not_those_that_were_planned() -> None:
    made = Made()
    late = made.changes()
    made.applied = tuple(
        type(each)(each.at, each.at + 0.5, each.verb, each.fault, each.kind, each.target, {})
        for each in late
    )
    made.operation(0, 20.2, Tried(HOME, 20.2, 20.3))
    made.operation(0, 40.2, Tried(HOME, 40.2, 40.3, "refused"))

    assert value(made, "availability(steady)").n == 1
    assert value(made, "availability(fault)") == Measured(0.0, "share", 1)


def test_after_failover_begins_for_each_client_with_its_own_first_success_elsewhere() -> None:
    made = Made(clients=3)
    failed_over(made, 0, 21.0)
    failed_over(made, 1, 25.0)
    made.operation(0, 22.0, Tried(BACKUP, 22.0, 22.1))
    made.operation(0, 23.0, Tried(BACKUP, 23.0, 23.1, 503))
    made.operation(1, 24.0, Tried(HOME, 24.0, 24.1, "refused"))
    made.operation(1, 26.0, Tried(BACKUP, 26.0, 26.1))
    made.operation(2, 30.0, Tried(HOME, 30.0, 30.1, "refused"))

    # Client 0: 22.0 and 23.0; client 1: failed at 24.0 first, arrived at 25.12, then 26.0.
    assert value(made, "availability(fault, after failover)") == Measured(2 / 3, "share", 3)


def test_amplification_is_attempts_sent_over_operations_started_and_leaves_tokens_out() -> None:
    made = Made()
    made.healthy(0.0, 4.0, every=1.0)
    number = failed_over(made, 0, 21.0, tries=3)
    made.attempt(0, number, 9, Tried(HOME, 21.0, 21.1, 200, "refresh"))
    made.attempt(0, number, 9, Tried("iam", 21.0, 21.1, 200, "first"))

    assert value(made, "amplification(fault)") == Measured(4.0, "ratio", 1)
    assert value(made, "amplification") == Measured(8 / 5, "ratio", 5)


def test_response_time_counts_from_when_an_operation_was_due_and_service_time_from_its_start() -> (
    None
):
    made = Made()
    made.operation(0, 5.0, Tried(HOME, 7.0, 7.25), started=7.0)

    assert value(made, "response.max") == Measured(2.25, "seconds", 1)
    assert value(made, "service.max") == Measured(0.25, "seconds", 1)


def test_a_stalled_generator_shows_in_the_response_time_of_all_that_it_held_back() -> None:
    """One stall of 100 s at 10/s, all served at its end within 1 ms: a median of 50 s, not 1 ms."""
    made = Made(lasts=100.0)
    for step in range(1000):
        due = step / 10
        made.operation(0, due, Tried(HOME, 100.0, 100.001), started=100.0)

    assert value(made, "response.p50").value == pytest.approx(50.001)
    assert value(made, "service.p50").value == pytest.approx(0.001)


def test_integrity_asks_that_a_key_opens_wherever_it_should() -> None:
    made = Made()
    made.wrapped(1, {HOME: "right", BACKUP: "right"})
    made.wrapped(2, {HOME: "right", BACKUP: "lost"})
    made.wrapped(3, {HOME: "wrong", BACKUP: "right"})
    made.wrapped(4, {HOME: "right", BACKUP: "right"})

    assert value(made, "integrity") == Measured(0.5, "share", 4)
    assert value(made, "integrity(us-east)") == Measured(0.75, "share", 4)
    assert value(made, "wrong_plaintext") == Measured(1.0, "count", 4)
    assert value(made, "wrong_plaintext(us-east)") == Measured(0.0, "count", 4)


def test_a_key_that_the_audit_did_not_reach_everywhere_is_not_called_right() -> None:
    made = Made()
    made.wrapped(1, {HOME: "right", BACKUP: "right"})
    made.wrapped(2, {HOME: "right"})

    assert value(made, "integrity") == Measured(None, "share", 0)
    assert value(made, "wrong_plaintext") == Measured(None, "count", 0)
    assert value(made, "integrity(us-south)") == Measured(1.0, "share", 2)


def test_a_key_that_is_known_to_be_bad_counts_however_short_the_audit_was() -> None:
    made = Made()
    made.wrapped(1, {HOME: "right", BACKUP: "wrong"})
    made.ledger.append(Wrapped(2, 0, 1.0, HOME, "", "", "1"))

    assert value(made, "integrity") == Measured(0.0, "share", 2)
    assert value(made, "wrong_plaintext") == Measured(1.0, "count", 2)


def test_what_was_not_recorded_is_no_number() -> None:
    made = Made()
    made.operation(0, 1.0, Tried(HOME, 1.0, 1.1))

    assert value(made, "availability(fault)") == Measured(None, "share", 0)
    assert value(made, "amplification(fault)") == Measured(None, "ratio", 0)
    assert value(made, "response(fault).p99") == Measured(None, "seconds", 0)
    assert value(made, "failover.p95") == Measured(None, "seconds", 0)
    assert value(made, "integrity") == Measured(None, "share", 0)
    for name in ("detect.p50", "recover", "failback", "lost_operations"):
        assert value(made, name).value is None


def test_every_measure_of_a_run_is_listed_once_under_the_text_that_a_file_would_use() -> None:
    made = Made()
    made.healthy(0.0, 20.0, every=0.1)
    failed_over(made, 0, 20.5)
    made.operation(0, 22.0, Tried(BACKUP, 22.0, 22.1))
    made.wrapped(1, dict.fromkeys(REGIONS, "right"))
    listed = every(work_up(made.run()))
    names = [name for name, _ in listed]

    assert len(names) == len(set(names))
    assert {"failover.p95", "availability", "availability(fault)", "integrity(us-east)",
            "response(steady, us-south).p99", "availability(fault, after failover)",
            "availability(unwrap)", "recover"} <= set(names)  # fmt: skip
    for name, found in listed:
        assert value(made, name) == found
        assert render(measure_of(name)) == name


@given(st.lists(st.sampled_from(("ok", "failed", "unknown")), min_size=1, max_size=60))
def test_the_phases_together_hold_every_operation_once(outcomes: list[str]) -> None:
    made = Made()
    for step, outcome in enumerate(outcomes):
        made.operation(0, float(step), Tried(HOME, step, step + 0.1), outcome=outcome)
    whole = value(made, "availability")
    parts = [value(made, f"availability({phase})") for phase in ("steady", "fault", "recovery")]

    assert sum(part.n for part in parts) == whole.n
    assert sum((part.value or 0.0) * part.n for part in parts) == pytest.approx(
        (whole.value or 0.0) * whole.n
    )
