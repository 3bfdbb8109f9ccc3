"""One tenant: a service instance and everything that belongs to it, and to nobody else."""

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from chaos.service.import_token import ImportToken
from chaos.service.keys import Key, KeyVersion
from chaos.service.kmip import Adapter
from chaos.service.refusal import no_such_key, not_found

STANDARD_PLAN = "tiered-pricing"
DEFAULT_RING = "default"
MATERIAL_SIZE = 32
Entropy = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Alias:
    """Another name of a key, unique in its instance."""

    name: str
    key_id: str
    created: float
    created_by: str


@dataclass(frozen=True, slots=True)
class Ring:
    """A key ring: a group of keys within an instance. ``default`` always exists."""

    id: str
    created: float
    created_by: str


@dataclass(frozen=True, slots=True)
class Registration:
    """A cloud resource that a root key protects. ``holds`` keeps the key from being deleted."""

    key_id: str
    resource_crn: str
    created: float
    created_by: str
    description: str = ""
    holds: bool = False


@dataclass(frozen=True, slots=True)
class InstancePolicy:
    """A policy of the whole instance; ``attributes`` are as the API writes them."""

    kind: str
    enabled: bool
    attributes: dict[str, object]
    created: float
    created_by: str
    updated: float
    updated_by: str


@dataclass(slots=True)
class Instance:
    """A service instance of one account in one region; its id is what `Bluemix-Instance` says.

    ``touched`` collects the ids of keys that may have changed since they were last kept;
    ``unkept`` says that keeping them failed; ``removed`` that nothing of it is to be kept any more.
    """

    id: str
    account: str
    region: str
    entropy: Entropy = field(repr=False, compare=False)
    name: str = ""
    plan: str = STANDARD_PLAN
    created: float = 0.0
    keys: dict[str, Key] = field(default_factory=dict)
    aliases: dict[str, Alias] = field(default_factory=dict)
    rings: dict[str, Ring] = field(default_factory=dict)
    registrations: list[Registration] = field(default_factory=list)
    policies: dict[str, InstancePolicy] = field(default_factory=dict)
    adapters: dict[str, Adapter] = field(default_factory=dict)
    import_token: ImportToken | None = None
    touched: set[str] = field(default_factory=set, compare=False)
    unkept: bool = field(default=False, compare=False)
    removed: bool = False

    def crn(self, kind: str = "", name: str = "") -> str:
        """The cloud resource name of the instance, or of something in it."""
        return f"crn:v1:bluemix:public:kms:{self.region}:a/{self.account}:{self.id}:{kind}:{name}"

    def new_id(self) -> str:
        """A random UUID, version 4."""
        return new_id(self.entropy)

    def new_version(self, at: float) -> KeyVersion:
        """A key version whose material is drawn here."""
        return KeyVersion(self.new_id(), at, self.entropy(MATERIAL_SIZE))

    def find(self, name: str, ring: str, now: float) -> Key:
        """The key of that id or alias as time has left it; ``ring`` restricts where to look."""
        key = self.keys.get(name)
        if key is None:
            alias = self.aliases.get(name)
            key = self.keys.get(alias.key_id) if alias else None
        if key is None or (ring and key.ring != ring):
            raise no_such_key()
        if not (key.still(now) or self._settle(key, now)):
            raise no_such_key()
        return key

    def settled_keys(self, now: float) -> list[Key]:
        """All keys as time has left them; those that it purged are forgotten."""
        return [key for key in list(self.keys.values()) if self._settle(key, now)]

    def add(self, key: Key) -> None:
        """Take a new key in."""
        self.keys[key.id] = key
        self.touched.add(key.id)

    def forget(self, key: Key) -> None:
        """Purge: the key, its material, its aliases and its registrations are no more."""
        del self.keys[key.id]
        self.touched.add(key.id)
        for alias in key.aliases:
            self.aliases.pop(alias, None)
        self.release(key)

    def release(self, key: Key) -> None:
        """Drop the registrations of a key."""
        self.registrations = [each for each in self.registrations if each.key_id != key.id]

    def registered(self, key: Key) -> list[Registration]:
        """What a key protects."""
        return [each for each in self.registrations if each.key_id == key.id]

    def require_ring(self, ring: str) -> None:
        """Refuse a ring that does not exist."""
        if ring != DEFAULT_RING and ring not in self.rings:
            raise not_found("key_ring")

    def latest(self) -> float:
        """The latest instant of which anything here tells."""
        instants = [self.created, *(each.updated for each in self.policies.values())]
        instants += (each.created for each in self.aliases.values())
        instants += (each.created for each in self.rings.values())
        for key in self.keys.values():
            instants += (key.created, key.changed, key.synced)
            instants += (each.created for each in key.versions)
            instants += (when for when in (key.updated, key.rotated, key.deleted) if when)
            instants += (each.updated for each in (key.rotation, key.dual_auth) if each)
        return max(instants)

    def _settle(self, key: Key, now: float) -> bool:
        """Whether time has left anything of the key."""
        if key.gone(now):
            self.forget(key)
            return False
        if key.settle(now, self.new_version):
            self.touched.add(key.id)
        return True


def new_id(entropy: Entropy) -> str:
    """A random UUID, version 4."""
    return str(UUID(bytes=entropy(16), version=4))
