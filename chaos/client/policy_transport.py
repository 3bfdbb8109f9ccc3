"""httpx transports that give an existing program the policy, in one line.

    client = httpx.Client(transport=PolicyTransport(wiring))

Every wrap, unwrap, rewrap, rotate, … that the program sends to a root key of the wiring goes where
the policy says, as often as it says, with the key id, instance and token of the region it goes to;
the program sees the answer. Its own header fields go along, but for those that say where to and
what (tenant, token, length); its token, too, where the wiring has no API key. The policy's deadline
takes the place of the program's timeouts. Everything else passes through as it is.
"""

import itertools
import re
from collections.abc import Mapping
from dataclasses import replace
from random import SystemRandom
from typing import Any, cast

import httpx
import orjson

from chaos.client.async_driving import AsyncDriver
from chaos.client.blocking_transport import BlockingTransport
from chaos.client.call import Wiring, Work, WorkKind
from chaos.client.caller import PolicyClient
from chaos.client.driving import BlockingDriver, Driven, Observer
from chaos.client.httpx_terms import Broken, as_httpx
from chaos.client.policy import Policy
from chaos.client.presets import RECOMMENDED
from chaos.client.reading import SUCCESSES
from chaos.client.transport import LeanTransport
from chaos.client.wire import Headers
from chaos.exchange import Answer, Failure

# What the body of each action may hold for us to carry it; a request that says more (encrypted
# material of one region's import token) is that region's alone and passes through.
_MEMBERS: Mapping[str, frozenset[str]] = {
    "wrap": frozenset({"plaintext", "aad"}),
    "unwrap": frozenset({"ciphertext", "aad"}),
    "rewrap": frozenset({"ciphertext", "aad"}),
    "rotate": frozenset({"payload"}),
    "disable": frozenset(),
    "enable": frozenset(),
    "restore": frozenset(),
}
_KEY = re.compile(r"/api/v2/keys/([^/]+)(?:/(?:actions/)?([^/]+))?")
# Of the region, of the message, or of the connection: none of them is the program's to say.
_OURS = frozenset(
    {
        *("authorization", "bluemix-instance", "content-type", "content-length", "host"),
        *("connection", "transfer-encoding"),
    }
)
# Of the bytes on the wire: the program is handed the body as it was before them.
_OF_THE_WIRE = frozenset({"content-encoding", "content-length", "transfer-encoding"})


class _Program:
    """The program's requests as operations, and what came of them as its responses."""

    def __init__(self, wiring: Wiring, policy: Policy) -> None:
        self._ours = _OURS
        if not wiring.credential.api_key:
            # The program renews its token and sends it along; we could not.
            policy = replace(policy, refresh=None)
            self._ours = _OURS - {"authorization"}
        self.client = PolicyClient(policy, wiring, SystemRandom())
        self._keys = frozenset(target.key_id for target in wiring.targets)
        self._numbers = itertools.count(1)

    def work(self, request: httpx.Request, body: bytes) -> Work | None:
        """The operation that a request asks for; None where it is none of the policy's business."""
        kind = self._kind(request)
        if kind is None:
            return None
        try:
            members: Any = orjson.loads(body or b"{}") or {}
            if not _MEMBERS[kind].issuperset(members):
                return None
            aad = tuple(members.pop("aad", ()))
        except (ValueError, AttributeError, TypeError):
            # The service shall say what is wrong with it.
            return None
        return Work(next(self._numbers), cast("WorkKind", kind), aad=aad, **members)

    def own(self, request: httpx.Request) -> Headers:
        """The program's own header fields."""
        return tuple(
            (name, value)
            for name, value in request.headers.multi_items()
            if name.lower() not in self._ours
        )

    def response(self, driven: Driven, request: httpx.Request) -> httpx.Response:
        """The service's last answer as httpx has it; raises what httpx raises where there is none.

        An answer that was not whole is none, whatever its status line said.
        """
        reply = driven.reply
        if isinstance(reply, Answer) and (
            driven.meaning != "down" or reply.status not in SUCCESSES
        ):
            headers = {
                name: value for name, value in reply.headers.items() if name not in _OF_THE_WIRE
            }
            return httpx.Response(
                reply.status, headers=headers, content=reply.body, request=request
            )
        if isinstance(reply, Answer):
            reply = Failure("truncated", written=True)
        elif reply is None:
            reply = Failure("refused", written=False, detail=driven.done.why)
        raise as_httpx(Broken(reply), request)

    def _kind(self, request: httpx.Request) -> str | None:
        """The action on one of our keys that a request asks for, in its own or the legacy form."""
        asked = _KEY.fullmatch(request.url.path)
        if request.method != "POST" or asked is None or asked[1] not in self._keys:
            return None
        query = dict(request.url.params)
        kind = asked[2] or query.pop("action", None)
        return None if query or kind not in _MEMBERS else kind


class PolicyTransport(httpx.BaseTransport):
    """For `httpx.Client`. ``inner`` carries what is sent, by default our own lean transport."""

    def __init__(
        self,
        wiring: Wiring,
        *,
        policy: Policy = RECOMMENDED,
        inner: httpx.BaseTransport | None = None,
        observe: Observer | None = None,
    ) -> None:
        self._program = _Program(wiring, policy)
        self._inner = inner or BlockingTransport()
        self._driver = BlockingDriver(self._program.client, self._inner, observe=observe)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request: under the policy if it is a key action, as it is if it is not."""
        work = self._program.work(request, request.read())
        if work is None:
            return self._inner.handle_request(request)
        return self._program.response(self._driver.run(work, self._program.own(request)), request)

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


class AsyncPolicyTransport(httpx.AsyncBaseTransport):
    """For `httpx.AsyncClient`."""

    def __init__(
        self,
        wiring: Wiring,
        *,
        policy: Policy = RECOMMENDED,
        inner: httpx.AsyncBaseTransport | None = None,
        observe: Observer | None = None,
    ) -> None:
        self._program = _Program(wiring, policy)
        self._inner = inner or LeanTransport()
        self._driver = AsyncDriver(self._program.client, self._inner, observe=observe)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request: under the policy if it is a key action, as it is if it is not."""
        work = self._program.work(request, await request.aread())
        if work is None:
            return await self._inner.handle_async_request(request)
        return self._program.response(
            await self._driver.run(work, self._program.own(request)), request
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._driver.aclose()
        await self._inner.aclose()
