"""One tenant: what it finds, forgets and notes as touched."""

from random import Random

import pytest

from chaos.service.instance import Alias, Instance, Registration, new_id
from chaos.service.keys import PURGED_AFTER, Key, State
from tests.service.caller import refusal_of


def tenant(*names: str) -> Instance:
    made = Instance("instance", "account", "us-south", Random(1).randbytes)
    for name in names:
        key = Key(
            name,
            name,
            extractable=False,
            imported=False,
            ring="default",
            created=0.0,
            created_by="me",
            versions=[made.new_version(0.0)],
            aliases=[f"alias-of-{name}"],
        )
        made.add(key)
        made.aliases[f"alias-of-{name}"] = Alias(f"alias-of-{name}", name, 0.0, "me")
    made.touched.clear()
    return made


def test_a_key_is_found_by_id_and_by_alias_and_in_its_ring() -> None:
    instance = tenant("one")
    assert instance.find("one", "", 0.0) is instance.find("alias-of-one", "default", 0.0)
    for name, ring in (("two", ""), ("alias-of-two", ""), ("one", "blue")):
        refused = refusal_of(lambda name=name, ring=ring: instance.find(name, ring, 0.0))  # type: ignore[misc] # bound now
        assert refused is not None
        assert refused.code == "KEY_NOT_FOUND_ERR"


def test_what_time_purged_is_forgotten_with_its_alias_and_noted() -> None:
    instance = tenant("one", "two")
    instance.registrations.append(Registration("one", "crn", 0.0, "me"))
    key = instance.keys["one"]
    key.delete("me", 0.0)
    assert [k.id for k in instance.settled_keys(PURGED_AFTER - 1)] == ["one", "two"]
    assert [k.id for k in instance.settled_keys(PURGED_AFTER)] == ["two"]
    assert instance.touched == {"one"}
    assert "alias-of-one" not in instance.aliases
    assert instance.registrations == []


def test_what_time_changed_is_noted() -> None:
    instance = tenant("one")
    instance.keys["one"].expires = 10.0
    instance.find("one", "", 9.0)
    assert instance.touched == set()
    assert instance.find("one", "", 10.0).state is State.DEACTIVATED
    assert instance.touched == {"one"}


def test_names_of_resources_have_ten_parts() -> None:
    instance = tenant()
    for crn in (instance.crn(), instance.crn("key", "k"), instance.crn("policy", "p")):
        assert len(crn.split(":")) == 10
    assert instance.crn("key", "k").endswith(":instance:key:k")


def test_ids_are_random_uuids() -> None:
    made = {new_id(Random(seed).randbytes) for seed in range(20)}
    assert len(made) == 20
    assert {each[14] for each in made} == {"4"}


@pytest.mark.parametrize("shown", [repr, str])
def test_no_material_is_shown(shown: object) -> None:
    instance = tenant("one")
    text = shown(instance)  # type: ignore[operator] # one of two functions
    assert str(instance.keys["one"].newest.material) not in text
    assert "randbytes" not in text
