"""One region of the key service as a function: an HTTP request value in, an HTTP answer out.

Nothing here waits, draws randomness or reads a clock, so the simulator calls it and the server
serves it. How to use it::

    rng = random.Random(7)
    owner = Identity("IBMid-1", "acct")
    iam = Iam(SecretSigner(rng.randbytes(32)), {"api-key": owner}, entropy=rng.randbytes)
    south = KeyService("us-south", iam=iam, entropy=rng.randbytes)
    instance = south.add_instance("acct")     # a tenant; instance.id selects it
    token = iam.issue(owner, now)             # or iam.answer(Request("POST", "/identity/token", …))
    answer = south.answer(Request("POST", f"/api/v2/keys/{key_id}/actions/wrap", headers), now)

``headers`` are ``Authorization: Bearer <token>`` and ``Bluemix-Instance: <instance.id>``; ``now``
is UTC in seconds since 1970. A duplicate root key is one `POST /api/v2/keys` with the same payload
in each region. One object is one region with any number of instances; all regions share one Iam.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from chaos.exchange import Answer, Request
from chaos.service.admitted import Admitted
from chaos.service.archive import absorb, name_of
from chaos.service.clock import REAL_TIME, Clock
from chaos.service.iam import TOKEN_PATHS, Iam
from chaos.service.instance import STANDARD_PLAN, Entropy, Instance, new_id
from chaos.service.networks import require_let_in
from chaos.service.refusal import Refusal, no_subject, unauthorized
from chaos.service.resolve import Resolved, resolve
from chaos.service.roles import Identity
from chaos.service.routes import Route
from chaos.service.storage import Forgetful, Storage
from chaos.service.tokens import is_parsable

BEARER = "bearer "
FORGETFUL = Forgetful()
# Where a request came from stands among its headers under a name that no header can have.
_PEER = ":peer"
_READ_HEADERS = frozenset(
    {"authorization", "bluemix-instance", "correlation-id", "host", "x-kms-key-ring", "prefer"}
)


_NAMES_REMEMBERED = 256
_READ_AS: dict[str, str] = {}  # header names as written: the same few come again and again


def _read_as(name: str) -> str:
    """The lower-case name of a header that matters here, else nothing."""
    lower = name.lower()
    read = lower if lower in _READ_HEADERS else ""
    if len(_READ_AS) < _NAMES_REMEMBERED:
        _READ_AS[name] = read
    return read


class KeyService:
    """A region: its instances, and the door through which every request comes.

    ``scale`` makes the service's clock run that many times as fast from ``epoch`` on, for all that
    is timed in it but tokens, whose life is read by the caller's own clock. ``rsa_key`` draws the
    keys of import tokens, which no entropy argument can. ``storage`` is told of a change before
    the answer that acknowledges it is given.
    """

    def __init__(
        self,
        region: str,
        *,
        iam: Iam,
        entropy: Entropy,
        clock: Clock = REAL_TIME,
        rsa_key: Callable[[], RSAPrivateKey] | None = None,
        storage: Storage = FORGETFUL,
    ) -> None:
        self.region = region
        self.iam = iam
        self.instances = dict(storage.load(entropy))
        self.answered: Counter[tuple[str, str, int]] = Counter()
        self.entropy = entropy
        self.clock = clock
        self._rsa_key = rsa_key
        nobody: Any = None
        self._identified: tuple[object, float, tuple[Identity, Instance]] = (None, 0.0, nobody)
        self._storage = storage

    def add_instance(
        self,
        account: str,
        *,
        instance_id: str = "",
        name: str = "",
        plan: str = STANDARD_PLAN,
        now: float = 0.0,
    ) -> Instance:
        """Make a tenant; its id is drawn unless it is given."""
        made = Instance(
            instance_id or new_id(self.entropy),
            account,
            self.region,
            self.entropy,
            name,
            plan,
            self.clock.at(now),
        )
        self._storage.keep(made, frozenset(), now)
        self.instances[made.id] = made
        return made

    def remove_instance(self, instance_id: str, now: float = 0.0) -> None:
        """Remove a tenant with all its keys; KeyError where there is none."""
        leaving = self.instances[instance_id]
        leaving.removed = True
        try:
            self._storage.keep(leaving, frozenset(), now)
        except BaseException:
            leaving.removed = False  # it is still kept, so it is still served
            raise
        del self.instances[instance_id]

    def keep(self, instance: Instance, key_id: str, now: float) -> None:
        """Keep a key that was changed other than by a request."""
        instance.touched.add(key_id)
        self._keep(instance, now)

    def take_over(self, kept: bytes) -> None:
        """Let happen what happened elsewhere, told in the archive's words, and keep nothing."""
        absorb(self.instances, kept, self.entropy)

    def take_back(self, kept: Iterable[bytes], now: float) -> None:
        """Let happen what happened elsewhere, and keep it."""
        for record in kept:
            tenant, key_id = name_of(record)
            before = self.instances.get(tenant)
            self.take_over(record)
            instance = self.instances.get(tenant)
            if instance is not None:
                instance.touched |= {key_id} if key_id else set()
                self._keep(instance, now)
            elif before is not None:
                self.instances[tenant] = before
                self.remove_instance(tenant, now)

    def answer(self, request: Request, now: float) -> Answer:
        """Answer one request at ``now``, UTC seconds since 1970."""
        if request.path.partition("?")[0] in TOKEN_PATHS:
            return self.iam.answer(request, now)
        aimed = resolve(request.method, request.path)
        return self.carry_out(request.body, aimed, self.read_headers(request), now)

    def carry_out(
        self, body: bytes, aimed: Resolved, headers: Mapping[str, str], now: float
    ) -> Answer:
        """Answer a request that is no token request, once its target and headers were read."""
        route = aimed.route
        if isinstance(route, tuple):
            answer = _no_route(route, headers["correlation-id"])
            self.answered["", "", answer.status] += 1
            return answer
        try:
            asked = self._admit(route, headers, now)
            asked.path, asked.query, asked.body = aimed.names, aimed.query, body
            instance = asked.instance
            if instance.unkept:
                self._keep(instance, now)
            answer = route.endpoint(asked)
            if route.writes or instance.touched:
                self._keep(instance, now)
        except Refusal as refusal:
            answer = refusal.answer(route.failed, headers["correlation-id"])
        except Exception:  # a bug of ours or a disk that is full: whose shell knows what to do
            self.answered[route.method, route.path, int(HTTPStatus.INTERNAL_SERVER_ERROR)] += 1
            raise
        self.answered[route.method, route.path, answer.status] += 1
        return answer

    def read_headers(self, request: Request) -> dict[str, str]:
        """The headers that matter here; a request without a correlation id is given one."""
        headers = {_PEER: request.address} if request.address else {}
        for name, value in request.headers:
            lower = _READ_AS.get(name)
            if lower is None:
                lower = _read_as(name)
            if lower:
                headers[lower] = value
        if not headers.get("correlation-id"):
            headers["correlation-id"] = new_id(self.entropy)
        return headers

    def identify(self, headers: Mapping[str, str], now: float) -> tuple[Identity, Instance]:
        """Who asks, of which tenant of the same account; refused otherwise."""
        asked = self._identified
        if asked[0] is headers and asked[1] == now:
            return asked[2]  # a quota has asked already
        authorization = headers.get("authorization", "")
        bearer = authorization[: len(BEARER)].lower() == BEARER
        identity = self.iam.verify(authorization[len(BEARER) :], now) if bearer else None
        instance = self.instances.get(headers.get("bluemix-instance", ""))
        if identity is None or instance is None or instance.account != identity.account:
            raise _not_let_in(authorization)
        found = identity, instance
        self._identified = headers, now, found
        return found

    def _keep(self, instance: Instance, now: float) -> None:
        """Keep what was touched. Where it raises, nothing is served of the instance until it does
        not: what was not kept is lost with the process, so nobody may be told of it.
        """
        instance.unkept = True
        self._storage.keep(instance, frozenset(instance.touched), now)
        instance.touched.clear()
        instance.unkept = False

    def _admit(self, route: Route, headers: Mapping[str, str], now: float) -> Admitted:
        """Who asks, and of which tenant: no token, no tenant and no role all sound the same."""
        identity, instance = self.identify(headers, now)
        roles = identity.roles(instance.id)
        if route.role not in roles and route.also not in roles:
            raise unauthorized()
        if instance.policies:
            require_let_in(instance.policies, headers.get(_PEER, ""), headers.get("host", ""))
        return Admitted(
            instance,
            identity,
            roles,
            self.clock.at(now),
            self.entropy,
            headers["correlation-id"],
            headers.get("x-kms-key-ring", ""),
            headers.get("prefer", ""),
            route.writes,
            self._rsa_key,
        )


def _not_let_in(authorization: str) -> Refusal:
    """Expired, foreign and missing tokens sound the same; only what is no token at all does not."""
    token = authorization[len(BEARER) :]
    bearer = authorization[: len(BEARER)].lower() == BEARER
    return no_subject() if bearer and token and not is_parsable(token) else unauthorized()


def _no_route(methods: tuple[str, ...], correlation: str) -> Answer:
    if not methods:
        return Refusal(404, "", "The requested path does not exist").answer("", correlation)
    refusal = Refusal(405, "", "The requested method is not allowed on this path")
    answer = refusal.answer("", correlation)
    return replace(answer, headers={**answer.headers, "allow": ", ".join(methods)})
