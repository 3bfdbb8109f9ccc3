"""A caller who goes through a region's front door, in virtual time."""

from heapq import heappop, heappush
from itertools import count
from typing import Any
from urllib.parse import urlencode

import orjson

from chaos.exchange import Answer, Reply, Request
from chaos.service.conditions import Terms
from chaos.service.front_door import UNLIMITED, FrontDoor
from chaos.service.held import Held, Received
from chaos.service.iam import API_KEY_GRANT
from tests.service.caller import API_KEY, EPOCH, Caller, regions

CONTROL_TOKEN = "control"  # noqa: S105 (of a test)


class Passage:
    """One tenant with one root key behind one door; ``now`` only moves when a test says so."""

    def __init__(self, terms: Terms = UNLIMITED, caller: Caller | None = None) -> None:
        self.caller = caller or regions("us-south")[0]
        self.door = FrontDoor(self.caller.service, terms, control_token=CONTROL_TOKEN)
        self.faults = self.door.faults
        self.now = EPOCH
        self.key = self.caller.create()["id"]
        self.token = self.caller.service.iam.issue(self.caller.identity, self.now)

    def request(self, method: str, path: str, body: object = None) -> Request:
        """A request as the tenant makes it."""
        headers = (
            ("Authorization", f"Bearer {self.token}"),
            ("Bluemix-Instance", self.caller.instance.id),
        )
        return Request(method, path, headers, b"" if body is None else orjson.dumps(body))

    def ask(self, method: str, path: str, body: object = None) -> Received:
        """What the door gives back for a call under /api/v2/."""
        return self.door.receive(self.request(method, "/api/v2/" + path, body), self.now)

    def wrap(self, key: str = "") -> Received:
        """Wrap with the tenant's key."""
        return self.ask("POST", f"keys/{key or self.key}/actions/wrap")

    def ask_token(self) -> Received:
        """A request for a token."""
        api_key = f"{API_KEY} {self.caller.identity.account}"
        form = {"grant_type": API_KEY_GRANT, "apikey": api_key}
        request = Request("POST", "/identity/token", (), urlencode(form).encode())
        return self.door.receive(request, self.now)

    def inject(self, kind: str, name: str = "fault", **fields: object) -> None:
        """Inject a fault."""
        self.faults.inject(name, {"kind": kind, **fields}, self.now)

    def counts(self, name: str = "fault") -> tuple[int, int, int]:
        """Eligible, matched, injected."""
        counts = self.faults.by_name[name].counts
        return counts.eligible, counts.matched, counts.injected

    def control(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Status and document of a call of the control API."""
        sent = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        headers = (("Authorization", f"Bearer {CONTROL_TOKEN}"),)
        request = Request(method, "/_keychaos/" + path, headers, sent)
        answer = self.door.receive(request, self.now)
        assert isinstance(answer, Answer)
        return answer.status, orjson.loads(answer.body)


class Clockwork:
    """Comes back to held requests when they are due, as a server or a simulated wire does."""

    def __init__(self) -> None:
        self.ended: list[tuple[float, Reply]] = []
        self._heap: list[tuple[float, int, Held]] = []
        self._ties = count()

    def take(self, received: Received, now: float) -> None:
        """Note an answer, or when to come back for it."""
        if not isinstance(received, Held):
            self.ended.append((now, received))
            return
        received.moved = lambda: self._due(received)
        self._due(received)

    def run(self, until: float) -> None:
        """Come back to everything that is due until then."""
        while self._heap and self._heap[0][0] <= until:
            now, _, held = heappop(self._heap)
            if held.moved is None:
                continue
            reply = held.resume(now)
            if reply is None:
                self._due(held)
            else:
                held.moved = None
                self.ended.append((now, reply))

    def _due(self, held: Held) -> None:
        if held.until < float("inf"):
            heappush(self._heap, (held.until, next(self._ties), held))


def status(received: Received) -> int:
    """The status of what must be an answer."""
    assert isinstance(received, Answer), received
    return received.status
