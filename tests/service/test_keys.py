"""The truth model: every action in every state, and every timer at its edge."""

from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.service.keys import (
    APPROVAL_LASTS,
    DAY,
    MONTH,
    NEVER,
    PURGE_WAITS,
    PURGED_AFTER,
    RESTORABLE,
    ROTATION_RESTS,
    SETTLES,
    SYNC_RESTS,
    Approval,
    Key,
    KeyPolicy,
    KeyVersion,
    State,
)
from tests.service.caller import refusal_of

NOW = 1_000_000.0


def version(at: float = 0.0, number: int = 1) -> KeyVersion:
    return KeyVersion(f"version-{number}", at, bytes([number]) * 32)


MONTHLY = KeyPolicy(
    "id", enabled=True, created=0.0, created_by="me", updated=0.0, updated_by="me", interval_month=1
)


def make_key(state: State = State.ACTIVE, *, imported: bool = False, expires: float = NEVER) -> Key:
    key = Key(
        "id",
        "name",
        extractable=False,
        imported=imported,
        ring="default",
        created=0.0,
        created_by="me",
        versions=[version()],
        expires=expires,
    )
    key.state = state
    if state is State.DESTROYED:
        key.deleted = NOW - DAY
    return key


def refusal(act: Callable[[], object]) -> str:
    refused = refusal_of(act)
    assert refused is not None
    return f"{refused.status} {refused.code}"


WRONG, GONE = "409 KEY_ACTION_INVALID_STATE_ERR", "410 KEY_DELETED_ERR"
ACTIONS: dict[str, Callable[[Key], object]] = {
    "wrap": lambda key: key.require(State.ACTIVE),
    "unwrap": lambda key: key.require(State.ACTIVE, State.DEACTIVATED),
    "rotate": lambda key: key.rotate(version(NOW, 2), NOW),
    "disable": lambda key: key.disable(NOW),
    "enable": lambda key: key.enable(NOW),
    "delete": lambda key: key.delete("me", NOW),
    "restore": lambda key: key.restore(NOW),
}
# Rows as in the documentation of key states; columns: active, suspended, deactivated, destroyed.
TABLE = {
    "wrap": ("", WRONG, WRONG, GONE),
    "unwrap": ("", WRONG, "", GONE),
    "rotate": ("", WRONG, "", GONE),
    "disable": ("", WRONG, WRONG, GONE),
    "enable": (WRONG, "", WRONG, GONE),
    "delete": ("", "", "", GONE),
    "restore": (WRONG, WRONG, WRONG, ""),
}


@pytest.mark.parametrize("action", TABLE)
@pytest.mark.parametrize("column", range(4))
def test_every_action_is_allowed_in_exactly_the_documented_states(action: str, column: int) -> None:
    key = make_key(tuple(State)[column])
    expected = TABLE[action][column]
    if expected:
        assert refusal(lambda: ACTIONS[action](key)) == expected
    else:
        ACTIONS[action](key)


@pytest.mark.parametrize(
    ("first", "second", "waits", "code"),
    [
        ("disable", "enable", SETTLES, "409 REQ_TOO_EARLY_ERR"),
        ("delete", "restore", SETTLES, "409 REQ_TOO_EARLY_ERR"),
    ],
)
def test_the_opposite_of_an_action_has_to_wait(
    first: str, second: str, waits: float, code: str
) -> None:
    key = make_key()
    opposites: dict[str, Callable[[float], None]] = {"enable": key.enable, "restore": key.restore}
    opposite = opposites[second]
    ACTIONS[first](key)
    assert refusal(lambda: opposite(NOW + waits - 0.001)) == code
    opposite(NOW + waits)
    assert key.state is State.ACTIVE


def test_a_key_rotates_right_after_it_was_made_and_then_once_an_hour() -> None:
    key = make_key()
    key.rotate(version(NOW, 2), NOW)
    early = NOW + ROTATION_RESTS - 0.001
    assert refusal(lambda: key.rotate(version(early, 3), early)) == "409 KEY_ROTATION_NOT_PERMITTED"
    key.rotate(version(NOW + ROTATION_RESTS, 3), NOW + ROTATION_RESTS)
    assert [each.id for each in key.versions] == ["version-1", "version-2", "version-3"]
    assert key.newest.id == "version-3"


def test_purging_waits_four_hours_and_needs_a_destroyed_key() -> None:
    key = make_key()
    assert refusal(lambda: key.require_purgeable(NOW)) == WRONG
    key.delete("me", NOW)
    assert refusal(lambda: key.require_purgeable(NOW + PURGE_WAITS - 1)) == "409 REQ_TOO_EARLY_ERR"
    key.require_purgeable(NOW + PURGE_WAITS)


def test_a_destroyed_key_can_be_restored_for_thirty_days_and_is_gone_after_ninety() -> None:
    key = make_key()
    key.delete("me", NOW)
    assert refusal(lambda: key.restore(NOW + RESTORABLE)) == "400 KEY_RESTORE_EXPIRED"
    assert not key.gone(NOW + PURGED_AFTER - 1)
    assert key.gone(NOW + PURGED_AFTER)
    key.restore(NOW + RESTORABLE - 1)
    assert key.state is State.ACTIVE
    assert not key.gone(NOW + PURGED_AFTER)


def test_a_suspended_key_comes_back_suspended() -> None:
    key = make_key()
    key.disable(NOW)
    key.delete("me", NOW + 1)
    key.restore(NOW + 100)
    assert key.state is State.SUSPENDED


def test_an_expired_key_is_deactivated_and_cannot_be_restored() -> None:
    key = make_key(expires=NOW + 10)
    assert not key.settle(NOW + 9, version)
    assert key.settle(NOW + 10, version)
    assert key.state is State.DEACTIVATED
    key.delete("me", NOW + 11)
    assert refusal(lambda: key.restore(NOW + 60)) == "400 KEY_EXPIRED_ERR"


def test_sync_counts_from_the_last_sync_or_lifecycle_action_but_not_from_creation() -> None:
    key = make_key()
    key.sync(NOW)
    assert refusal(lambda: key.sync(NOW + SYNC_RESTS - 1)) == "409 REQ_TOO_EARLY_ERR"
    key.sync(NOW + SYNC_RESTS)
    key.disable(NOW + 2 * SYNC_RESTS)
    early = NOW + 3 * SYNC_RESTS - 1
    assert refusal(lambda: key.sync(early)) == "409 REQ_TOO_EARLY_ERR"


def test_sync_counts_from_a_rotation_too_and_the_thirty_seconds_do_not() -> None:
    key = make_key()
    before = key.changed
    key.rotate(version(NOW, 2), NOW)
    assert key.changed == before
    assert refusal(lambda: key.sync(NOW + SYNC_RESTS - 1)) == "409 REQ_TOO_EARLY_ERR"
    key.sync(NOW + SYNC_RESTS)


def dual_authorised() -> Key:
    key = make_key()
    key.dual_auth = policy()
    return key


def test_a_dual_authorised_delete_takes_two_people() -> None:
    key = dual_authorised()
    assert refusal(lambda: key.delete("second", NOW)) == "409 AUTHORIZATIONS_NOT_MET"
    key.approve_deletion("first", NOW)
    assert refusal(lambda: key.delete("first", NOW)) == "409 AUTHORIZATIONS_NOT_MET"
    key.delete("second", NOW)
    assert key.state is State.DESTROYED


def test_an_approval_lapses_after_seven_days_and_can_be_withdrawn() -> None:
    key = dual_authorised()
    key.approve_deletion("first", NOW)
    assert key.settle(NOW + APPROVAL_LASTS, version)
    assert refusal(lambda: key.delete("second", NOW)) == "409 AUTHORIZATIONS_NOT_MET"
    key.approve_deletion("first", NOW)
    key.withdraw_approval(NOW)
    assert key.approval is None
    assert refusal(lambda: make_key().approve_deletion("first", NOW)) == "409 NOT_DUAL_AUTH_ERR"


def test_the_first_approval_stands_whoever_approves_after_it() -> None:
    key = dual_authorised()
    key.approve_deletion("first", NOW)
    key.approve_deletion("second", NOW + DAY)
    assert key.approval == Approval("first", NOW)
    assert refusal(lambda: key.delete("first", NOW + DAY)) == "409 AUTHORIZATIONS_NOT_MET"
    key.approve_deletion("first", NOW + DAY)
    assert key.approval == Approval("first", NOW + DAY)
    key.approve_deletion("second", NOW + DAY + APPROVAL_LASTS)
    assert key.approval == Approval("second", NOW + DAY + APPROVAL_LASTS)


def policy(interval: int = 0) -> KeyPolicy:
    return KeyPolicy(
        "policy",
        enabled=True,
        created=0,
        created_by="",
        updated=0,
        updated_by="",
        interval_month=interval,
    )


def rotating(interval: int, *, imported: bool = False) -> Key:
    key = make_key(imported=imported)
    key.rotation = policy(interval)
    return key


def test_a_rotation_policy_rotates_every_thirty_days_per_month() -> None:
    key = rotating(2)
    assert not key.settle(2 * MONTH - 1, version)
    assert key.settle(5 * MONTH, version)
    assert [each.created for each in key.versions] == [0.0, 2 * MONTH, 4 * MONTH]
    assert key.rotated == 4 * MONTH


def test_only_an_active_generated_key_is_rotated_by_its_policy() -> None:
    assert not rotating(1, imported=True).settle(2 * MONTH, version)
    suspended = rotating(1)
    suspended.disable(10.0)
    assert not suspended.settle(2 * MONTH, version)
    suspended.enable(2 * MONTH)
    assert suspended.settle(2 * MONTH, version)
    assert suspended.newest.created == 2 * MONTH


def test_a_key_that_expires_is_not_rotated_by_its_policy_any_more() -> None:
    key = rotating(1)
    key.expires = 1.5 * MONTH
    assert key.settle(10 * MONTH, version)
    assert [each.created for each in key.versions] == [0.0, MONTH]
    assert key.state is State.DEACTIVATED


def test_the_material_of_a_key_is_not_in_its_repr() -> None:
    key = make_key()
    key.payload = b"standard payload"
    shown = repr(key)
    assert "payload" not in shown
    assert "material" not in shown


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["disable", "enable", "delete", "restore", "rotate", "sync"]),
            st.floats(min_value=0, max_value=40 * DAY),
        ),
        max_size=30,
    )
)
def test_no_sequence_of_actions_loses_a_version_or_invents_a_state(
    steps: list[tuple[str, float]],
) -> None:
    key = make_key()
    now, number = NOW, 1
    ids = ["version-1"]
    for action, waits in steps:
        now += waits
        number += 1
        acts: dict[str, Callable[[], None]] = {
            "disable": partial(key.disable, now),
            "enable": partial(key.enable, now),
            "delete": partial(key.delete, "me", now),
            "restore": partial(key.restore, now),
            "rotate": partial(key.rotate, version(now, number), now),
            "sync": partial(key.sync, now),
        }
        refused = refusal_of(acts[action])
        assert refused is None or refused.status in (400, 409, 410)
        if action == "rotate" and refused is None:
            ids.append(f"version-{number}")
        assert [each.id for each in key.versions] == ids
        assert (key.deleted is not None) == (key.state is State.DESTROYED)
        assert key.changed <= now


@given(
    st.sampled_from(State),
    st.sampled_from([NEVER, NOW - 1, NOW, NOW + 1]),
    st.sampled_from([None, MONTHLY]),
    st.sampled_from([None, NOW - APPROVAL_LASTS, NOW]),
    st.sampled_from([0.0, NOW - PURGED_AFTER, NOW]),
)
def test_time_does_nothing_to_a_key_that_is_still(
    state: State, expires: float, rotation: KeyPolicy | None, approved: float | None, deleted: float
) -> None:
    key = make_key(state, expires=expires)
    key.deleted = deleted if state is State.DESTROYED else None
    key.rotation = rotation
    key.approval = None if approved is None else Approval("someone", approved)
    if key.still(NOW):
        assert not key.gone(NOW)
        assert not key.settle(NOW, version)
