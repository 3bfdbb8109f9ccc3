"""A key as the API shows it, over its whole life."""

from hypothesis import given
from hypothesis import strategies as st

from chaos.service.key_document import key_document
from chaos.service.keys import DAY, NEVER, PURGE_WAITS, RESTORABLE, State
from tests.service.test_instance import tenant

ALWAYS = {"deleted", "state", "dualAuthDelete", "algorithmMetadata", "crn", "keyRingID", "type"}


@given(st.sampled_from(State), st.floats(0, 100 * DAY), st.booleans(), st.booleans())
def test_what_sdks_dereference_is_always_there(
    state: State,
    passed: float,
    extractable: bool,  # noqa: FBT001 (drawn)
    expires: bool,  # noqa: FBT001 (drawn)
) -> None:
    instance = tenant("one")
    key = instance.keys["one"]
    key.state, key.extractable, key.payload = state, extractable, b"secret-payload"
    key.expires = 50 * DAY if expires else NEVER
    key.deleted = 0.0 if state is State.DESTROYED else None
    document = key_document(instance, key, passed)
    assert document.keys() >= ALWAYS
    assert "payload" not in document
    assert document["deleted"] == (state is State.DESTROYED)
    assert ("deletionDate" in document) == (state is State.DESTROYED)
    assert ("keyVersion" in document) != extractable
    assert ("expirationDate" in document) == expires
    if state is State.DESTROYED:
        assert document["restoreAllowed"] == (passed < min(RESTORABLE, key.expires))
        assert document["purgeAllowed"] == (passed >= PURGE_WAITS)


def test_a_root_keys_material_is_never_shown_even_when_asked_for() -> None:
    instance = tenant("one")
    assert "payload" not in key_document(instance, instance.keys["one"], 0.0, payload=True)
