from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chaos.analysis import analyse
from chaos.analysis.advice import ADVICE
from chaos.analysis.case import work_up
from chaos.analysis.why import why
from chaos.run.record import Run
from chaos.scenario.model import Fault, Group
from tests.analysis.anything import runs, sharp_rules
from tests.analysis.made import BACKUP, DOWN, HOME, REGIONS, Made, Tried, rule, shuffled
from tests.analysis.passing import RULES, good, verdicts


def test_a_good_run_passes_and_says_so_in_one_sentence() -> None:
    analysis = analyse(good().run())

    assert analysis.verdict == "passed"
    assert all(finding.why == "" for finding in analysis.findings)
    assert analysis.headline == (
        "2 clients lost us-south and failed over to us-east in 120 ms (p95); no data key was lost"
    )
    assert analysis.deficiencies == ()
    assert analysis.t0 == 20.0
    assert [mark.name for mark in analysis.marks] == [
        "detected", "failed_over", "recovered", "failed_back",
    ]  # fmt: skip


def test_a_run_without_objectives_has_not_passed() -> None:
    analysis = analyse(good(()).run())

    assert analysis.verdict == "inconclusive"
    assert "no objective was held against the run" in analysis.headline


def test_a_run_without_one_operation_has_not_passed() -> None:
    analysis = analyse(Made(objectives=RULES).run())

    assert analysis.verdict == "inconclusive"
    assert set(verdicts(analysis).values()) == {"inconclusive"}
    assert all(finding.why for finding in analysis.findings)


def test_an_aborted_run_is_aborted_and_still_shows_what_can_be_computed() -> None:
    made = good()
    made.aborted, made.ended = "stopped by Ctrl-C (SIGINT) 60 s after it was started", 60.0
    analysis = analyse(made.run())

    assert analysis.verdict == "aborted"
    assert verdicts(analysis)["failover.p95 <= rto"] == "passed"
    assert analysis.headline.startswith(
        "Stopped by Ctrl-C (SIGINT) 60 s after it was started, 60 s into the run; until then "
    )


def test_a_run_aborted_in_its_steady_phase_has_nothing_to_say_about_the_fault() -> None:
    made = Made(objectives=RULES, aborted="stopped by SIGTERM", ended=12.0, applied=())
    made.healthy(0.0, 12.0)
    analysis = analyse(made.run())

    assert analysis.verdict == "aborted"
    assert verdicts(analysis)["availability(steady) >= 99%"] == "passed"
    assert verdicts(analysis)["recover <= rto"] == "inconclusive"
    assert analysis.t0 is None
    assert "The run was over before the fault home-down began." in {
        finding.why for finding in analysis.findings
    }
    assert ADVICE["fault without effect"] not in analysis.deficiencies


def test_a_fault_that_bit_nothing_leaves_every_claim_about_it_open() -> None:
    made = Made(objectives=RULES)
    made.healthy(0.0, 60.0)
    made.wrapped(1, dict.fromkeys(REGIONS, "right"))
    analysis = analyse(made.run())
    found = verdicts(analysis)

    assert analysis.verdict == "inconclusive"
    assert found.pop("availability(steady) >= 99%") == "passed"
    assert set(found.values()) == {"inconclusive"}
    assert "no proof that the fault home-down touched anything" in analysis.findings[0].why
    assert ADVICE["fault without effect"] in analysis.deficiencies


def test_one_of_two_faults_without_effect_is_enough_to_leave_a_claim_open() -> None:
    made = good()
    made.faults = (DOWN, Fault("never-bites", "timeout", "wire", BACKUP, 41.0, 1.0))
    made.objectives = ("failover.p95 <= rto",)

    assert analyse(made.run()).verdict == "inconclusive"


def test_a_wrong_plaintext_fails_the_run_whether_or_not_the_fault_bit() -> None:
    made = Made(objectives=("wrong_plaintext == 0",))
    made.healthy(0.0, 60.0)
    made.wrapped(1, {HOME: "right", BACKUP: "wrong"})

    assert analyse(made.run()).verdict == "failed"


def test_a_censored_value_below_its_limit_says_how_long_it_was_watched() -> None:
    made = Made(objectives=("failover.max <= 15s",))
    made.healthy(0.0, 20.0)
    made.operation(1, 30.0, Tried(HOME, 30.0, 30.001, "refused"))
    (finding,) = analyse(made.run()).findings

    assert finding.verdict == "inconclusive"
    assert finding.why.startswith("It was watched for 10 s only, which does not decide 15 s: ")


def test_each_cause_is_advised_on_once() -> None:
    made = Made(objectives=("failover.p50 <= rto", "failover.p95 <= rto", "failover.max <= rto"))
    made.healthy(0.0, 20.0)
    made.failing(20.0, 40.0, every=0.1)
    analysis = analyse(made.run())

    assert analysis.deficiencies == (ADVICE["no backup tried"],)
    assert analysis.headline == (
        "1 client lost us-south and none failed over: none of 200 operations due in the fault "
        "ended ok; the data keys were not audited"
    )


HISTORY = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.floats(0.0, 59.0),
        st.sampled_from(REGIONS),
        st.sampled_from((200, 429, 503, "refused", "read_timeout", "cancelled")),
        st.booleans(),
    ),
    max_size=60,
)


def told(history: list[tuple[int, float, str, int | str, bool]]) -> Made:
    made = Made(objectives=RULES)
    for client, due, region, came, goes_on in history:
        tries = [Tried(region, due, due + 0.01, came)]
        if goes_on:
            tries.append(Tried(BACKUP, due + 0.2, due + 0.23, 200, "failover"))
        made.operation(client, due, *tries)
    return made


@settings(max_examples=25)
@given(HISTORY, st.integers(0, 2**32))
def test_the_order_of_the_records_changes_nothing(
    history: list[tuple[int, float, str, int | str, bool]], seed: int
) -> None:
    run = told(history).run()

    assert analyse(shuffled(run, seed)) == analyse(run)


@settings(max_examples=40)
@given(HISTORY)
def test_whatever_happened_every_finding_that_is_not_passed_says_why(
    history: list[tuple[int, float, str, int | str, bool]],
) -> None:
    analysis = analyse(told(history).run())
    numbers = set(range(len(history)))

    for finding in analysis.findings:
        assert (finding.verdict == "passed") == (finding.why == "")
        assert set(finding.records) <= numbers
        if finding.measured.value is None:
            assert finding.verdict == "inconclusive"
    assert analysis.headline


@settings(max_examples=30)
@given(HISTORY, st.floats(0.0, 59.0))
def test_a_run_cut_off_anywhere_is_aborted_and_analysed(
    history: list[tuple[int, float, str, int | str, bool]], cut: float
) -> None:
    run = told(history).run()
    operations = run.operations[run.operations["ended"] <= cut]
    attempts = run.attempts[run.attempts["ended"] <= cut]
    changes = tuple(each for each in run.changes if each.took_effect <= cut)
    short = replace(run, operations=operations, attempts=attempts, changes=changes, ended=cut,
                    aborted="killed")  # fmt: skip

    assert analyse(short).verdict == "aborted"


def test_advice_names_the_groups_that_it_is_for() -> None:
    made = Made()
    made.healthy(0.0, 20.0, client=0)
    made.healthy(0.0, 20.0, client=1)
    made.failing(20.0, 40.0, client=0)
    made.failing(20.0, 40.0, client=1)
    made.objectives = ("failover.p95 <= 5s",)
    run = made.run()
    groups = (Group("naive", 1, "", REGIONS, 1), Group("careful", 1, "", REGIONS, 1))
    clients = replace(run.scenario.clients, groups=groups)

    def advised(*names: str) -> list[str]:
        asked = tuple(
            replace(each, measure=replace(each.measure, where=(f"group {name}",) if name else ()))
            for each in run.scenario.objectives
            for name in names
        )
        scenario = replace(run.scenario, clients=clients, objectives=asked)
        return [each[:40] for each in analyse(replace(run, scenario=scenario)).deficiencies]

    assert advised("naive") == ["Group naive: Give the clients the backup"]
    assert advised("careful", "naive") == ["Groups careful and naive: Give the clien"]
    assert advised("naive", "") == ["Give the clients the backup root key: it"]


def analysed(run: Run) -> None:
    """Analyse a run, and have every measure told about although its rule may have held."""
    for finding in analyse(run).findings:
        assert (finding.verdict == "passed") == (not finding.why)
        assert finding.measured.value is None or finding.measured.value >= 0.0
    case = work_up(run)
    for text in sharp_rules():
        assert why(case, rule(text).measure).text


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(runs())
def test_no_run_is_too_odd_to_be_analysed(run: Run) -> None:
    analysed(run)


@pytest.mark.slow
@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(runs())
def test_no_run_of_very_many_is_too_odd_to_be_analysed(run: Run) -> None:
    analysed(run)
