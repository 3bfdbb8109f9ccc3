"""What a request goes through: faults, quota, zone, worker."""

from collections import Counter

import pytest

from chaos.exchange import Answer, Failure
from chaos.service.capacity import Capacity
from chaos.service.conditions import Terms
from chaos.service.held import Held
from tests.service.passage import Clockwork, Passage, status

HOUR = 3600.0


def seen(passage: Passage, requests: int) -> Counter[object]:
    """Statuses and failures of so many calls that are answered at once."""
    found: Counter[object] = Counter()
    for _ in range(requests):
        received = passage.wrap()
        assert not isinstance(received, Held)
        found[received.status if isinstance(received, Answer) else received.kind] += 1
    return found


def test_a_region_without_faults_and_bounds_is_quiet_and_is_so_again() -> None:
    passage = Passage()
    wishes: tuple[dict[str, object], ...] = (
        {"kind": "hang"},
        {"kind": "zone_loss"},
        {"kind": "capacity", "workers": 1, "service": 0.0},
        {"kind": "quota", "rate": 1.0},
        {"kind": "key_disabled"},
        {"kind": "crash"},
    )
    for wish in wishes:
        assert passage.door.conditions.quiet
        passage.faults.inject("fault", wish, passage.now)
        assert not passage.door.conditions.quiet
        passage.faults.heal_all(passage.now)
    assert passage.door.conditions.quiet
    assert status(passage.wrap()) == 200


def test_a_zone_loss_costs_a_third_until_it_is_ejected_and_nothing_after() -> None:
    passage = Passage(Terms(ejects_after=5.0, readmits_after=2.0))
    passage.inject("zone_loss", zone=2)
    assert seen(passage, 300) == {200: 200, "reset": 100}
    assert passage.counts() == (300, 100, 100)
    passage.now += 5.0
    assert seen(passage, 300) == {200: 300}
    passage.faults.heal_all(passage.now)
    assert seen(passage, 300) == {200: 300}
    served = dict(passage.door.zones.served)
    passage.now += 2.0
    assert seen(passage, 300) == {200: 300}
    assert passage.door.zones.served["us-south-2"] == served["us-south-2"] + 100


@pytest.mark.parametrize(("shows", "expected"), [("error", 502), ("reset", "reset")])
def test_a_dead_zone_shows_as_it_was_asked_to(shows: str, expected: object) -> None:
    passage = Passage(Terms(ejects_after=HOUR))
    for zone in (1, 2, 3):
        passage.inject("zone_loss", f"zone {zone}", zone=zone, shows=shows)
    assert seen(passage, 3) == {expected: 3}


def test_what_a_zone_was_serving_when_it_died_is_lost_and_not_carried_out() -> None:
    passage = Passage(Terms(Capacity(workers=9, service=1.0, distribution="constant")))
    held = [passage.ask("POST", "keys", None) for _ in range(3)]
    clock = Clockwork()
    for each in held:
        clock.take(each, passage.now)
    passage.inject("zone_loss", zone=1)
    clock.run(passage.now + 2.0)
    kinds = Counter(type(reply) for _, reply in clock.ended)
    assert kinds == {Answer: 2, Failure: 1}


def test_a_lost_zone_takes_its_workers_with_it() -> None:
    capacity = Capacity(workers=3, service=1.0, distribution="constant")
    passage = Passage(Terms(capacity, ejects_after=0.0))
    passage.inject("zone_loss", zone=1)
    held = [passage.wrap() for _ in range(4)]
    due = [each.until - passage.now for each in held if isinstance(each, Held)]
    assert due == [1.0, 1.0, 2.0, 2.0]


def test_requests_wait_for_a_worker_and_are_carried_out_when_they_have_been_served() -> None:
    passage = Passage(Terms(Capacity(workers=1, service=2.0, distribution="constant")))
    clock, begun = Clockwork(), passage.now
    body = {
        "metadata": {"collectionTotal": 1},
        "resources": [{"name": "new", "extractable": False}],
    }
    for _ in range(3):
        clock.take(passage.ask("POST", "keys", body), begun)
    keys = passage.caller.instance.keys
    for done in (1, 2, 3):
        clock.run(begun + 2.0 * done - 0.001)
        assert len(keys) == done
        clock.run(begun + 2.0 * done)
        assert len(keys) == done + 1
    assert [when - begun for when, _ in clock.ended] == [2.0, 4.0, 6.0]
    # Tokens are another service's work.
    assert status(passage.ask_token()) == 200


def test_who_finds_the_queue_full_is_shed_with_retry_after() -> None:
    passage = Passage()
    passage.inject("capacity", workers=1, service=1.0, queue=1, retry_after=4.0, status=429)
    received = [passage.wrap() for _ in range(3)]
    assert [isinstance(each, Held) for each in received] == [True, True, False]
    shed = received[2]
    assert isinstance(shed, Answer)
    assert (shed.status, shed.headers["retry-after"]) == (429, "4")
    assert passage.counts() == (3, 3, 2)


def test_a_queue_outlives_the_fault_that_made_it() -> None:
    usual = Capacity(workers=1, service=1.0, distribution="constant")
    passage = Passage(Terms(usual))
    clock, begun = Clockwork(), passage.now
    passage.inject("capacity", workers=0, service=1.0, distribution="constant")
    for _ in range(5):
        clock.take(passage.wrap(), begun)
    clock.run(begun + 10.0)
    assert clock.ended == []
    passage.faults.heal_all(begun + 10.0)
    clock.run(begun + 100.0)
    assert [when - begun for when, _ in clock.ended] == [11.0, 12.0, 13.0, 14.0, 15.0]
    assert {reply.status for _, reply in clock.ended if isinstance(reply, Answer)} == {200}


def test_without_a_usual_capacity_nobody_waits_after_the_fault() -> None:
    passage = Passage()
    clock, begun = Clockwork(), passage.now
    passage.inject("capacity", workers=0, service=1.0, distribution="constant")
    for _ in range(5):
        clock.take(passage.wrap(), begun)
    passage.faults.heal_all(begun + 10.0)
    clock.run(begun + 100.0)
    assert [when - begun for when, _ in clock.ended] == [11.0] * 5


def test_slow_requests_keep_the_workers_busy() -> None:
    passage = Passage(Terms(Capacity(workers=1, service=1.0, distribution="constant")))
    passage.inject("slow", latency=5.0)
    held = [passage.wrap() for _ in range(2)]
    assert [each.until - passage.now for each in held if isinstance(each, Held)] == [6.0, 12.0]


def test_a_crash_ends_what_was_under_way_and_everything_that_is_in_memory() -> None:
    passage = Passage(Terms(Capacity(workers=1, service=1.0, distribution="constant")))
    clock = Clockwork()
    clock.take(passage.wrap(), passage.now)
    passage.caller.ok("POST", "import_token", {})
    passage.inject("crash")
    assert isinstance(passage.wrap(), Failure)
    clock.run(passage.now + 1.0)
    passage.faults.heal_all(passage.now + 1.0)
    passage.now += 1.0
    assert passage.caller.instance.import_token is None
    clock.take(passage.wrap(), passage.now)
    clock.run(passage.now + 1.0)
    first, second = (reply for _, reply in clock.ended)
    assert isinstance(first, Failure)
    assert isinstance(second, Answer)
    assert second.status == 200


def test_an_answer_that_is_lost_was_carried_out() -> None:
    passage = Passage()
    passage.inject("answers_lost", operations=["rotate"])
    assert isinstance(passage.ask("POST", f"keys/{passage.key}/actions/rotate"), Failure)
    assert len(passage.caller.instance.keys[passage.key].versions) == 2
    assert passage.counts() == (1, 1, 1)


def test_a_request_that_hangs_was_not_carried_out() -> None:
    passage = Passage()
    passage.inject("hang", operations=["rotate"])
    received = passage.ask("POST", f"keys/{passage.key}/actions/rotate")
    assert isinstance(received, Held)
    assert received.resume(passage.now + HOUR) is None
    assert len(passage.caller.instance.keys[passage.key].versions) == 1


def test_revoked_tokens_are_refused_and_new_ones_taken() -> None:
    passage = Passage()
    passage.now += 10.0
    passage.inject("revoke_tokens")
    assert status(passage.wrap()) == 401
    passage.token = passage.caller.service.iam.issue(passage.caller.identity, passage.now)
    assert status(passage.wrap()) == 200
    assert passage.counts() == (1, 1, 1)


def test_an_iam_outage_spares_those_who_have_a_token() -> None:
    passage = Passage()
    passage.inject("iam_outage")
    assert status(passage.ask_token()) == 503
    assert status(passage.wrap()) == 200
    passage.faults.heal_all(passage.now)
    assert status(passage.ask_token()) == 200


def test_a_fault_of_one_tenant_key_or_operation_spares_the_others() -> None:
    passage = Passage()
    other = passage.caller.create()["id"]
    passage.inject("error", key=passage.key, operations=["wrap"], status=500)
    assert status(passage.wrap()) == 500
    assert status(passage.wrap(other)) == 200
    assert status(passage.ask("GET", f"keys/{passage.key}/metadata")) == 200
    assert passage.counts() == (1, 1, 1)
