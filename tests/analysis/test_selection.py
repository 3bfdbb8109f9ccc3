from dataclasses import replace

import pytest

from chaos.analysis.case import Case, work_up
from chaos.analysis.detours import failover_why
from chaos.analysis.measures import every, measured
from chaos.analysis.selection import Where, attempts_in, operations_in, parse, span
from chaos.scenario.model import Group
from chaos.scenario.objective import Measure
from tests.analysis.made import BACKUP, HOME, REGIONS, Made, Tried, failed_over


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


def two_groups() -> Case:
    """Client 0 is naive and stays away from nobody; client 1 is careful and fails over at once."""
    told = Made()
    told.healthy(0.0, 20.0, every=0.5)
    told.operation(1, 19.0, Tried(HOME, 19.0, 19.1))
    told.operation(0, 21.0, Tried(HOME, 21.0, 21.1, "refused"), Tried(HOME, 21.2, 21.3, "refused"))
    failed_over(told, 1, 25.0)
    run = told.run()
    groups = (Group("naive", 1, "", REGIONS, 1), Group("careful", 1, "", REGIONS, 1))
    clients = replace(run.scenario.clients, groups=groups)
    return work_up(replace(run, scenario=replace(run.scenario, clients=clients)))


@pytest.mark.parametrize(
    ("measure", "naive", "careful"),
    [
        (Measure("availability", ("fault",), None), 0.0, 1.0),
        (Measure("amplification", ("fault",), None), 2.0, 2.0),
        (Measure("unknown_outcomes", ("fault",), None), 0.0, 0.0),
        (Measure("switches", (), "max"), 0.0, 1.0),
    ],
)
def test_a_group_is_measured_by_itself(measure: Measure, naive: float, careful: float) -> None:
    case = two_groups()
    for group, right in (("naive", naive), ("careful", careful)):
        of_group = replace(measure, where=(*measure.where, f"group {group}"))
        assert measured(case, of_group).value == right


def test_the_journeys_of_a_group_are_those_of_its_clients() -> None:
    case = two_groups()
    stuck = measured(case, Measure("failover", ("group naive",), "p95"))
    fled = measured(case, Measure("failover", ("group careful",), "p95"))
    assert (stuck.n, stuck.censored, fled.n, fled.censored) == (1, True, 1, False)
    assert fled.value is not None
    assert fled.value < 1.0
    told = failover_why(case, Measure("failover", ("group naive",), "p95"))
    assert told.text.startswith("client 0 never left us-south")
    assert "1 of 1 client alike" in told.text


def test_every_measure_of_a_group_is_among_those_of_the_report() -> None:
    texts = {text for text, _ in every(two_groups())}
    assert {"availability(group naive)", "availability(fault, group careful)"} <= texts
    assert {"failover(group naive).p95", "switches(group careful).max"} <= texts
