"""The fleet: the same clients in every world, and no client's chance depends on another's."""

from random import Random

import pytest

from chaos.client.call import Call, Credential, Decision, Target, Try, Wiring, Work
from chaos.errors import ScenarioError
from chaos.run.fleet import Supply, fleet, starts
from chaos.run.operate import Member, Sealed
from chaos.scenario.arrivals import arrivals
from tests.run.made import small, world_of

TARGETS = (
    Target("us-south", "http://south", "instance-s", "key-s"),
    Target("us-east", "http://east", "instance-e", "key-e"),
)
CREDENTIAL = Credential("api-key", "http://iam", "token", -1.0, 3600.0)
SUPPLY = Supply(TARGETS, CREDENTIAL, {0: (Sealed("c0", "d0"),), 2: (Sealed("c2", "d2"),)})


class Kept:
    """A client that keeps how it was built."""

    def __init__(self, wiring: Wiring, rng: Random) -> None:
        self.wiring = wiring
        self.draws = [rng.random() for _ in range(3)]

    def begin(self, work: Work, now: float) -> Call:
        raise NotImplementedError

    def decisions(self) -> tuple[Decision, ...]:
        return ()


def built(*overrides: str, seed: int | None = None) -> list[tuple[Member, Kept]]:
    members = fleet(small(*overrides, seed=seed), Kept, SUPPLY, 1000.0)
    return [(each, each.client) for each in members if isinstance(each.client, Kept)]


def test_each_client_is_wired_alike_and_named_by_its_number() -> None:
    clients = [client for _, client in built()]

    assert [each.wiring.name for each in clients] == [f"client-{n:03d}" for n in range(6)]
    assert {each.wiring.targets for each in clients} == {TARGETS}
    assert {each.wiring.epoch for each in clients} == {1000.0}


def test_the_same_seed_draws_the_same_for_each_client_and_another_seed_does_not() -> None:
    first, again, other = ([c.draws for _, c in built(seed=seed)] for seed in (7, 7, 8))

    assert first == again
    assert not set(map(tuple, first)) & set(map(tuple, other))


def test_clients_draw_independently_of_each_other_and_of_how_many_there_are() -> None:
    few, many = ([c.draws for _, c in built(f"clients.count={count}")] for count in (2, 50))

    assert many[:2] == few
    assert len(set(map(tuple, many))) == 50


def test_a_group_keeps_its_policy_and_its_order_of_regions_whoever_plays_the_rest() -> None:
    groups = "{own: {share: 50%, policy: httpx-0.28, regions: [us-east]}, rest: {share: 50%}}"
    members = fleet(small(f"clients.groups={groups}"), Kept, SUPPLY, 1000.0)

    assert [isinstance(each.client, Kept) for each in members] == [False] * 3 + [True] * 3
    rest = [each.client for each in members if isinstance(each.client, Kept)]
    assert {each.wiring.targets for each in rest} == {TARGETS}
    assert [client.draws for client in rest] == [client.draws for _, client in built()][3:]
    step = members[0].client.begin(Work(1, "wrap"), 0.0).step(0.0)
    assert isinstance(step, Try)
    assert step.region == "us-east"


def test_a_group_of_a_preset_that_is_none_is_refused() -> None:
    with pytest.raises(ScenarioError, match=r"Did you mean 'httpx-0\.28'"):
        fleet(small("clients.groups={own: {share: 100%, policy: httpx-0.29}}"), Kept, SUPPLY, 0.0)


def test_each_holds_its_own_data_keys_and_may_hold_none() -> None:
    kept = [member.sealed for member, _ in built()]

    assert kept[0] == [Sealed("c0", "d0")]
    assert kept[1] == []
    assert kept[2] == [Sealed("c2", "d2")]


def test_a_token_lives_as_long_whenever_time_zero_comes() -> None:
    moved = SUPPLY.moved(-57.5)

    assert (moved.credential.issued, moved.credential.expires) == (56.5, 3657.5)
    assert moved.credential.token == CREDENTIAL.token
    assert (moved.targets, moved.sealed) == (SUPPLY.targets, SUPPLY.sealed)


def test_starts_are_the_plans_arrivals_lazily_and_in_due_order() -> None:
    scenario = small("load.rate=1000/s")
    members = [member for member, _ in built()]
    _, world, _ = world_of()
    plan = starts(world, scenario, members)

    read = [next(plan) for _ in range(50)]

    assert [due for due, _ in read] == [each.due for _, each in zip(read, arrivals(scenario))]  # noqa: B905 - the plan is longer
    assert [due for due, _ in read] == sorted(due for due, _ in read)
    for _, program in read:
        program.close()
