"""One tenant: a service instance and everything that belongs to it, and to nobody else."""

from dataclasses import dataclass, field

from chaos.service.keys import Key, State
from chaos.service.refusal import Refusal, no_such_key

DEFAULT_RING = "default"
RINGS_AT_MOST = 50
ALIASES_PER_KEY = 5


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


@dataclass(slots=True)
class Instance:
    """A service instance of one account in one region; its id is what `Bluemix-Instance` says."""

    id: str
    account: str
    region: str
    name: str = ""
    plan: str = "tiered-pricing"
    created: float = 0.0
    keys: dict[str, Key] = field(default_factory=dict)
    aliases: dict[str, Alias] = field(default_factory=dict)
    rings: dict[str, Ring] = field(default_factory=dict)

    @property
    def crn(self) -> str:
        """The cloud resource name of the instance."""
        return f"crn:v1:bluemix:public:kms:{self.region}:a/{self.account}:{self.id}::"

    def crn_of(self, key: Key) -> str:
        """The cloud resource name of one of its keys."""
        return f"crn:v1:bluemix:public:kms:{self.region}:a/{self.account}:{self.id}:key:{key.id}"

    def find(self, name: str, ring: str, now: float) -> Key:
        """The key of that id or alias as time has left it; ``ring`` restricts where to look."""
        key = self.keys.get(name)
        if key is None:
            alias = self.aliases.get(name)
            key = self.keys.get(alias.key_id) if alias else None
        if key is None or (ring and key.ring != ring):
            raise no_such_key()
        key.settle(now)
        if key.gone(now):
            self.forget(key)
            raise no_such_key()
        return key

    def add(self, key: Key) -> None:
        """Take a new key in."""
        self.keys[key.id] = key

    def forget(self, key: Key) -> None:
        """Purge: the key, its material and its aliases are no more."""
        del self.keys[key.id]
        for alias in key.aliases:
            self.aliases.pop(alias, None)

    def require_ring(self, ring: str) -> None:
        """Refuse a ring that does not exist."""
        if ring != DEFAULT_RING and ring not in self.rings:
            raise Refusal(404, "KEY_RING_NOT_FOUND_ERR", "key ring does not exist")

    def settled_keys(self, now: float) -> list[Key]:
        """All keys as time has left them; those that it purged are forgotten."""
        for key in list(self.keys.values()):
            key.settle(now)
            if key.gone(now):
                self.forget(key)
        return list(self.keys.values())

    def in_ring(self, ring: str, now: float) -> list[Key]:
        """The keys of one ring in any state."""
        return [key for key in self.settled_keys(now) if key.ring == ring]

    def holds_live_keys(self, now: float) -> bool:
        """Whether anything but destroyed keys is left."""
        return any(key.state is not State.DESTROYED for key in self.settled_keys(now))
