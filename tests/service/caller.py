"""A caller of the twin in virtual time: one tenant of one region, as a test speaks to it."""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from chaos.exchange import Answer, Request
from chaos.service.api import KeyService
from chaos.service.iam import Iam
from chaos.service.instance import Instance, Registration
from chaos.service.refusal import Refusal
from chaos.service.roles import EVERYWHERE, OWNER, Identity, Role
from chaos.service.storage import Forgetful
from chaos.service.tokens import SecretSigner

EPOCH = 1_700_000_000.0
MATERIAL = b64encode(bytes(range(32))).decode()
OTHER_MATERIAL = b64encode(bytes(range(1, 33))).decode()
API_KEY = "owner's key"
RSA_KEYS: list[RSAPrivateKey] = []


def rsa_key() -> RSAPrivateKey:
    """One key for all tests: drawing one takes a tenth of a second."""
    if not RSA_KEYS:
        RSA_KEYS.append(generate_private_key(public_exponent=65537, key_size=2048))
    return RSA_KEYS[0]


@dataclass
class Caller:
    """Calls as one identity at a time that only the test moves."""

    service: KeyService
    instance: Instance
    identity: Identity
    now: float = EPOCH
    headers: dict[str, str] = field(default_factory=dict)
    address: str = ""

    def call(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """One call under /api/v2/; header names are written with underscores."""
        token = self.service.iam.issue(self.identity, self.now)
        sent = {
            "Authorization": f"Bearer {token}",
            "Bluemix-Instance": self.instance.id,
            **self.headers,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        payload = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        request = Request(method, "/api/v2/" + path, tuple(sent.items()), payload, self.address)
        return self.service.answer(request, self.now)

    def ok(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """The document of a call that must succeed."""
        answer = self.call(method, path, body, **headers)
        assert 200 <= answer.status < 300, answer
        return orjson.loads(answer.body) if answer.body else None

    def refused(self, method: str, path: str, body: object = None, **headers: str) -> str:
        """Status and reason code of a call that must be refused."""
        answer = self.call(method, path, body, **headers)
        assert answer.status >= 400, answer
        resource = orjson.loads(answer.body)["resources"][0]
        reasons = resource.get("reasons", [{}])
        assert reasons[0].get("status", answer.status) == answer.status
        return f"{answer.status} {reasons[0].get('code', '')}".strip()

    def create(self, name: str = "a-key", *, ring: str = "", **fields: object) -> Any:
        """A new root key, or what the fields say."""
        headers = {"X_Kms_Key_Ring": ring} if ring else {}
        body = envelope({"name": name, "extractable": False, **fields})
        return self.ok("POST", "keys", body, **headers)["resources"][0]

    def key(self, key_id: str) -> Any:
        """The key's metadata."""
        return self.ok("GET", f"keys/{key_id}/metadata")["resources"][0]

    def wrap(self, key_id: str, **body: object) -> Any:
        """Wrap."""
        return self.ok("POST", f"keys/{key_id}/actions/wrap", body)

    def unwrap(self, key_id: str, ciphertext: str, **body: object) -> Any:
        """Unwrap."""
        body = {"ciphertext": ciphertext, **body}
        return self.ok("POST", f"keys/{key_id}/actions/unwrap", body)

    def act(self, key_id: str, action: str, body: object = None) -> None:
        """An action without an answer."""
        self.ok("POST", f"keys/{key_id}/actions/{action}", body)

    def protect(self, key_id: str, *, holds: bool = False, resource: str = "bucket") -> str:
        """Let a key protect a resource, as an integrated service would; gives its name."""
        crn = f"crn:v1:bluemix:public:cloud-object-storage:global:a/account-1:cos:bucket:{resource}"
        made = Registration(key_id, crn, self.now, "ServiceId-cos", "a bucket", holds)
        self.instance.registrations.append(made)
        return crn

    def as_role(self, *roles: Role) -> "Caller":
        """The same tenant called by somebody else, with these roles."""
        name = "-".join(roles) or "nobody"
        someone = Identity(f"IBMid-{name}", self.identity.account, name, {EVERYWHERE: roles})
        self.service.iam._by_iam_id[someone.iam_id] = someone
        return Caller(self.service, self.instance, someone, self.now)


def refusal_of(act: Callable[[], object]) -> Refusal | None:
    """How an act is refused, None when it is not; any other exception is a bug and passes."""
    try:
        act()
    except Refusal as refused:
        return refused
    return None


class Noting(Forgetful):
    """A storage that notes how many keys each keeping was about."""

    def __init__(self, kept: list[int]) -> None:
        self.kept = kept

    def keep(self, instance: Instance, touched: frozenset[str], now: float) -> None:
        """Note it."""
        self.kept.append(len(touched))


def envelope(*resources: object, kind: str = "key", total: int | None = None) -> dict[str, object]:
    """Resources as a request carries them."""
    metadata = {
        "collectionType": f"application/vnd.ibm.kms.{kind}+json",
        "collectionTotal": len(resources) if total is None else total,
    }
    return {"metadata": metadata, "resources": list(resources)}


def owner(account: str = "account-1") -> Identity:
    """Somebody who may do everything in an account."""
    return Identity(f"IBMid-{account}", account, account, {EVERYWHERE: OWNER})


def regions(*names: str, seed: int = 7, tenants: int = 1) -> list[Caller]:
    """Callers of a world with these regions: per region one per tenant, each its own account."""
    rng = Random(seed)
    people = [owner(f"account-{number + 1}") for number in range(tenants)]
    api_keys = {f"{API_KEY} {person.account}": person for person in people}
    iam = Iam(SecretSigner(rng.randbytes(32)), api_keys, entropy=rng.randbytes)
    callers = []
    for name in names:
        service = KeyService(name, iam=iam, entropy=rng.randbytes, rsa_key=rsa_key)
        for person in people:
            instance = service.add_instance(person.account, now=EPOCH)
            callers.append(Caller(service, instance, person))
    return callers
