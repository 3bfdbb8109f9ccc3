"""The twin beside a small model of it, through any sequence of calls by two tenants in two regions.

The model knows only what a user was told: which keys exist in which state, what material each
version has, and which data keys were acknowledged. It predicts every status, and after every step
everything that was acknowledged must still open wherever equal material is, and nowhere else.
"""

from base64 import b64encode
from dataclasses import dataclass
from typing import Any

import orjson
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from tests.service.caller import Caller, envelope, regions

ACTIVE, SUSPENDED, DESTROYED = 1, 2, 5
MATERIALS = [bytes([number]) * 32 for number in range(1, 5)]
LONG = 3601.0


@dataclass
class Modelled:
    """A key as its owner knows it. ``materials`` are None where the service drew them."""

    caller: Caller
    id: str
    imported: bool
    materials: list[object]
    state: int = ACTIVE
    before: int = ACTIVE
    rotated: float = -LONG
    changed: float = -LONG
    deleted: float = 0.0


@dataclass
class DataKey:
    """A data key that was acknowledged: under which material, with which plaintext."""

    material: object
    ciphertext: str
    plaintext: str


class TwinBesideModel(RuleBasedStateMachine):
    """Every answer is predicted; no tenant is told of another's key."""

    keys = Bundle("keys")
    data_keys = Bundle("data_keys")

    def __init__(self) -> None:
        super().__init__()
        self.callers: list[Caller] = []
        self.known: list[Modelled] = []
        self.acknowledged: list[DataKey] = []
        self.answers: list[bytes] = []

    @initialize(seed=st.integers(0, 2**16))
    def begin(self, seed: int) -> None:
        self.callers = regions("us-south", "us-east", seed=seed, tenants=2)

    def ask(self, caller: Caller, method: str, path: str, body: object = None) -> tuple[int, Any]:
        answer = caller.call(method, path, body)
        assert answer.status < 500
        if answer.status >= 400:
            self.answers.append(answer.body)
        return answer.status, orjson.loads(answer.body) if answer.body else None

    @rule(target=keys, who=st.integers(0, 3), which=st.sampled_from([None, *MATERIALS]))
    def create(self, who: int, which: bytes | None) -> Modelled:
        caller = self.callers[who]
        resource: dict[str, object] = {"name": "key", "extractable": False}
        if which is not None:
            resource["payload"] = b64encode(which).decode()
        status, made = self.ask(caller, "POST", "keys", envelope(resource))
        assert status == 201
        key_id = made["resources"][0]["id"]
        first = which if which is not None else made["resources"][0]["keyVersion"]["id"]
        key = Modelled(caller, key_id, which is not None, [first])
        self.known.append(key)
        return key

    @rule(target=data_keys, key=keys)
    def wrap(self, key: Modelled) -> Any:
        status, made = self.ask(key.caller, "POST", f"keys/{key.id}/actions/wrap")
        assert status == {ACTIVE: 200, SUSPENDED: 409, DESTROYED: 410}[key.state]
        if status != 200:
            return multiple()
        data_key = DataKey(key.materials[-1], made["ciphertext"], made["plaintext"])
        self.acknowledged.append(data_key)
        return data_key

    @rule(key=keys, data_key=data_keys)
    def unwrap(self, key: Modelled, data_key: DataKey) -> None:
        body = {"ciphertext": data_key.ciphertext}
        status, opened = self.ask(key.caller, "POST", f"keys/{key.id}/actions/unwrap", body)
        if key.state != ACTIVE:
            assert status == {SUSPENDED: 409, DESTROYED: 410}[key.state]
        elif data_key.material not in key.materials:
            assert status == 422
        else:
            assert status == 200
            assert opened["plaintext"] == data_key.plaintext
            if len(set(key.materials)) == len(key.materials):
                old = data_key.material != key.materials[-1]
                assert ("rewrappedKeyVersion" in opened) == old

    @rule(target=data_keys, key=keys, data_key=consumes(data_keys))
    def rewrap(self, key: Modelled, data_key: DataKey) -> Any:
        body = {"ciphertext": data_key.ciphertext}
        status, made = self.ask(key.caller, "POST", f"keys/{key.id}/actions/rewrap", body)
        if status != 200:
            assert key.state != ACTIVE or data_key.material not in key.materials
            return data_key
        again = DataKey(key.materials[-1], made["ciphertext"], data_key.plaintext)
        self.acknowledged.append(again)
        return again

    @rule(key=keys, which=st.sampled_from([None, *MATERIALS]))
    def rotate(self, key: Modelled, which: bytes | None) -> None:
        body = {} if which is None else {"payload": b64encode(which).decode()}
        status, _ = self.ask(key.caller, "POST", f"keys/{key.id}/actions/rotate", body)
        now = key.caller.now
        if key.state != ACTIVE:
            assert status == {SUSPENDED: 409, DESTROYED: 410}[key.state]
        elif now < key.rotated + 3600:
            assert status == 409
        elif key.imported != (which is not None):
            assert status == 400
        else:
            assert status == 204
            key.rotated = now
            shown = key.caller.key(key.id)["keyVersion"]["id"]
            key.materials.append(which if which is not None else shown)

    @rule(key=keys)
    def disable(self, key: Modelled) -> None:
        status, _ = self.ask(key.caller, "POST", f"keys/{key.id}/actions/disable")
        assert status == {ACTIVE: 204, SUSPENDED: 409, DESTROYED: 410}[key.state]
        if status == 204:
            key.state, key.changed = SUSPENDED, key.caller.now

    @rule(key=keys)
    def enable(self, key: Modelled) -> None:
        status, _ = self.ask(key.caller, "POST", f"keys/{key.id}/actions/enable")
        settled = key.caller.now >= key.changed + 30
        allowed = key.state == SUSPENDED and settled
        assert status == (204 if allowed else 410 if key.state == DESTROYED else 409)
        if allowed:
            key.state, key.changed = ACTIVE, key.caller.now

    @rule(key=keys)
    def delete(self, key: Modelled) -> None:
        status, _ = self.ask(key.caller, "DELETE", f"keys/{key.id}")
        assert status == (410 if key.state == DESTROYED else 204)
        if status == 204:
            key.before, key.state = key.state, DESTROYED
            key.changed = key.deleted = key.caller.now

    @rule(key=keys)
    def restore(self, key: Modelled) -> None:
        status, _ = self.ask(key.caller, "POST", f"keys/{key.id}/restore")
        if key.state != DESTROYED:
            assert status == 409
        elif key.caller.now >= key.deleted + 30 * 86400:
            assert status == 400
        elif key.caller.now < key.changed + 30:
            assert status == 409
        else:
            assert status == 201
            key.state, key.changed = key.before, key.caller.now

    @rule(key=keys, who=st.integers(0, 3))
    def pry(self, key: Modelled, who: int) -> None:
        """Another tenant, or the same one in the other region, asks for the key."""
        caller = self.callers[who]
        if caller is not key.caller:
            for method, path in (("GET", f"keys/{key.id}"), ("DELETE", f"keys/{key.id}")):
                assert self.ask(caller, method, path)[0] == 404

    @rule(seconds=st.sampled_from([1.0, 29.0, 31.0, LONG, 86400.0]))
    def wait(self, seconds: float) -> None:
        for caller in self.callers:
            caller.now += seconds

    @invariant()
    def every_tenant_sees_its_own_keys_and_no_other(self) -> None:
        for caller in self.callers:
            listed = caller.ok("GET", "keys?state=1,2,3,5&limit=5000")["resources"]
            mine = {key.id: key.state for key in self.known if key.caller is caller}
            assert {each["id"]: each["state"] for each in listed} == mine
            live = sum(state != DESTROYED for state in mine.values())
            assert caller.call("HEAD", "keys").headers["key-total"] == str(live)

    @invariant()
    def no_acknowledged_data_key_is_lost(self) -> None:
        for data_key in self.acknowledged[-3:]:
            for key in self.known:
                if key.state == ACTIVE and data_key.material in key.materials:
                    opened = key.caller.unwrap(key.id, data_key.ciphertext)
                    assert opened["plaintext"] == data_key.plaintext

    @invariant()
    def no_error_tells_a_secret(self) -> None:
        secrets = [data_key.plaintext.encode() for data_key in self.acknowledged]
        secrets += [b64encode(material) for material in MATERIALS]
        for body in self.answers:
            assert not any(secret in body for secret in secrets)
            assert b"Bearer" not in body
            assert b"eyJ" not in body
        self.answers.clear()


TestTwinBesideModel = TwinBesideModel.TestCase
TestTwinBesideModel.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
