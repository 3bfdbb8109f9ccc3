"""The fault proxy of one process: a registry, an engine that makes it so, the API in front."""

import asyncio
import base64
import json
import os
import resource
import secrets
import time
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Protocol, TypeAlias, TypeVar, cast

from chaos.errors import WorldError
from chaos.exchange import Answer, Request
from chaos.proxy import address
from chaos.proxy.api import Plan, plain, respond
from chaos.proxy.batch import BAD_REQUEST, batching, healing
from chaos.proxy.body import Refusal, decoded
from chaos.proxy.forms import configured
from chaos.proxy.http import conversations
from chaos.proxy.lease import Leases
from chaos.proxy.leasing import leased, leasing
from chaos.proxy.metrics import metrics
from chaos.proxy.proof import PROOF
from chaos.proxy.registry import Change, Outcome, Registry
from chaos.proxy.syntax import Pairs, written

T = TypeVar("T")
Planned: TypeAlias = Generator[tuple[Change, ...], tuple[Outcome, ...], T]
ANSWER_WITHIN = 25.0


class Carrier(Protocol):
    """Who carries out changes: an engine, or a crew of them."""

    async def carry_out(self, changes: Sequence[Change]) -> tuple[Outcome, ...]:
        """Do what belongs together at once."""
        ...

    def close(self) -> None:
        """Close every socket at once."""


class FaultProxy:
    """A registry, the engine that makes it so, and the API in front of both."""

    def __init__(
        self, engine: Carrier, *, proxy_metrics: bool = False, runtime_metrics: bool = False
    ) -> None:
        self.registry: Registry = {}
        self._engine = engine
        self._changing = asyncio.Lock()
        runtime = _runtime if runtime_metrics else None
        self._leases = Leases()
        self._lapse: asyncio.TimerHandle | None = None
        self._healing: asyncio.Task[None] | None = None
        self._more = {
            **batching({}),
            **leasing(self._leases, time.monotonic),
            **PROOF,
            **metrics(runtime, proxies=proxy_metrics),
        }
        self._api: asyncio.Server | None = None

    async def listen(self, host: str, port: int) -> str:
        """Serve the API; its URL. Raises WorldError where the address cannot be had."""
        loop = asyncio.get_running_loop()
        try:
            self._api = await loop.create_server(conversations(self.respond), host, port)
        except OSError as error:
            reason = os.strerror(error.errno or 0).lower()
            where = address.joined(host, port)
            sentence = f"The fault proxy cannot listen on {where} for its API: {reason}."
            raise WorldError(sentence) from None
        bound = self._api.sockets[0].getsockname()
        return f"http://{address.joined(bound[0], bound[1])}"

    async def respond(self, request: Request) -> Answer:
        """Answer one request; changes are carried out one request after the other."""
        plan = respond(self.registry, request, _request_id(), self._more)
        plan = leased(self.registry, request, self._leases, time.monotonic, plan)
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                if request.method == "GET":
                    # Looking changes nothing, so it need not wait for a change that does.
                    return await self._follow(plan)
                return await self._carry_out(plan)
        except TimeoutError:
            return plain(503, "the change was not carried out within 25 s\n")

    async def _carry_out(self, plan: Planned[T]) -> T:
        async with self._changing:
            done = await self._follow(plan)
        self._watch_leases()
        return done

    async def _follow(self, plan: Planned[T]) -> T:
        outcomes: tuple[Outcome, ...] | None = None
        while True:
            try:
                changes = plan.send(cast("tuple[Outcome, ...]", outcomes))
            except StopIteration as stop:
                return cast("T", stop.value)
            outcomes = await self._engine.carry_out(changes)

    async def configure(self, configuration: bytes) -> None:
        """Create the proxies of a configuration, with their toxics: all of them or none.

        Raises Refusal for the first that cannot be.
        """
        parts = configured(decoded(configuration))
        body = written([Pairs(part) for part in parts])
        request = Request("POST", "/changes", body=body)
        answer = await self._carry_out(respond(self.registry, request, "", self._more))
        if answer.status >= BAD_REQUEST:
            raise Refusal(answer.status, str(json.loads(answer.body)["error"]))

    def _watch_leases(self) -> None:
        if self._lapse is not None:
            self._lapse.cancel()
            self._lapse = None
        due = self._leases.due()
        if due is not None:
            wait = max(0.0, due - time.monotonic())
            self._lapse = asyncio.get_running_loop().call_later(wait, self._heal)

    def _heal(self) -> None:
        """Undo what was changed under leases that were not renewed."""
        requests = self._leases.lapse(time.monotonic())
        plan = healing(self.registry, requests, {})
        self._healing = asyncio.get_running_loop().create_task(self._healed(plan))

    async def _healed(self, plan: Plan) -> None:
        await self._carry_out(plan)

    def close(self) -> None:
        """Close every socket at once."""
        if self._lapse is not None:
            self._lapse.cancel()
        if self._api is not None:
            self._api.close()
        self._engine.close()


def _runtime() -> dict[str, float]:
    """Gauges of this process, named as Prometheus's process collectors name them."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "process_cpu_seconds_total": used.ru_utime + used.ru_stime,
        "process_max_fds": float(resource.getrlimit(resource.RLIMIT_NOFILE)[0]),
        "process_open_fds": float(len(list(Path("/proc/self/fd").iterdir()))),
        # The peak, in KiB on Linux.
        "process_resident_memory_bytes": used.ru_maxrss * 1024.0,
    }


def _request_id() -> str:
    # Twelve bytes in lower-case base 32 hex: an xid's twenty characters.
    return base64.b32hexencode(secrets.token_bytes(12)).decode().rstrip("=").lower()
