"""Two regions of the real key service twin as a :data:`Service` of the tests' own little world.

The same root key material is imported in both. What an attempt meets is decided by ``meets``, a
function that a test may replace; ``lost`` lets a request take effect and loses its answer.
"""

import asyncio
import base64
import time
from collections.abc import Callable
from random import Random

import httpx
import orjson

from chaos.client.call import Credential, Target, Try, Wiring
from chaos.exchange import Answer, Failure, Reply, Request
from chaos.service.api import KeyService
from chaos.service.iam import Iam
from chaos.service.roles import Identity
from chaos.service.tokens import SecretSigner

EPOCH = 1_700_000_000.0
LATENCY = 0.02
API_KEY = "an-api-key"
MATERIAL = base64.b64encode(bytes(range(32))).decode()
NEWER = base64.b64encode(bytes(range(1, 33))).decode()

Meets = Callable[[Try, float], str]


class Twin:
    """Two regions, one IAM, one root key in both; ``arrived`` are the requests that took effect."""

    def __init__(self, seed: int = 1) -> None:
        entropy = Random(seed).randbytes
        owner = Identity("IBMid-1", "account")
        self.iam = Iam(SecretSigner(entropy(32)), {API_KEY: owner}, entropy=entropy)
        self.token = self.iam.issue(owner, EPOCH)
        self.services = {
            name: KeyService(name, iam=self.iam, entropy=entropy)
            for name in ("us-south", "us-east")
        }
        self.targets = tuple(self._target(name) for name in self.services)
        self.meets: Meets = lambda _, __: "answers"
        self.arrived: list[tuple[float, Try]] = []

    def wiring(self, *, token: str | None = None, lasts: float = 3600.0) -> Wiring:
        """A client's wiring to both regions, with a token that is good for an hour."""
        text = self.token if token is None else token
        credential = Credential(API_KEY, "http://iam", text, 0.0, lasts)
        return Wiring("client-1", self.targets, credential, EPOCH)

    def __call__(self, attempt: Try, now: float) -> tuple[float, Reply]:
        """What an attempt meets: an answer, an answer that is lost, refusal, silence."""
        meets = self.meets(attempt, now)
        if meets == "refuses":
            return 0.001, Failure("refused", written=False)
        if meets == "swallows":
            return 1e6, Failure("closed", written=True)
        self.arrived.append((now, attempt))
        answer = self.answer(attempt, now)
        if meets == "lost":
            return LATENCY, Failure("reset", written=True)
        return LATENCY, answer

    def answer(self, attempt: Try, now: float) -> Answer:
        """The answer of the region, or of IAM."""
        if attempt.region == "iam":
            return self.iam.answer(attempt.request, EPOCH + now)
        return self.services[attempt.region].answer(attempt.request, EPOCH + now)

    def ask(self, region: str, method: str, path: str, body: object = None) -> dict[str, object]:
        """An operator's own request, past everything."""
        target = next(target for target in self.targets if target.region == region)
        text = b"" if body is None else orjson.dumps(body)
        answer = self.services[region].answer(
            Request(method, path, self._headers(target.instance), text), EPOCH
        )
        assert answer.status < 300, answer
        return orjson.loads(answer.body) if answer.body else {}

    def kinds(self, region: str = "") -> list[str]:
        """The actions that took effect, in order, those of one region or of all."""
        return [
            attempt.request.path.rsplit("/", 1)[-1]
            for _, attempt in self.arrived
            if attempt.region == region or (not region and attempt.region != "iam")
        ]

    def _target(self, region: str) -> Target:
        instance = self.services[region].add_instance("account").id
        media = "application/vnd.ibm.kms.key+json"
        key = {"type": media, "name": "root", "extractable": False, "payload": MATERIAL}
        envelope = {
            "metadata": {"collectionType": media, "collectionTotal": 1},
            "resources": [key],
        }
        request = Request("POST", "/api/v2/keys", self._headers(instance), orjson.dumps(envelope))
        answer = self.services[region].answer(request, EPOCH)
        key_id = orjson.loads(answer.body)["resources"][0]["id"]
        return Target(region, f"http://{region}", instance, key_id)

    def _headers(self, instance: str) -> tuple[tuple[str, str], ...]:
        return (("Authorization", f"Bearer {self.token}"), ("Bluemix-Instance", instance))


class TwinTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """The twin behind httpx, without a socket; ``meets`` says what a request to a host meets."""

    def __init__(self, twin: Twin) -> None:
        self.twin = twin
        self.meets: Callable[[str], str] = lambda _: "answers"
        self.asked: list[str] = []
        self.requests: list[httpx.Request] = []
        self.latency = 0.0
        self._zero = time.monotonic()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer, refuse, or be silent for as long as the attempt may last."""
        meets = self._meets(request)
        if meets == "swallows":
            time.sleep(request.extensions["total"])
            raise httpx.ReadTimeout("silence", request=request)
        time.sleep(self.latency)
        return self._answer(meets, request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The same for asyncio."""
        meets = self._meets(request)
        if meets == "swallows":
            await asyncio.sleep(30.0)
        await asyncio.sleep(self.latency)
        return self._answer(meets, request)

    def _meets(self, request: httpx.Request) -> str:
        self.requests.append(request)
        self.asked.append(f"{request.url.host}{request.url.path}")
        return self.meets(request.url.host)

    def _answer(self, meets: str, request: httpx.Request) -> httpx.Response:
        if meets == "refuses":
            raise httpx.ConnectError("refused", request=request)
        if meets == "breaks":
            raise RuntimeError("a bug of the transport's own")
        if meets.isdigit():
            return httpx.Response(int(meets))
        if meets == "truncates":
            return httpx.Response(200, content=b'{"plaintext":"c')
        asked = Request(
            request.method,
            request.url.raw_path.decode(),
            tuple(request.headers.items()),
            request.read(),
        )
        host = request.url.host
        answering = self.twin.iam if host == "iam" else self.twin.services[host]
        answer = answering.answer(asked, EPOCH + time.monotonic() - self._zero)
        return httpx.Response(answer.status, headers=dict(answer.headers), content=answer.body)
