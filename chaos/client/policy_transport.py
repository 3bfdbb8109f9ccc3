"""httpx transports that give an existing program the policy, in one line.

    client = httpx.Client(transport=PolicyTransport(wiring))

Every wrap, unwrap, rewrap, rotate, … that the program sends to a root key of the wiring goes where
the policy says, as often as it says, with the key id, instance and token of the region it goes to;
the program sees the answer. Everything else passes through as it is. Header fields of the program's
own are not passed on with key actions but for its token, where the wiring has no API key.
"""

import re
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
from chaos.client.reading import OK
from chaos.client.transport import LeanTransport
from chaos.exchange import Answer, Failure

_ACTION = re.compile(
    r"/api/v2/keys/([^/]+)/(?:actions/)?(wrap|unwrap|rewrap|rotate|disable|enable|restore)"
)
_BEARER = "Bearer "


class _Program:
    """The program's requests as operations, and what came of them as its responses."""

    def __init__(self, wiring: Wiring, policy: Policy) -> None:
        self._lends_token = not wiring.credential.api_key
        if self._lends_token:
            # The program renews its token; we could not.
            policy = replace(policy, refresh=None)
        self.client = PolicyClient(policy, wiring, SystemRandom())
        self._keys = frozenset(target.key_id for target in wiring.targets)
        self._number = 0

    def work(self, request: httpx.Request, body: bytes) -> Work | None:
        """The operation that a request asks for; None where it is none of the policy's business."""
        asked = _ACTION.fullmatch(request.url.path)
        if request.method != "POST" or asked is None or asked[1] not in self._keys:
            return None
        try:
            members: Any = orjson.loads(body or b"{}") or {}
            texts = {name: members.get(name, "") for name in ("ciphertext", "plaintext", "payload")}
            aad = tuple(members.get("aad", ()))
        except (ValueError, AttributeError, TypeError):
            # The service shall say what is wrong with it.
            return None
        if self._lends_token:
            self._borrow(request.headers.get("authorization", ""))
        self._number += 1
        return Work(self._number, cast("WorkKind", asked[2]), aad=aad, **texts)

    def response(self, driven: Driven, request: httpx.Request) -> httpx.Response:
        """The service's last answer as httpx has it; raises what httpx raises where there is none.

        An answer that was not whole is none, whatever its status line said.
        """
        reply = driven.reply
        if isinstance(reply, Answer) and (driven.meaning != "down" or reply.status != OK):
            return httpx.Response(
                reply.status, headers=dict(reply.headers), content=reply.body, request=request
            )
        if isinstance(reply, Answer):
            reply = Failure("truncated", written=True)
        elif reply is None:
            reply = Failure("refused", written=False, detail=driven.done.why)
        raise as_httpx(Broken(reply), request)

    def _borrow(self, authorization: str) -> None:
        """Use the program's own token."""
        token = authorization.removeprefix(_BEARER)
        if token != self.client.tokens.text:
            self.client.tokens.text = token
            self.client.forget_headers()


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
        return self._program.response(self._driver.run(work), request)

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
        return self._program.response(await self._driver.run(work), request)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._driver.aclose()
        await self._inner.aclose()
