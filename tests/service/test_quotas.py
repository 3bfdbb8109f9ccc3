"""Quotas of tenants."""

from chaos.exchange import Answer
from chaos.service.conditions import Terms
from chaos.service.quota import Quota
from chaos.service.tokens import SecretSigner, write_token
from tests.service.caller import regions
from tests.service.passage import Passage, status


def statuses(passage: Passage, requests: int) -> list[int]:
    return [status(passage.wrap()) for _ in range(requests)]


def test_what_is_over_the_quota_is_refused_with_the_time_to_come_back() -> None:
    passage = Passage(Terms(quota=Quota(rate=0.5, burst=3)))
    assert statuses(passage, 5) == [200, 200, 200, 429, 429]
    refused = passage.wrap()
    assert isinstance(refused, Answer)
    assert refused.headers["retry-after"] == "2"
    passage.now += 2.0
    assert statuses(passage, 2) == [200, 429]
    assert status(passage.ask_token()) == 200


def test_tenants_have_quotas_of_their_own_and_strangers_use_up_nobodys() -> None:
    one, two = regions("us-south", tenants=2)
    passage = Passage(Terms(quota=Quota(rate=1.0)), one)
    other = Passage(caller=two)
    other.door = passage.door
    assert statuses(passage, 2) == [200, 429]
    token, foreign = other.token, write_token(SecretSigner(b"another's"), "kid", {})
    for other.token, refused in ((foreign, 401), ("nobody's", 400)):
        assert statuses(other, 3) == [refused] * 3
    other.token = token
    assert statuses(other, 2) == [200, 429]


def test_the_newest_quota_fault_counts_and_the_old_one_is_back_when_it_heals() -> None:
    passage = Passage(Terms(quota=Quota(rate=1000.0, burst=1000)))
    passage.inject("quota", rate=0.001, burst=2)
    assert statuses(passage, 3) == [200, 200, 429]
    assert passage.counts() == (3, 3, 1)
    passage.inject("quota", "none left", rate=0.001, instance=passage.caller.instance.id)
    assert statuses(passage, 2) == [200, 429]
    assert passage.counts() == (3, 3, 1)
    passage.faults.heal("none left", passage.now)
    # The first fault's bucket is as empty as it was.
    assert statuses(passage, 1) == [429]
    passage.faults.heal_all(passage.now)
    assert statuses(passage, 5) == [200] * 5


def test_a_fault_of_another_tenant_is_no_concern() -> None:
    passage = Passage()
    passage.inject("quota", rate=0.001, instance="another")
    assert statuses(passage, 3) == [200] * 3
    assert passage.counts() == (0, 0, 0)


def test_a_quota_may_say_nothing_about_when() -> None:
    passage = Passage()
    passage.inject("quota", rate=0.001, tells=False)
    passage.wrap()
    refused = passage.wrap()
    assert isinstance(refused, Answer)
    assert refused.status == 429
    assert "retry-after" not in refused.headers
