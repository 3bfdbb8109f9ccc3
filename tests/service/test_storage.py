"""The storage seam: what is not kept is not acknowledged, nor told of."""

import pytest

from chaos.service.archive import Record, records
from chaos.service.instance import Instance
from chaos.service.storage import Forgetful
from tests.service.caller import Caller, envelope


class Full(Forgetful):
    """A disk without room until somebody makes some, and what it took since."""

    def __init__(self) -> None:
        self.full = True
        self.kept: list[Record] = []

    def keep(self, instance: Instance, touched: frozenset[str], now: float) -> None:
        if self.full:
            raise OSError("no space left")
        self.kept += records(instance, touched)


@pytest.fixture
def disk(south: Caller) -> Full:
    """The disk of south, which begins full; there is a key from before."""
    south.create()
    full = Full()
    south.service._storage = full
    return full


def fails(south: Caller, method: str, path: str, body: object = None) -> None:
    with pytest.raises(OSError, match="no space left"):
        south.call(method, path, body)


def test_a_region_without_storage_keeps_nothing(south: Caller) -> None:
    assert Forgetful().load(south.instance.entropy) == {}


def test_what_cannot_be_kept_is_not_acknowledged_nor_told_of_until_it_is_kept(
    south: Caller, disk: Full
) -> None:
    (key,) = south.instance.keys
    fails(south, "POST", "keys", envelope({"name": "another", "extractable": False}))
    for _ in range(2):
        fails(south, "GET", "keys")
        fails(south, "POST", f"keys/{key}/actions/wrap")
    disk.full = False
    told = {each["id"] for each in south.ok("GET", "keys")["resources"]}
    assert len(told) == 2
    assert {each.key.id for each in disk.kept if each.key is not None} == told - {key}


def test_a_version_that_was_not_kept_wraps_nothing(south: Caller, disk: Full) -> None:
    (key,) = south.instance.keys
    fails(south, "POST", f"keys/{key}/actions/rotate")
    fails(south, "POST", f"keys/{key}/actions/wrap")
    disk.full = False
    wrapped = south.wrap(key)
    versions = [each.key.newest.id for each in disk.kept if each.key is not None]
    assert versions == [wrapped["keyVersion"]["id"]]


def test_what_belongs_to_no_key_is_not_told_of_either(south: Caller, disk: Full) -> None:
    fails(south, "POST", "key_rings/blue")
    fails(south, "GET", "key_rings")
    disk.full = False
    assert len(south.ok("GET", "key_rings")["resources"]) == 2
    assert [set(each.tenant.rings) for each in disk.kept if each.tenant] == [{"blue"}]


def test_what_failed_is_counted_like_every_other_answer(south: Caller, disk: Full) -> None:
    fails(south, "POST", "key_rings/blue")
    assert south.service.answered["POST", "key_rings/*", 500] == 1


def test_a_refused_stranger_is_refused_as_ever(south: Caller, disk: Full) -> None:
    fails(south, "POST", "key_rings/blue")
    assert south.call("GET", "keys", Authorization="").status == 401


def test_an_instance_is_made_or_removed_once_that_is_kept(south: Caller, disk: Full) -> None:
    before = list(south.service.instances)
    with pytest.raises(OSError, match="no space left"):
        south.service.add_instance("account-1")
    with pytest.raises(OSError, match="no space left"):
        south.service.remove_instance(south.instance.id)
    assert list(south.service.instances) == before
    disk.full = False
    south.ok("POST", "key_rings/blue")
    assert disk.kept[0].tenant is not None
    south.service.remove_instance(south.instance.id)
    assert south.service.instances == {}
    assert disk.kept[-1] == Record(instance=before[0])


def test_what_a_fault_did_or_a_standby_gave_back_is_not_told_of_until_it_is_kept(
    south: Caller, disk: Full
) -> None:
    (key,) = south.instance.keys.values()
    told = [each.written() for each in records(south.instance, {key.id})]
    with pytest.raises(OSError, match="no space left"):
        south.service.keep(south.instance, key.id, south.now)
    fails(south, "GET", "keys")
    with pytest.raises(OSError, match="no space left"):
        south.service.take_back(told, south.now)
    # The records made the tenant anew, which has not forgotten what is to be kept.
    fails(south, "GET", "keys")
    disk.full = False
    south.ok("GET", "keys")
    assert [each.key.id for each in disk.kept if each.key is not None] == [key.id]


def test_a_tenant_that_a_standby_removed_is_there_until_that_is_kept(
    south: Caller, disk: Full
) -> None:
    gone = [Record(instance=south.instance.id).written()]
    with pytest.raises(OSError, match="no space left"):
        south.service.take_back(gone, south.now)
    south.ok("GET", "keys")
    disk.full = False
    south.service.take_back(gone, south.now)
    assert disk.kept == [Record(instance=south.instance.id)]
