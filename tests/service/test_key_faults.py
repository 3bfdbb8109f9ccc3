"""Keys that somebody deleted or disabled, and that are given back."""

import pytest

from chaos.errors import ScenarioError
from chaos.service.keys import PURGED_AFTER
from tests.service.caller import Caller
from tests.service.passage import Passage, status


@pytest.mark.parametrize(("kind", "refused"), [("key_deleted", 410), ("key_disabled", 409)])
def test_a_key_is_refused_until_the_fault_heals_and_then_opens_what_it_wrapped(
    kind: str, refused: int
) -> None:
    passage = Passage()
    sealed = passage.caller.wrap(passage.key)
    passage.inject(kind, key=passage.key)
    assert status(passage.wrap()) == refused
    assert passage.counts() == (1, 1, 1)
    passage.faults.heal("fault", passage.now + 1.0)
    passage.caller.now += 1.0
    opened = passage.caller.unwrap(passage.key, sealed["ciphertext"])
    assert opened["plaintext"] == sealed["plaintext"]
    assert status(passage.wrap()) == 200


def test_it_is_one_key_by_id_or_alias_or_every_root_key() -> None:
    passage = Passage()
    other = passage.caller.create(aliases=["ledger"])["id"]
    passage.inject("key_disabled", key="ledger")
    assert status(passage.wrap()) == 200
    assert status(passage.wrap(other)) == 409
    assert passage.counts() == (1, 1, 1)
    passage.inject("key_disabled", name="every")
    assert status(passage.wrap()) == 409
    passage.faults.heal_all(passage.now)
    assert status(passage.wrap()) == status(passage.wrap(other)) == 200


def test_without_a_key_it_is_a_mistake_and_nothing_is_in_force() -> None:
    passage = Passage()
    for fields in ({"key": "none"}, {"instance": "none"}):
        with pytest.raises(ScenarioError, match="no live root key"):
            passage.inject("key_deleted", **fields)
    assert not passage.faults.by_name
    assert passage.door.conditions.quiet


def test_what_somebody_else_did_meanwhile_stays_done() -> None:
    passage = Passage()
    caller = passage.caller
    deleted = caller.create()["id"]
    passage.inject("key_disabled")
    caller.ok("DELETE", f"keys/{deleted}")
    caller.now += 31.0
    caller.act(passage.key, "enable")
    passage.faults.heal("fault", caller.now)
    assert caller.key(deleted)["state"] == 5
    assert caller.key(passage.key)["state"] == 1


def test_a_key_that_is_gone_when_the_fault_heals_stays_gone() -> None:
    passage = Passage()
    passage.inject("key_deleted")
    passage.faults.heal("fault", passage.now + PURGED_AFTER)
    passage.caller.now += PURGED_AFTER
    path = f"keys/{passage.key}/metadata"
    assert passage.caller.refused("GET", path) == "404 KEY_NOT_FOUND_ERR"


def test_a_fault_is_kept_like_any_change(south: Caller) -> None:
    kept: list[int] = []
    passage = Passage(caller=south)
    south.service.keep = lambda *_: kept.append(1)  # type: ignore[method-assign]  # counts
    passage.inject("key_deleted")
    passage.faults.heal_all(passage.now)
    assert kept == [1, 1]
