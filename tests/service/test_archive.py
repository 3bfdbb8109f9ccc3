"""What is kept of a region gives the same region again."""

from hypothesis import given
from hypothesis import strategies as st

from chaos.service.archive import records, restored
from chaos.service.instance import Instance
from tests.service.caller import MATERIAL, Caller, envelope, regions


class Kept:
    """A storage in memory that keeps what a disk would."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def load(self, entropy: object) -> dict[str, Instance]:
        return {}

    def keep(self, instance: Instance, touched: frozenset[str], now: float) -> None:
        self.lines += [record.written() for record in records(instance, touched)]


def keeping() -> tuple[Caller, Kept]:
    (south,) = regions("us-south")
    kept = Kept()
    south.service._storage = kept
    return south, kept


def again(south: Caller, kept: Kept) -> None:
    """The region dies and comes back from what was kept."""
    south.service.instances = restored(kept.lines, south.instance.entropy)
    south.instance = south.service.instances[south.instance.id]


def test_a_region_that_was_kept_answers_as_before() -> None:
    south, kept = keeping()
    south.ok("POST", "key_rings/blue")
    root = south.create(payload=MATERIAL, ring="blue", aliases=["ledger"], tags=["one"])["id"]
    standard = south.create(extractable=True)["id"]
    policy = {"type": "p", "rotation": {"interval_month": 2}}
    south.ok("PUT", f"keys/{south.create()['id']}/policies", envelope(policy))
    metrics = {"policy_type": "metrics", "policy_data": {"enabled": True}}
    south.ok("PUT", "instance/policies", envelope(metrics))
    profile = {"profile": "native_1.0", "profile_data": {"crk_id": root}}
    south.ok("POST", "kmip_adapters", envelope({"name": "vmware", **profile}))
    south.call("DELETE", f"keys/{standard}")
    paths = ("keys?state=1,5", "key_rings", "instance/policies", "kmip_adapters", "keys/ledger")
    wrapped = south.wrap(root)
    before = [south.ok("GET", path) for path in paths]
    again(south, kept)
    assert [south.ok("GET", path) for path in paths] == before
    assert south.unwrap(root, wrapped["ciphertext"])["plaintext"] == wrapped["plaintext"]


@given(st.lists(st.sampled_from(["create", "rotate", "disable", "enable", "delete", "purge"])))
def test_after_every_step_no_version_is_missing(steps: list[str]) -> None:
    south, kept = keeping()
    key = south.create()["id"]
    for step in steps:
        south.now += 5 * 3600
        if step == "create":
            key = south.create()["id"]
        elif step in ("delete", "purge"):
            south.call("DELETE", f"keys/{key}" + "/purge" * (step == "purge"))
        else:
            south.call("POST", f"keys/{key}/actions/{step}")
        lived = south.instance
        again(south, kept)
        assert south.instance.keys.keys() == lived.keys.keys()
        for name, old in lived.keys.items():
            new = south.instance.keys[name]
            assert [v.material for v in new.versions] == [v.material for v in old.versions]
            assert (new.state, new.changed, new.deleted) == (old.state, old.changed, old.deleted)


def test_an_instance_that_was_removed_is_not_there_again() -> None:
    south, kept = keeping()
    south.create()
    south.service.remove_instance(south.instance.id)
    assert restored(kept.lines, south.instance.entropy) == {}
