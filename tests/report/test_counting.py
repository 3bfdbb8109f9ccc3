from dataclasses import replace

import numpy as np
import pytest

from chaos.analysis import analyse
from chaos.report import counting
from chaos.run.record import NOWHERE
from chaos.scenario.model import Group
from tests.analysis.made import BACKUP, HOME, Made, Tried
from tests.report import made


def test_phases_and_the_whole_run_count_the_same_operations() -> None:
    run = made.run(made.Toy(fails_over=False))
    *phases, whole = counting.phases(run, analyse(run))
    assert [row.phase for row in phases] == ["steady", "fault", "recovery"]
    for name in ("due", "ok", "failed", "unknown"):
        assert sum(getattr(row, name) for row in phases) == getattr(whole, name)
    assert whole.due == len(run.operations)
    assert whole.attempts == len(run.attempts)
    # What is sent after the plan's end belongs to no phase, but to the run.
    late = int((run.attempts["sent"] >= 70.0).sum())
    assert sum(row.attempts for row in phases) == whole.attempts - late


def test_the_shares_and_times_of_a_phase_are_those_of_the_analysis() -> None:
    run = made.run()
    analysis = analyse(run)
    measures = dict(analysis.measures)
    fault = counting.phases(run, analysis)[1]
    assert fault.availability == measures["availability(fault)"].value == fault.ok / fault.due
    assert fault.amplification == measures["amplification(fault)"].value
    assert fault.server_amplification == measures["server_amplification(fault)"].value
    assert fault.response_p99 == measures["response(fault).p99"].value
    assert fault.goodput == measures["goodput(fault)"].value


def test_an_empty_run_has_phases_without_values() -> None:
    run = made.empty()
    for row in counting.phases(run, analyse(run)):
        assert row.due == row.attempts == 0
        assert row.availability is None
        assert row.response_p50 is None


def test_every_attempt_is_in_one_row_of_answers() -> None:
    run = made.run()
    rows = counting.answers(run)
    assert sum(row.attempts for row in rows) == len(run.attempts)
    assert {row.answer for row in rows} == {"HTTP 200", "refused"}
    for region in made.REGIONS:
        assert sum(row.share for row in rows if row.region == region) == pytest.approx(1.0)


def test_attempts_outside_the_regions_went_to_the_token_service() -> None:
    attempts = made.run().attempts.copy()
    attempts["region"][:3] = NOWHERE
    run = replace(made.run(), attempts=attempts)
    assert counting.answers(run)[-1].region == "token service"


def test_waits_are_observed_from_the_end_of_the_attempt_before() -> None:
    run = made.run(made.Toy(fails_over=False))
    rows = {row.attempt: row for row in counting.backoffs(run)}
    assert sorted(rows) == [2, 3]
    assert rows[2].asked_p50 == rows[2].asked_longest == 1.0
    assert rows[3].observed_p50 == pytest.approx(2.0)
    assert counting.backoffs(made.empty()) == ()


def test_the_order_of_attempts_on_disk_does_not_matter() -> None:
    run = made.run()
    shuffled = np.random.default_rng(1).permutation(run.attempts)
    assert counting.backoffs(replace(run, attempts=shuffled)) == counting.backoffs(run)


def test_decisions_are_condensed_by_kind_in_order_of_their_first_time() -> None:
    rows = counting.decisions(made.run())
    assert [(row.kind, row.towards) for row in rows] == [
        ("failover", "us-east"),
        ("failback", "us-south"),
    ]
    assert rows[0].clients == 60
    assert rows[0].first <= rows[0].last < rows[1].first
    assert rows[0].why == "2 refused in a row"


def test_integrity_is_counted_by_region_and_key_version() -> None:
    run = made.run()
    rows = counting.integrity(run)
    assert [row.region for row in rows] == ["us-east", "us-south"]
    assert all(row.right == row.audited == len(run.ledger) for row in rows)


def test_a_phase_that_an_aborted_run_did_not_reach_has_no_row() -> None:
    told = made.told("aborted")
    assert [row.phase for row in told.phases] == ["steady"]
    assert all(row.starts < row.ends for row in told.phases)


def test_each_group_is_a_row_and_together_they_are_the_run() -> None:
    run = made.run(made.Toy(fails_over=False))
    regions = run.scenario.clients.regions
    groups = (Group("few", 20, "httpx-0.28", regions, 1), Group("many", 40, "", regions, 1))
    clients = replace(run.scenario.clients, groups=groups)
    mixed = replace(run, scenario=replace(run.scenario, clients=clients))
    few, many = counting.groups(mixed, analyse(mixed))
    assert (few.group, few.clients, few.policy) == ("few", 20, "httpx-0.28")
    assert (many.group, many.clients, many.policy) == ("many", 40, run.policy)
    assert few.due + many.due == len(run.operations)
    assert few.failover_censored
    assert few.availability_in_fault == 0.0
    assert counting.groups(run, analyse(run)) == ()


def test_a_hedge_has_waited_since_the_attempt_beside_it_was_sent() -> None:
    hedging = Made()
    hedging.operation(
        0, 21.0, Tried(HOME, 21.0, 23.0, "read_timeout"), Tried(BACKUP, 21.2, 21.3, 200, "hedge")
    )
    hedging.operation(
        1, 21.0, Tried(HOME, 21.0, 21.5, "reset"), Tried(BACKUP, 21.4, 21.6, 200, "failover")
    )
    rows = {row.why: row for row in counting.backoffs(hedging.run())}

    assert rows["hedge"].observed_p50 == pytest.approx(0.2)
    assert rows["failover"].observed_p50 == 0.0
