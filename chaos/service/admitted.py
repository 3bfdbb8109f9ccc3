"""A request that passed the door, and how it is answered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import orjson
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from chaos.exchange import Answer
from chaos.service.instance import Entropy, Instance
from chaos.service.keys import Key
from chaos.service.roles import Identity, Role

NOTHING: Mapping[str, object] = {}
NO_HEADERS: Mapping[str, str] = {}
MEDIA = "application/vnd.ibm.kms.{}+json"


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
    ring: str = ""
    prefer: str = ""
    writes: bool = False
    rsa_key: Callable[[], RSAPrivateKey] | None = None
    path: tuple[str, ...] = ()
    body: bytes = b""
    query: Mapping[str, str] = field(default_factory=dict)

    def bare(self, kind: str, document: object, status: int = 200) -> Answer:
        """Answer with a document of its own."""
        # IBM's SDK for Python parses application/json itself, and its users then lack `.json()`.
        headers = {"content-type": media(kind), "correlation-id": self.correlation}
        return Answer(status, headers, orjson.dumps(document))

    def collection(
        self,
        kind: str,
        resources: Sequence[object],
        status: int = 200,
        metadata: Mapping[str, object] = NOTHING,
    ) -> Answer:
        """Answer with a collection in Key Protect's envelope; ``metadata`` are added to its own."""
        described = {
            "collectionType": media(kind),
            "collectionTotal": len(resources),
            **metadata,
        }
        return self.bare(kind, {"metadata": described, "resources": resources}, status)

    def empty(self, status: int = 204, headers: Mapping[str, str] = NO_HEADERS) -> Answer:
        """Answer without a body."""
        return Answer(status, {"correlation-id": self.correlation, **headers})

    def key(self) -> Key:
        """The key that the path names, as time has left it."""
        key = self.instance.find(self.path[0], self.ring, self.now)
        if self.writes:
            self.instance.touched.add(key.id)
        return key


@cache
def media(kind: str) -> str:
    """The media type of a collection type."""
    return MEDIA.format(kind)
