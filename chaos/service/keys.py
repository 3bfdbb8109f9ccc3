"""The truth model of one key: its material, its versions, its states, and what is allowed when.

Times are seconds of the service's clock (UTC, since 1970). Rules and periods are those of the Key
Protect documentation. Nothing here draws randomness: ids and material come in as arguments.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chaos.service.refusal import Refusal, deleted, root_key_required, too_early, wrong_state

DAY = 86400.0
MONTH = 30 * DAY  # as the documentation of rotation policies defines it
SETTLES = 30.0  # between two lifecycle actions: disable and enable, delete and restore
ROTATION_RESTS = 3600.0
SYNC_RESTS = 3600.0
PURGE_WAITS = 4 * 3600.0
RESTORABLE = 30 * DAY
PURGED_AFTER = 90 * DAY
APPROVAL_LASTS = 7 * DAY
NEVER = float("inf")


class State(IntEnum):
    """The states of NIST SP 800-57 that a key of this service can be in."""

    ACTIVE = 1
    SUSPENDED = 2
    DEACTIVATED = 3
    DESTROYED = 5


@dataclass(slots=True)
class KeyVersion:
    """One generation of a key's material. A wrapped data key opens under equal material only."""

    id: str
    created: float
    material: bytes = field(repr=False)
    cipher: AESGCM = field(init=False, repr=False, compare=False)
    handle: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.cipher = AESGCM(self.material)
        self.handle = self.id.encode()


@dataclass(frozen=True, slots=True)
class Approval:
    """The first of the two approvals that a dual-authorised delete needs."""

    by: str
    at: float

    @property
    def expires(self) -> float:
        """Until when the second approval may follow."""
        return self.at + APPROVAL_LASTS


@dataclass(frozen=True, slots=True)
class KeyPolicy:
    """A policy that was set on a key; ``interval_month`` is the rotation's, 0 for dual auth."""

    id: str
    enabled: bool
    created: float
    created_by: str
    updated: float
    updated_by: str
    interval_month: int = 0


@dataclass(slots=True)
class Key:
    """A root key (not extractable: it wraps) or a standard key (extractable: it is read).

    ``versions`` are oldest first; a standard key has a ``payload`` instead and never wraps.
    ``changed`` is the last lifecycle action, from which the waiting periods count.
    """

    id: str
    name: str
    extractable: bool
    imported: bool
    ring: str
    created: float
    created_by: str
    payload: bytes = field(repr=False, default=b"")
    versions: list[KeyVersion] = field(default_factory=list)
    description: str = ""
    tags: tuple[str, ...] = ()
    aliases: list[str] = field(default_factory=list)
    expires: float = NEVER
    state: State = State.ACTIVE
    state_before_deletion: State = State.ACTIVE
    updated: float | None = None
    rotated: float | None = None
    deleted: float | None = None
    deleted_by: str = ""
    changed: float = -NEVER
    synced: float = -NEVER
    rotation: KeyPolicy | None = None
    dual_auth: KeyPolicy | None = None
    approval: Approval | None = None

    @property
    def newest(self) -> KeyVersion:
        """The version that wraps."""
        return self.versions[-1]

    def still(self, now: float) -> bool:
        """Whether nothing of it waits for time: neither `settle` nor `gone` has anything to do."""
        return (
            self.approval is None
            and self.rotation is None
            and self.deleted is None
            and now < self.expires
        )

    def settle(self, now: float, draw_version: Callable[[float], KeyVersion]) -> bool:
        """Let what time alone does to a key happen; True when something did.

        An expired key is deactivated, an approval lapses, a rotation policy rotates.
        """
        before = (self.state, self.approval, len(self.versions))
        if self.approval is not None and now >= self.approval.expires:
            self.approval = None
        if self.rotation is not None and self.rotation.enabled:
            self._rotate_by_policy(min(now, self.expires), draw_version)
        if now >= self.expires and self.state in (State.ACTIVE, State.SUSPENDED):
            self.state = State.DEACTIVATED
            self.updated = self.expires
        return before != (self.state, self.approval, len(self.versions))

    def gone(self, now: float) -> bool:
        """Purged by time: 90 days after its deletion nothing is left of a key."""
        return self.deleted is not None and now >= self.deleted + PURGED_AFTER

    def require(self, *states: State) -> None:
        """Refuse unless the key is in one of the states; a destroyed key says that it is gone."""
        if self.state in states:
            return
        raise deleted() if self.state is State.DESTROYED else wrong_state()

    def require_root(self) -> None:
        """Refuse what only a root key can do."""
        if self.extractable:
            raise root_key_required()

    def disable(self, now: float) -> None:
        """Active to suspended."""
        self.require_root()
        self.require(State.ACTIVE)
        self._enter(State.SUSPENDED, now)

    def enable(self, now: float) -> None:
        """Suspended to active, not within 30 seconds of the last action."""
        self.require_root()
        self.require(State.SUSPENDED)
        self._require_settled(now)
        self._enter(State.ACTIVE, now)

    def rotate(self, version: KeyVersion, now: float) -> None:
        """Add a version; the older ones only unwrap from now on."""
        self.require_rotatable(now)
        self.versions.append(version)
        self.rotated = self.updated = now

    def require_rotatable(self, now: float) -> None:
        """Refuse a rotation that the state, or one less than an hour ago, does not allow."""
        self.require_root()
        self.require(State.ACTIVE, State.DEACTIVATED)
        if self.rotated is not None and now < self.rotated + ROTATION_RESTS:
            sentence = "This root key has been rotated within the last hour"
            raise Refusal(409, "KEY_ROTATION_NOT_PERMITTED", sentence)

    def delete(self, by: str, now: float) -> None:
        """To destroyed. The material is kept for 30 days so that the key can be restored."""
        self.require(State.ACTIVE, State.SUSPENDED, State.DEACTIVATED)
        if self.dual_auth is not None and self.dual_auth.enabled:
            self._require_two(by)
        self.destroy(by, now)

    def destroy(self, by: str, now: float) -> None:
        """To destroyed, whoever has approved of it."""
        self.state_before_deletion = self.state
        self.deleted, self.deleted_by = now, by
        self._enter(State.DESTROYED, now)

    def restore(self, now: float) -> None:
        """Destroyed to what it was before, within 30 days and not within 30 seconds."""
        if self.state is not State.DESTROYED or self.deleted is None:
            raise wrong_state()
        if now >= self.deleted + RESTORABLE:
            raise Refusal(400, "KEY_RESTORE_EXPIRED", "Key restoration has expired")
        if now >= self.expires:
            sentence = "The action could not be performed on the key: the key has expired"
            raise Refusal(400, "KEY_EXPIRED_ERR", sentence)
        self._require_settled(now)
        self.deleted, self.deleted_by, self.approval = None, "", None
        self._enter(self.state_before_deletion, now)

    def require_purgeable(self, now: float) -> None:
        """Refuse to purge a live key, or one deleted less than 4 hours ago."""
        if self.state is not State.DESTROYED or self.deleted is None:
            raise wrong_state()
        if now < self.deleted + PURGE_WAITS:
            raise too_early("it can be purged 4 hours after it was deleted")

    def sync(self, now: float) -> None:
        """Tell integrated services about the key again, once an hour."""
        self.require_root()
        rotated = -NEVER if self.rotated is None else self.rotated
        if now < max(self.synced, self.changed, rotated) + SYNC_RESTS:
            raise too_early("wait an hour after its last sync or lifecycle action")
        self.synced = now

    def approve_deletion(self, by: str, now: float) -> None:
        """Give the first of two approvals; it holds for 7 days, and for whoever gave it first."""
        self._require_dual_auth()
        held = self.approval
        if held is not None and held.by != by and now < held.expires:
            return
        self.approval = Approval(by, now)
        self.updated = now

    def withdraw_approval(self, now: float) -> None:
        """Take the first approval back."""
        self._require_dual_auth()
        self.approval = None
        self.updated = now

    def _require_dual_auth(self) -> None:
        self.require(State.ACTIVE, State.SUSPENDED, State.DEACTIVATED)
        if self.dual_auth is None or not self.dual_auth.enabled:
            sentence = "The key is not dual auth enabled and cannot be set for deletion"
            raise Refusal(409, "NOT_DUAL_AUTH_ERR", sentence)

    def _require_two(self, by: str) -> None:
        if self.approval is None or self.approval.by == by:
            sentence = "Number of authorizations required to delete is not met"
            raise Refusal(409, "AUTHORIZATIONS_NOT_MET", sentence)

    def _rotate_by_policy(self, until: float, draw_version: Callable[[float], KeyVersion]) -> None:
        policy = self.rotation
        if policy is None or self.state is not State.ACTIVE or self.imported or self.extractable:
            return
        every = policy.interval_month * MONTH
        while (due := max((self.rotated or self.created) + every, policy.updated)) <= until:
            at = max(due, self.changed)
            self.versions.append(draw_version(at))
            self.rotated = self.updated = at

    def _require_settled(self, now: float) -> None:
        if now < self.changed + SETTLES:
            raise too_early("wait 30 seconds after its last action")

    def _enter(self, state: State, now: float) -> None:
        self.state = state
        self.updated = self.changed = now
