from dataclasses import replace

from chaos.analysis import analyse
from chaos.analysis.advice import ADVICE
from chaos.analysis.advising import forgets
from chaos.analysis.case import work_up
from chaos.run.record import Run
from chaos.scenario.model import Clients, Group
from tests.analysis.made import BACKUP, HOME, REGIONS, Made, Tried, failed_over


def hasty(came: int | str = "refused") -> Made:
    """A client that fails over at once, and asks the dead region first with every call."""
    made = Made(clients=1, objectives=("amplification <= 1.2",))
    made.healthy(0.0, 20.0, every=0.1)
    for step in range(200):
        due = 20.0 + step / 10
        if came == 429 and step % 3:
            made.operation(0, due, Tried(HOME, due, due + 0.001))
            continue
        attempts = [
            Tried(HOME, due, due + 0.001, came),
            Tried(HOME, due + 0.001, due + 0.002, came, "retry"),
        ]
        made.operation(0, due, *attempts, Tried(BACKUP, due + 0.003, due + 0.02, 200, "failover"))
    return made


def grouped(made: Made) -> Run:
    """The same run by two groups: client 0 is careful, client 1 naive."""
    run = made.run()
    groups = tuple(
        Group(name, 1, policy, REGIONS, 1)
        for name, policy in (("careful", ""), ("naive", "key-protect-docs"))
    )
    clients = Clients(2, "recommended", REGIONS, 1, groups)
    return replace(run, scenario=replace(run.scenario, clients=clients))


def test_who_asks_a_dead_region_with_every_call_is_told_of_a_breaker() -> None:
    (advice,) = analyse(hasty().run()).deficiencies

    assert advice == ADVICE["asks the dead region first"]
    assert "breaker" in advice


def test_a_region_that_throttles_is_no_dead_one() -> None:
    assert forgets(work_up(hasty().run()))
    assert not forgets(work_up(hasty(429).run()))


def test_advice_is_for_the_group_whose_clients_need_it() -> None:
    made = Made(objectives=("failover.max <= rto",))
    made.healthy(0.0, 20.0)
    failed_over(made, 0, 21.0)
    made.failing(21.0, 40.0, client=1, every=0.1)
    analysis = analyse(grouped(made))

    assert analysis.deficiencies == (f"Group naive: {ADVICE['no backup tried']}",)
    assert "1 of 2 clients alike, all of group naive" in analysis.findings[0].why


def test_advice_that_all_groups_need_names_none() -> None:
    made = Made(objectives=("failover.max <= rto",))
    made.healthy(0.0, 20.0)
    for client in (0, 1):
        made.failing(21.0, 40.0, client=client, every=0.1)

    assert analyse(grouped(made)).deficiencies == (ADVICE["no backup tried"],)


def test_a_fault_where_nobody_called_is_told_as_that() -> None:
    down = replace(Made().faults[0], name="aside", target=BACKUP)
    made = Made(faults=(down,), objectives=("failover.max <= rto",))
    made.healthy(0.0, 60.0, every=0.1)
    analysis = analyse(made.run())

    assert analysis.findings[0].why == (
        "There is no proof that the fault aside touched anything: "
        "no client sent anything to us-east while it lasted."
    )
    assert analysis.deficiencies == (ADVICE["fault aside"],)
