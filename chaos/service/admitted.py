"""A request that passed the door, and how it is answered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import orjson

from chaos.exchange import Answer
from chaos.service.instance import Instance
from chaos.service.roles import Identity, Role

MEDIA = "application/vnd.ibm.kms.{}+json"
Entropy = Callable[[int], bytes]


@dataclass(slots=True)
class Admitted:
    """What an endpoint is given: who asks, of which tenant, for what, when.

    ``path`` holds the path's variables in order, ``ring`` the X-Kms-Key-Ring header (empty: any),
    ``now`` the service's clock in seconds since 1970.
    """

    instance: Instance
    identity: Identity
    roles: frozenset[Role]
    now: float
    entropy: Entropy
    correlation: str
    body: bytes
    ring: str = ""
    prefer: str = ""
    path: tuple[str, ...] = ()
    query: Mapping[str, str] = field(default_factory=dict)

    def uuid(self) -> str:
        """A new random id."""
        return new_id(self.entropy)

    def bare(self, kind: str, document: object, status: int = 200) -> Answer:
        """Answer with a document of its own."""
        return Answer(status, self._headers(kind), orjson.dumps(document))

    def collection(
        self, kind: str, resources: Sequence[object], status: int = 200, **metadata: object
    ) -> Answer:
        """Answer with a collection in Key Protect's envelope."""
        described = {
            "collectionType": MEDIA.format(kind),
            "collectionTotal": len(resources),
            **metadata,
        }
        return self.bare(kind, {"metadata": described, "resources": resources}, status)

    def empty(self, status: int = 204) -> Answer:
        """Answer without a body."""
        return Answer(status, {"correlation-id": self.correlation})

    def _headers(self, kind: str) -> dict[str, str]:
        # IBM's SDK for Python parses application/json itself, and its users then lack `.json()`.
        return {"content-type": MEDIA.format(kind), "correlation-id": self.correlation}


def new_id(entropy: Entropy) -> str:
    """A random UUID, version 4."""
    return str(UUID(bytes=entropy(16), version=4))
