"""The control API of a region: faults in and out, over HTTP at a path that no SDK uses.

All of it takes ``Authorization: Bearer <control token>``, a token of its own that opens nothing
else; without one configured the paths do not exist. Bodies and answers are JSON.

===============================  ==================================================================
``GET /_keychaos/faults``        every fault in force, by name, with its counts
``PUT /_keychaos/faults/{name}`` inject (or heal and inject anew) the fault of the body
``GET``, ``DELETE`` of the same  look at it; heal it. Both answer its counts
``DELETE /_keychaos/faults``     heal everything
``POST /_keychaos/renew``        begin leases again: all, or ``{"names": [...]}``; those in force
``GET /_keychaos/state``         region, zones, capacity, quota, and ``now`` on the region's clock
``GET /_keychaos/changes``       for a standby: what changed after ``?after=N``, sealed
``POST /_keychaos/changes``      from a standby: what changed there while it served, sealed
===============================  ==================================================================

A shown fault is ``{"name", "fault", "since", "lease_left", "counts"}``; counts are ``eligible``,
``matched``, ``injected``, ``escaped``, and ``first`` and ``last`` touch. Instants are UTC since
1970, in seconds. Mistakes are ``{"error": "one sentence"}`` with 400, 401, 404 or 405.
"""

from collections.abc import Callable, Mapping
from hmac import compare_digest
from urllib.parse import unquote

import orjson

from chaos.errors import ScenarioError
from chaos.exchange import Answer, Request
from chaos.service.faults import read_fault
from chaos.service.injected import Faults
from chaos.service.replica import Replica

PREFIX = "/_keychaos/"
JSON = {"content-type": "application/json"}
BEARER = "Bearer "
State = Callable[[float], Mapping[str, object]]


class Control:
    """Answers the control API of one region."""

    def __init__(
        self, faults: Faults, token: str, state: State, replica: Replica | None = None
    ) -> None:
        self._replica = replica
        self._faults = faults
        self._token = token.encode()
        self._state = state

    def answer(self, request: Request, now: float) -> Answer:
        """Answer a request whose path begins with :data:`PREFIX`."""
        if not self._token:
            return _mistake(404, "No control token was configured, so there is no control API.")
        if not self._may(request):
            return _mistake(401, "The control API takes Authorization: Bearer <control token>.")
        self._faults.lapse(now)
        path = request.path.partition("?")[0].removeprefix(PREFIX)
        kind, _, name = path.partition("/")
        try:
            return self._dispatch(request, kind, unquote(name), now)
        except ScenarioError as error:
            return _mistake(400, str(error))

    def _dispatch(self, request: Request, kind: str, name: str, now: float) -> Answer:
        method = request.method
        if kind == "faults" and name:
            return self._one(request, name, now)
        told = None if name else self._all(request, kind, now)
        if told is not None:
            return told
        if kind in ("faults", "renew", "state"):
            return _mistake(405, f"{method} is not what can be done with {PREFIX}{kind}.")
        return _mistake(404, f"{PREFIX} has faults, renew and state.")

    def _all(self, request: Request, kind: str, now: float) -> Answer | None:
        """What is asked of all faults, or of the region; None for nothing that there is."""
        method = request.method
        if kind == "faults" and method in ("GET", "DELETE"):
            shown = {each: one.shown(now) for each, one in self._faults.by_name.items()}
            if method == "DELETE":
                self._faults.heal_all(now)
            return _said({"faults": shown})
        if kind == "renew" and method == "POST":
            return self._renew(request, now)
        if kind == "state" and method == "GET":
            return _said({"now": now, **self._state(now)})
        if kind == "changes" and self._replica is not None:
            return self._replica.answer(request, now)
        return None

    def _one(self, request: Request, name: str, now: float) -> Answer:
        faults = self._faults
        if request.method == "PUT":
            return _said(faults.inject(name, read_fault(request.body), now).shown(now))
        if request.method not in ("GET", "DELETE"):
            return _mistake(405, "A fault is injected with PUT, read with GET, healed with DELETE.")
        if name not in faults.by_name:
            return _mistake(404, "No fault of that name is in force.")
        found = faults.by_name[name]
        if request.method == "DELETE":
            found = faults.heal(name, now)
        return _said(found.shown(now))

    def _renew(self, request: Request, now: float) -> Answer:
        names = None
        if request.body:
            try:
                names = orjson.loads(request.body)["names"]
            except (orjson.JSONDecodeError, KeyError, TypeError):
                names = ()
            if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
                return _mistake(400, 'Leases are renewed with {"names": ["one", "another"]}.')
        return _said({"renewed": self._faults.renew(now, names)})

    def _may(self, request: Request) -> bool:
        for name, value in request.headers:
            if name.lower() == "authorization" and value.startswith(BEARER):
                return compare_digest(value[len(BEARER) :].encode(), self._token)
        return False


def _said(document: Mapping[str, object]) -> Answer:
    return Answer(200, JSON, orjson.dumps(document))


def _mistake(status: int, sentence: str) -> Answer:
    return Answer(status, JSON, orjson.dumps({"error": sentence}))
