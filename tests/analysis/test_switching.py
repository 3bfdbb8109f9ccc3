from dataclasses import replace

import pytest

from chaos.analysis.case import work_up
from chaos.analysis.evidence import gather
from chaos.analysis.measures import measured
from chaos.analysis.switching import switches, token_requests
from chaos.scenario.model import Group
from tests.analysis.made import BACKUP, HOME, REGIONS, Made, Tried, measure_of


def test_a_client_switches_with_each_failover_and_failback_that_it_decides() -> None:
    made = Made(clients=3)
    made.healthy(0.0, 1.0)
    for client, at in ((0, 21.0), (1, 21.5), (1, 30.0)):
        made.decided(client, "failover", at, BACKUP, HOME)
    made.decided(0, "failback", 45.0, HOME, BACKUP)
    made.decided(2, "breaker_opened", 21.0, HOME)
    made.decided(2, "probe", 22.0, HOME)

    assert switches(gather(made.run())).tolist() == [2, 2, 0]
    assert measured(work_up(made.run()), measure_of("switches.max")).value == 2
    assert measured(work_up(made.run()), measure_of("switches.p50")).n == 3


def test_a_client_that_tells_no_decisions_is_seen_by_where_it_is_served() -> None:
    made = Made(clients=2)
    for at, region in ((1.0, HOME), (21.0, BACKUP), (22.0, BACKUP), (45.0, HOME)):
        made.operation(0, at, Tried(region, at, at + 0.01))
    made.operation(1, 21.0, Tried(BACKUP, 21.0, 21.01, 503))
    made.operation(1, 22.0, Tried(HOME, 22.0, 22.01))

    assert switches(gather(made.run())).tolist() == [2, 0]


def test_a_group_that_tells_no_decisions_is_seen_although_another_tells_them() -> None:
    made = Made(clients=3)
    for at in range(60):
        region = HOME if at % 2 else BACKUP
        made.operation(2, float(at), Tried(region, at, at + 0.01))
    made.operation(1, 5.0, Tried(HOME, 5.0, 5.01))
    made.decided(0, "failover", 30.0, BACKUP, HOME)
    run = made.run()
    groups = tuple(Group(name, count, "", REGIONS, 1) for name, count in (("a", 2), ("b", 1)))
    clients = replace(run.scenario.clients, groups=groups)
    run = replace(run, scenario=replace(run.scenario, clients=clients))

    assert switches(gather(run)).tolist() == [1, 0, 59]


def test_token_requests_are_counted_by_client_whoever_asked_for_them() -> None:
    made = Made(clients=2)
    number = made.operation(1, 5.0, Tried(HOME, 5.1, 5.2))
    made.attempt(1, number, 1, Tried("iam", 5.0, 5.05, 200, "refresh"))
    made.attempt(1, number, 2, Tried("iam", 5.05, 5.1, 503, "refresh"))
    counts = token_requests(gather(made.run()))

    assert counts.tolist() == [0, 2]
    assert measured(work_up(made.run()), measure_of("token_requests.max")).value == pytest.approx(2)
