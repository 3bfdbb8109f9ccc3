"""The truth model of one key: its material, its versions, its states, and what is allowed when.

Times are seconds of the service's clock (UTC, since 1970). Rules and periods are those of the Key
Protect documentation. Nothing here draws randomness: ids and material come in as arguments.
"""

from dataclasses import dataclass, field
from enum import IntEnum

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chaos.service.refusal import Refusal, deleted, too_early, wrong_state

SETTLES = 30.0  # between two lifecycle actions: disable and enable, delete and restore
ROTATION_RESTS = 3600.0
SYNC_RESTS = 3600.0
PURGE_WAITS = 4 * 3600.0
RESTORABLE = 30 * 86400.0
PURGED_AFTER = 90 * 86400.0
APPROVAL_LASTS = 7 * 86400.0
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
    cipher: AESGCM = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.cipher = AESGCM(self.material)


@dataclass(slots=True)
class Approval:
    """The first of the two approvals that a dual-authorised delete needs."""

    by: str
    at: float

    @property
    def expires(self) -> float:
        """Until when the second approval may follow."""
        return self.at + APPROVAL_LASTS


@dataclass(slots=True)
class Key:
    """A root key (not extractable: it wraps) or a standard key (extractable: it is read).

    ``versions`` are oldest first; a standard key keeps its payload as its only version and never
    wraps. ``changed`` is the last lifecycle action, from which the waiting periods count.
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
    algorithm: str = "AES"
    dual_auth: bool | None = None
    approval: Approval | None = None

    @property
    def newest(self) -> KeyVersion:
        """The version that wraps."""
        return self.versions[-1]

    def settle(self, now: float) -> None:
        """Let what time alone does to a key happen: expiry, and approvals that lapse."""
        if now >= self.expires and self.state in (State.ACTIVE, State.SUSPENDED):
            self.state = State.DEACTIVATED
            self.updated = self.expires
        if self.approval is not None and now >= self.approval.expires:
            self.approval = None

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
            sentence = "Requested action can only be completed with a root key"
            raise Refusal(400, "KEY_ROOT_REQ_ERR", sentence)

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
            sentence = "The key can be rotated only once per hour"
            raise Refusal(409, "KEY_ROTATION_NOT_PERMITTED", sentence)

    def delete(self, by: str, now: float) -> None:
        """To destroyed. The material is kept for 30 days so that the key can be restored."""
        self.require(State.ACTIVE, State.SUSPENDED, State.DEACTIVATED)
        self.state_before_deletion = self.state
        self.deleted, self.deleted_by = now, by
        self._enter(State.DESTROYED, now)

    def restore(self, now: float) -> None:
        """Destroyed to what it was before, within 30 days and not within 30 seconds."""
        if self.state is not State.DESTROYED or self.deleted is None:
            raise wrong_state()
        if now >= self.deleted + RESTORABLE:
            raise Refusal(400, "KEY_RESTORE_EXPIRED", "The key can no longer be restored")
        if now >= self.expires:
            raise Refusal(400, "KEY_EXPIRED_ERR", "The key has expired")
        self._require_settled(now)
        self.deleted, self.deleted_by, self.approval = None, "", None
        self._enter(self.state_before_deletion, now)

    def require_purgeable(self, now: float) -> None:
        """Refuse to purge a live key, or one deleted less than 4 hours ago."""
        if self.state is not State.DESTROYED or self.deleted is None:
            raise wrong_state()
        if now < self.deleted + PURGE_WAITS:
            raise too_early("The key can be purged 4 hours after it was deleted")

    def sync(self, now: float) -> None:
        """Tell integrated services about the key again, once an hour."""
        self.require_root()
        if now < max(self.synced, self.changed) + SYNC_RESTS:
            raise too_early("Wait an hour after the last sync or lifecycle action of this key")
        self.synced = now

    def _require_settled(self, now: float) -> None:
        if now < self.changed + SETTLES:
            raise too_early("Wait 30 seconds after the last action on this key")

    def _enter(self, state: State, now: float) -> None:
        self.state = state
        self.updated = self.changed = now
