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

from urllib.parse import parse_qsl, unquote

from chaos.exchange import Answer, Request
from chaos.service.admitted import Admitted, Entropy, new_id
from chaos.service.iam import TOKEN_PATHS, Iam
from chaos.service.instance import Instance
from chaos.service.refusal import Refusal, unauthorized
from chaos.service.routes import PREFIX, Route, find

_READ_HEADERS = frozenset(
    {"authorization", "bluemix-instance", "correlation-id", "x-kms-key-ring", "prefer"}
)


class KeyService:
    """A region: its instances, and the door through which every request comes.

    ``scale`` makes the service's clock run that many times as fast from ``epoch`` on, for all that
    is timed in it but tokens, whose life is read by the caller's own clock.
    """

    def __init__(
        self, region: str, *, iam: Iam, entropy: Entropy, scale: float = 1.0, epoch: float = 0.0
    ) -> None:
        self.region = region
        self.iam = iam
        self.instances: dict[str, Instance] = {}
        self._entropy = entropy
        self._scale = scale
        self._epoch = epoch

    def add_instance(
        self, account: str, *, instance_id: str = "", name: str = "", now: float = 0.0
    ) -> Instance:
        """Make a tenant; its id is drawn unless it is given."""
        made = Instance(
            instance_id or new_id(self._entropy), account, self.region, name, created=now
        )
        self.instances[made.id] = made
        return made

    def clock(self, now: float) -> float:
        """The service's own time at the caller's ``now``."""
        if self._scale == 1.0:
            return now
        return self._epoch + (now - self._epoch) * self._scale

    def answer(self, request: Request, now: float) -> Answer:
        """Answer one request at ``now``, UTC seconds since 1970."""
        path, _, query = request.path.partition("?")
        if path in TOKEN_PATHS:
            return self.iam.answer(request, now)
        headers = _read_headers(request)
        correlation = headers.get("correlation-id")
        if not correlation:
            correlation = headers["correlation-id"] = new_id(self._entropy)
        segments = path[len(PREFIX) :].split("/") if path.startswith(PREFIX) else []
        route, pattern = find(request.method, segments)
        failed = route.failed if route is not None else ""
        try:
            if route is None:
                raise _no_route(pattern)
            asked = self._admit(route, headers, request.body, now)
            if "%" in path:
                segments = [unquote(segment) for segment in segments]
            asked.path = tuple(segments[1::2])
            if query:
                asked.query = dict(parse_qsl(query))
            return route.endpoint(asked)
        except Refusal as refusal:
            return refusal.answer(failed, correlation)

    def _admit(self, route: Route, headers: dict[str, str], body: bytes, now: float) -> Admitted:
        """Who asks, and of which tenant: no token, no tenant and no role all sound the same."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        identity = self.iam.verify(token, now) if scheme.lower() == "bearer" else None
        instance = self.instances.get(headers.get("bluemix-instance", ""))
        if identity is None or instance is None or instance.account != identity.account:
            raise unauthorized()
        roles = identity.roles(instance.id)
        if route.role not in roles:
            raise unauthorized()
        return Admitted(
            instance,
            identity,
            roles,
            self.clock(now),
            self._entropy,
            headers["correlation-id"],
            body,
            ring=headers.get("x-kms-key-ring", ""),
            prefer=headers.get("prefer", ""),
        )


def _read_headers(request: Request) -> dict[str, str]:
    headers = {}
    for name, value in request.headers:
        lower = name.lower()
        if lower in _READ_HEADERS:
            headers[lower] = value
    return headers


def _no_route(pattern: str) -> Refusal:
    if pattern:
        return Refusal(405, "", "The requested method is not allowed on this path")
    return Refusal(404, "", "The requested path does not exist")
