"""Who may do what: the service's roles and the identities that hold them.

An identity belongs to one account and holds roles per instance, or on all instances of its account.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Role = Literal["Reader", "ReaderPlus", "Writer", "Manager", "KeyPurge", "KmipAdapterManager"]

EVERYWHERE = "*"
NONE: frozenset[Role] = frozenset()
IMPLIED: dict[Role, frozenset[Role]] = {
    "Reader": frozenset({"Reader"}),
    "ReaderPlus": frozenset({"Reader", "ReaderPlus"}),
    "Writer": frozenset({"Reader", "ReaderPlus", "Writer"}),
    "Manager": frozenset({"Reader", "ReaderPlus", "Writer", "Manager", "KmipAdapterManager"}),
    "KeyPurge": frozenset({"KeyPurge"}),
    "KmipAdapterManager": frozenset({"KmipAdapterManager"}),
}
OWNER: tuple[Role, ...] = ("Manager", "KeyPurge")


@dataclass(frozen=True, slots=True)
class Identity:
    """Someone who calls: a user or a service id, with what it was granted.

    ``grants`` maps an instance id, or ``*`` for all instances of the account, to roles.
    """

    iam_id: str
    account: str
    name: str = ""
    grants: Mapping[str, Iterable[Role]] = field(default_factory=lambda: {EVERYWHERE: OWNER})
    active: bool = True
    _held: dict[str, frozenset[Role]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def roles(self, instance: str) -> frozenset[Role]:
        """All roles that the identity has on an instance, the implied ones included."""
        known = self._held.get(instance)
        if known is None:
            granted = [*self.grants.get(EVERYWHERE, ()), *self.grants.get(instance, ())]
            known = NONE.union(*(IMPLIED[role] for role in granted))
            self._held[instance] = known
        return known
