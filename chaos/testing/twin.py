"""A key service twin on real sockets in a thread of the test's process, each part behind a proxy.

A thread, because it is there in a tenth of a second and a call through it costs no more than one
through processes; it ends with the test process however that one ends, and so does every fault in
it.
"""

import asyncio
import functools
import http.client
import json
import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from chaos.errors import WorldError
from chaos.exchange import Answer, Request
from chaos.proxy.client import ApiClient, Told
from chaos.proxy.engine import Engine
from chaos.proxy.fault_proxy import FaultProxy
from chaos.proxy.ports import Ports
from chaos.run.faults import WireFault
from chaos.service.configuration import Configuration
from chaos.service.server import new_signing_key, serve_until
from chaos.testing.attempt import Attempt
from chaos.testing.ground import ACCOUNT, IAM, Secrets
from chaos.testing.watching import WatchedGate

HOST = "127.0.0.1"
STARTS_WITHIN = 60.0
STOPS_WITHIN = 10.0
ANSWERS_WITHIN = 30.0
CONTROL = "/_keychaos/faults/"


class Twin:
    """The regions and IAM, each behind a proxy; open while it is entered. A Ground.

    Raises WorldError where it cannot be opened.
    """

    def __init__(self, regions: tuple[str, ...]) -> None:
        self.regions = regions
        self.secrets = Secrets.drawn()
        self.attempts: list[Attempt] = []
        self.origins: dict[str, str] = {}
        self.proxy_url = ""
        self._endpoints: dict[str, str] = {}
        self._ready = threading.Event()
        self._broken: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._live, name="keychaos twin", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(STARTS_WITHIN):
            raise WorldError(f"The twin did not answer within {STARTS_WITHIN:g} s.")
        if self._broken is not None:
            raise WorldError(f"The twin could not be opened: {self._broken}") from self._broken
        self._api = ApiClient(self.proxy_url, ANSWERS_WITHIN)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._api.close()
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(STOPS_WITHIN)
        assert not self._thread.is_alive(), "the twin's thread did not end"

    def now(self) -> float:
        return time.monotonic()

    def endpoint(self, name: str) -> str:
        return self._endpoints[name]

    def ask(self, name: str, request: Request) -> Answer:
        where = urlsplit(self.origins[name])
        connection = http.client.HTTPConnection(HOST, where.port, timeout=ANSWERS_WITHIN)
        try:
            connection.request(
                request.method, request.path, request.body, headers=dict(request.headers)
            )
            answer = connection.getresponse()
            headers = {header.lower(): value for header, value in answer.getheaders()}
            return Answer(answer.status, headers, answer.read())
        finally:
            connection.close()

    def set_enabled(self, name: str, *, enabled: bool) -> None:
        _fine(self._api.ask("POST", "proxies", name, body={"enabled": enabled}))

    def place(self, name: str, toxic: WireFault) -> None:
        asked = {
            "name": toxic.name,
            "type": toxic.type,
            "stream": toxic.stream,
            "attributes": dict(toxic.attributes),
        }
        _fine(self._api.ask("POST", "proxies", name, "toxics", body=asked))

    def lift(self, name: str, toxic: WireFault) -> None:
        _fine(self._api.ask("DELETE", "proxies", name, "toxics", toxic.name))

    def touched(self, name: str, toxic: WireFault) -> int:
        counts = _fine(self._api.ask("GET", "proxies", name, "counts"))
        return int(counts["toxics"][toxic.name]["injected"])

    def inject(self, name: str, fault: str, document: Mapping[str, object]) -> None:
        self._control("PUT", name, fault, json.dumps(document).encode())

    def heal(self, name: str, fault: str) -> int:
        return int(self._control("DELETE", name, fault)["counts"]["injected"])

    def _control(self, method: str, name: str, fault: str, body: bytes = b"") -> Any:
        headers = (("Authorization", f"Bearer {self.secrets.control}"),)
        answer = self.ask(name, Request(method, CONTROL + fault, headers, body))
        told = json.loads(answer.body)
        if answer.status != http.HTTPStatus.OK:
            raise WorldError(f"{name} did not {method} the fault {fault}: {told.get('error')}")
        return told

    def _live(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - told to the thread that waits for us
            self._broken = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        watched = functools.partial(WatchedGate, self.attempts)
        engine = Engine("keychaos", Ports(HOST), watched)
        proxy = FaultProxy(engine)
        try:
            async with asyncio.TaskGroup() as parts:
                await self._open(parts)
                self.proxy_url = await proxy.listen(HOST, 0)
                await self._front(proxy)
                self._ready.set()
                await self._stop.wait()
        finally:
            proxy.close()

    async def _open(self, parts: asyncio.TaskGroup) -> None:
        """Start every region and IAM, and wait until they listen."""
        assert self._stop is not None
        loop = asyncio.get_running_loop()
        key = {"key": self.secrets.api_key, "iam_id": "IBMid-keychaos", "account": ACCOUNT}
        signing = await asyncio.to_thread(new_signing_key)
        shared = {"signing_key": signing, "api_keys": [key]}
        for name in (*self.regions, IAM):
            told = {"region": None if name == IAM else name, "iam": shared}
            line = json.dumps({**told, "control_token": self.secrets.control}).encode()
            opened: asyncio.Future[dict[str, object]] = loop.create_future()
            configuration = Configuration.parse(line)
            parts.create_task(serve_until(configuration, opened.set_result, self._stop))
            self.origins[name] = str((await opened)["url"])

    async def _front(self, proxy: FaultProxy) -> None:
        """Put a proxy before each of them."""
        wish = [
            {"name": name, "listen": f"{HOST}:0", "upstream": url.removeprefix("http://")}
            for name, url in self.origins.items()
        ]
        await proxy.configure(json.dumps(wish).encode())
        listens = {each.name: f"http://{each.listen}" for each in proxy.registry.values()}
        self._endpoints.update(listens)


def _fine(told: Told) -> Any:
    """What the proxy's API said; WorldError where it did not do what it was asked."""
    if not told.fine:
        raise WorldError(f"The fault proxy of the twin refused: {told.error}")
    return told.value
