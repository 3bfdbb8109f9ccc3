"""Provider-side failover: what a standby knows, and when."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.errors import ScenarioError
from chaos.service.api import KeyService
from chaos.service.front_door import FrontDoor
from chaos.service.replication import CROSS_REGION_PLAN, Outbox, Standby
from chaos.service.storage import Forgetful
from tests.service.caller import EPOCH, Caller, regions, rsa_key
from tests.service.passage import Passage, status

LAG = 60.0


class Pair:
    """A region on the cross-region plan and its standby, both behind one token."""

    def __init__(self, plan: str = CROSS_REGION_PLAN) -> None:
        (self.south,) = regions("us-south")
        service, iam = self.south.service, self.south.service.iam
        outbox = Outbox(Forgetful())
        service._storage = outbox
        self.south.instance.plan = plan
        own = Outbox(Forgetful())
        other = KeyService(
            "us-south", iam=iam, entropy=Random(2).randbytes, rsa_key=rsa_key, storage=own
        )
        self.standby = Standby(
            other,
            own,
            LAG,
            source=lambda after, _: outbox.changes(after, service.instances),
            returned=lambda changes, now: service.take_back([c.record for c in changes], now),
        )
        self.door = FrontDoor(other, standby=self.standby)
        self.there = Passage(caller=self.south)
        self.there.door, self.there.faults = self.door, self.door.faults

    @property
    def now(self) -> float:
        return self.south.now

    def pass_by(self, seconds: float) -> None:
        self.south.now += seconds
        self.there.now = self.south.now

    def fail_over(self, **fields: object) -> None:
        self.there.faults.inject("fault", {"kind": "provider_failover", **fields}, self.now)

    def fail_back(self) -> None:
        self.there.faults.heal("fault", self.now)


def test_a_standby_serves_nobody_before_the_provider_fails_over() -> None:
    pair = Pair()
    pair.pass_by(LAG)
    assert status(pair.there.wrap()) == 503
    pair.fail_over()
    assert status(pair.there.wrap()) == 200
    pair.fail_back()
    assert status(pair.there.wrap()) == 503


def test_a_version_that_was_just_made_is_missing_inside_the_lag_and_there_after_it() -> None:
    pair = Pair()
    key = pair.there.key
    pair.pass_by(2 * LAG)
    old = pair.south.wrap(key)
    pair.south.act(key, "rotate")
    fresh = pair.south.wrap(key)
    pair.pass_by(LAG - 1.0)
    pair.fail_over(read_only=10 * LAG)

    def unwrap(sealed: str) -> int:
        return status(pair.there.ask("POST", f"keys/{key}/actions/unwrap", {"ciphertext": sealed}))

    assert unwrap(old["ciphertext"]) == 200
    assert unwrap(fresh["ciphertext"]) == 422
    pair.pass_by(1.0)
    assert unwrap(fresh["ciphertext"]) == 200
    assert unwrap(old["ciphertext"]) == 200


def test_a_key_that_was_just_disabled_still_works_inside_the_lag_and_not_after_it() -> None:
    pair = Pair()
    pair.pass_by(2 * LAG)
    pair.south.act(pair.there.key, "disable")
    pair.fail_over(read_only=10 * LAG)
    assert status(pair.there.wrap()) == 200
    pair.pass_by(LAG)
    assert status(pair.there.wrap()) == 409


def test_what_was_on_its_way_may_be_lost() -> None:
    pair = Pair()
    pair.pass_by(2 * LAG)
    pair.south.act(pair.there.key, "disable")
    pair.fail_over(loses=True)
    pair.pass_by(10 * LAG)
    assert status(pair.there.wrap()) == 200
    # The primary never lost it, so it is there again after the fail-back, and at the next failover.
    pair.fail_back()
    assert pair.south.key(pair.there.key)["state"] == 2
    pair.fail_over()
    assert status(pair.there.wrap()) == 409


@pytest.mark.parametrize("refused", [409, 503])
def test_at_first_nothing_is_changed_and_then_everything_may_be(refused: int) -> None:
    pair = Pair()
    pair.pass_by(LAG)
    pair.fail_over(read_only=600.0, status=refused)
    rotate = ("POST", f"keys/{pair.there.key}/actions/rotate")
    assert status(pair.there.ask(*rotate)) == refused
    assert status(pair.there.wrap()) == 200
    assert status(pair.there.ask("GET", "keys")) == 200
    pair.pass_by(600.0)
    assert status(pair.there.ask(*rotate)) == 204


def test_what_changed_at_the_standby_is_at_the_primary_after_the_fail_back() -> None:
    pair = Pair()
    key = pair.there.key
    pair.pass_by(LAG)
    pair.fail_over()
    sealed = pair.south.wrap(key)
    pair.pass_by(1.0)
    assert status(pair.there.ask("POST", f"keys/{key}/actions/rotate")) == 204
    pair.fail_back()
    pair.south.instance = pair.south.service.instances[pair.south.instance.id]
    assert len(pair.south.instance.keys[key].versions) == 2
    assert pair.south.unwrap(key, sealed["ciphertext"])["plaintext"] == sealed["plaintext"]


def test_a_late_word_of_the_primary_does_not_undo_what_was_changed_since() -> None:
    pair = Pair()
    key = pair.there.key
    pair.pass_by(2 * LAG)
    pair.south.act(key, "rotate")
    pair.fail_over()
    assert status(pair.there.ask("POST", f"keys/{key}/actions/disable")) == 204
    pair.pass_by(2 * LAG)
    assert status(pair.there.wrap()) == 409


def test_an_instance_on_another_plan_is_not_there() -> None:
    pair = Pair("tiered-pricing")
    pair.pass_by(2 * LAG)
    pair.fail_over()
    assert status(pair.there.wrap()) == 401


def test_only_a_standby_can_fail_over() -> None:
    with pytest.raises(ScenarioError, match="only a standby"):
        Passage().inject("provider_failover")


def test_every_request_that_a_standby_serves_is_proof() -> None:
    pair = Pair()
    pair.pass_by(LAG)
    pair.fail_over()
    pair.there.wrap()
    pair.there.wrap()
    assert pair.there.counts() == (2, 2, 2)


def test_nothing_is_remembered_before_somebody_asks_nor_beyond_what_was_asked(
    south: Caller,
) -> None:
    outbox = Outbox(Forgetful())
    south.service._storage = outbox
    south.instance.plan = CROSS_REGION_PLAN
    south.create()
    assert outbox.stop() == []
    instances = south.service.instances
    everything = outbox.changes(0, instances)
    assert {each.number for each in everything} == {1}
    south.create()
    told = outbox.changes(1, instances)
    assert [each.at for each in told] == [EPOCH, EPOCH]
    assert outbox.changes(told[-1].number, instances) == []
    # A number that was never given: the asker has seen another life of this region.
    assert outbox.changes(99, instances)[0].record == b""


Steps = st.lists(
    st.tuples(st.floats(1.0, 100.0), st.sampled_from(["rotate", "disable", "enable", "create"])),
    max_size=12,
)


@given(Steps, st.floats(0.0, 200.0))
def test_the_standby_is_the_primary_as_it_was_the_lag_before(
    steps: list[tuple[float, str]], later: float
) -> None:
    pair = Pair()
    history: list[tuple[float, dict[str, tuple[int, int]]]] = []

    def note() -> None:
        keys = pair.south.instance.keys.values()
        history.append((pair.now, {k.id: (int(k.state), len(k.versions)) for k in keys}))

    pair.pass_by(2 * LAG)
    pair.standby.settle(pair.now)
    note()
    for seconds, step in steps:
        pair.pass_by(seconds * 60)
        if step == "create":
            pair.south.create()
        else:
            pair.south.call("POST", f"keys/{pair.there.key}/actions/{step}")
        pair.standby.settle(pair.now - 1e-3)
        note()
    now = pair.now + later
    pair.standby.settle(now)
    expected = [state for at, state in history if at + LAG <= now or at == history[0][0]][-1]
    there = pair.standby.service.instances[pair.south.instance.id].keys.values()
    assert {k.id: (int(k.state), len(k.versions)) for k in there} == expected
