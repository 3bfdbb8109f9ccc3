"""Envelope encryption that survives its key service: the client that people use.

    with KeyClient(wiring) as keys:
        envelope = keys.encrypt(b"a document", context=b"tenant-1")
        assert keys.decrypt(envelope, context=b"tenant-1") == b"a document"

The data key that seals a document is wrapped by the root key and travels in the envelope. All that
can go wrong on the way to the service is the policy's business; what the policy could not mend is
an exception that says who can act.
"""

import base64
import itertools
import os
import threading
from dataclasses import dataclass, replace
from random import SystemRandom
from types import TracebackType
from typing import Self

import httpx

from chaos.client.async_driving import AsyncDriver
from chaos.client.blocking_transport import BlockingTransport
from chaos.client.cache import CacheRule, DataKey, DataKeys
from chaos.client.call import Wiring, Work
from chaos.client.caller import PolicyClient
from chaos.client.driving import BlockingDriver, Driven, Observer
from chaos.client.envelope import KEY_BYTES, NONCE_BYTES, Envelope, parse, seal, unseal
from chaos.client.flights import AsyncFlights, Flights
from chaos.client.policy import Policy
from chaos.client.presets import RECOMMENDED
from chaos.client.transport import LeanTransport

# What the service says about the key or the caller, as against what keeps it from saying anything.
_SAYS_NO = frozenset({"denied", "gone", "stale", "no"})


class KeyServiceError(Exception):
    """The key service did not do what was asked, for all the policy tried; ``driven`` tells."""

    def __init__(self, what: str, driven: Driven) -> None:
        super().__init__(f"{what}: {driven.done.why}")
        self.driven = driven


class UnavailableError(KeyServiceError):
    """No region answered in time: nothing is wrong with the request, try again later."""


class RefusedError(KeyServiceError):
    """The service said no: access, the key's state or the ciphertext; somebody must act."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What an envelope held; ``renewed`` is the same envelope under the root key's newest version.

    It is there when the service rewrapped the data key: store it in the old one's place.
    """

    data: bytes
    renewed: bytes | None


class _Envelopes:
    """What both clients share: the cache, and the steps between bytes and operations."""

    def __init__(self, cache: CacheRule) -> None:
        self._keys = DataKeys(cache, SystemRandom())
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)

    def wrap(self) -> Work:
        """Ask for a new data key."""
        return Work(next(self._numbers), "wrap")

    def unwrap(self, sealed: Envelope) -> Work:
        """Ask for an envelope's data key, and for no other."""
        number = next(self._numbers)
        return Work(number, "unwrap", ciphertext=sealed.wrapped, digest=sealed.digest)

    def sealing(self, now: float) -> DataKey | None:
        """The key at hand to seal with, None when the service must be asked for one."""
        with self._lock:
            return self._keys.sealing(now)

    def opened(self, sealed: Envelope, now: float) -> bytes | None:
        """An envelope's key, where it is at hand."""
        with self._lock:
            return self._keys.opened(sealed.wrapped, now)

    def wrapped(self, driven: Driven, now: float) -> DataKey:
        """The key to seal with after a wrap; raises what the wrap came to."""
        result = driven.done.result
        with self._lock:
            if result is not None:
                key = base64.b64decode(result.plaintext)
                if len(key) not in KEY_BYTES:
                    raise RefusedError("the service gave a data key of an odd length", driven)
                return self._keys.keep(key, result.ciphertext, now, seals=True)
            if driven.meaning in _SAYS_NO:
                self._keys.forget()
                raise RefusedError("no data key to encrypt with", driven)
            stale = self._keys.sealing(now, stale=True)
        if stale is None:
            raise UnavailableError("no data key to encrypt with", driven)
        return stale

    def unwrapped(self, sealed: Envelope, driven: Driven, now: float) -> tuple[bytes, str]:
        """An envelope's data key and its rewrapped form, "" without; raises what came of it."""
        result = driven.done.result
        with self._lock:
            if result is not None:
                key = base64.b64decode(result.plaintext)
                for wrapped in {sealed.wrapped, result.ciphertext} - {""}:
                    self._keys.keep(key, wrapped, now)
                return key, result.ciphertext
            if driven.meaning in _SAYS_NO:
                self._keys.forget(sealed.wrapped)
                raise RefusedError("the data key was not unwrapped", driven)
            stale = self._keys.opened(sealed.wrapped, now, stale=True)
        if stale is None:
            raise UnavailableError("the data key was not unwrapped", driven)
        return stale, ""

    def forget(self) -> None:
        """Forget every key."""
        with self._lock:
            self._keys.forget()


def _seal(data: bytes, key: DataKey, context: bytes) -> bytes:
    return bytes(seal(data, key.key, key.wrapped, os.urandom(NONCE_BYTES), context))


def _unseal(sealed: Envelope, key: bytes, rewrapped: str, context: bytes) -> Opened:
    data = unseal(sealed, key, context)
    renewed = bytes(replace(sealed, wrapped=rewrapped)) if rewrapped else None
    return Opened(data, renewed)


class KeyClient:
    """Envelope encryption for threads; one per process and root key, safe to share.

    ``observe`` is told every decision of the policy. ``transport`` may be any of httpx's.
    """

    def __init__(
        self,
        wiring: Wiring,
        *,
        policy: Policy = RECOMMENDED,
        cache: CacheRule = CacheRule(),  # noqa: B008 - a frozen value, shared safely
        transport: httpx.BaseTransport | None = None,
        observe: Observer | None = None,
    ) -> None:
        client = PolicyClient(policy, wiring, SystemRandom())
        self._envelopes = _Envelopes(cache)
        self._driver = BlockingDriver(client, transport or BlockingTransport(), observe=observe)
        self._wraps: Flights[DataKey] = Flights()
        self._unwraps: Flights[tuple[bytes, str]] = Flights()

    def encrypt(self, data: bytes, *, context: bytes = b"") -> bytes:
        """Seal data in an envelope; whoever opens it must know the context.

        Raises UnavailableError, RefusedError.
        """
        key = self._envelopes.sealing(self._driver.now())
        if key is None:
            key, ours = self._wraps.join("", self._wrap)
            if not ours:
                # It may be that those who waited have used it up already.
                key = self._envelopes.sealing(self._driver.now()) or self._wrap()
        return _seal(data, key, context)

    def open(self, envelope: bytes, *, context: bytes = b"") -> Opened:
        """What an envelope holds, and its renewed form if the root key was rotated.

        Raises EnvelopeError, UnavailableError, RefusedError.
        """
        sealed = parse(envelope)
        key, rewrapped = self._envelopes.opened(sealed, self._driver.now()), ""
        if key is None:
            asked = f"{sealed.digest} {sealed.wrapped}"
            (key, rewrapped), _ = self._unwraps.join(asked, lambda: self._unwrap(sealed))
        return _unseal(sealed, key, rewrapped, context)

    def decrypt(self, envelope: bytes, *, context: bytes = b"") -> bytes:
        """What an envelope holds. Raises as :meth:`open` does."""
        return self.open(envelope, context=context).data

    def _wrap(self) -> DataKey:
        driven = self._driver.run(self._envelopes.wrap())
        return self._envelopes.wrapped(driven, self._driver.now())

    def _unwrap(self, sealed: Envelope) -> tuple[bytes, str]:
        driven = self._driver.run(self._envelopes.unwrap(sealed))
        return self._envelopes.unwrapped(sealed, driven, self._driver.now())

    def close(self) -> None:
        """Forget every data key and close the connections."""
        self._envelopes.forget()
        self._driver.transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class AsyncKeyClient:
    """The same for asyncio; one per loop and root key."""

    def __init__(
        self,
        wiring: Wiring,
        *,
        policy: Policy = RECOMMENDED,
        cache: CacheRule = CacheRule(),  # noqa: B008 - a frozen value, shared safely
        transport: httpx.AsyncBaseTransport | None = None,
        observe: Observer | None = None,
    ) -> None:
        client = PolicyClient(policy, wiring, SystemRandom())
        self._envelopes = _Envelopes(cache)
        self._driver = AsyncDriver(client, transport or LeanTransport(), observe=observe)
        self._wraps: AsyncFlights[DataKey] = AsyncFlights()
        self._unwraps: AsyncFlights[tuple[bytes, str]] = AsyncFlights()

    async def encrypt(self, data: bytes, *, context: bytes = b"") -> bytes:
        """As :meth:`KeyClient.encrypt`."""
        key = self._envelopes.sealing(self._driver.now())
        if key is None:
            key, ours = await self._wraps.join("", self._wrap)
            if not ours:
                key = self._envelopes.sealing(self._driver.now()) or await self._wrap()
        return _seal(data, key, context)

    async def open(self, envelope: bytes, *, context: bytes = b"") -> Opened:
        """As :meth:`KeyClient.open`."""
        sealed = parse(envelope)
        key, rewrapped = self._envelopes.opened(sealed, self._driver.now()), ""
        if key is None:
            asked = f"{sealed.digest} {sealed.wrapped}"
            (key, rewrapped), _ = await self._unwraps.join(asked, lambda: self._unwrap(sealed))
        return _unseal(sealed, key, rewrapped, context)

    async def decrypt(self, envelope: bytes, *, context: bytes = b"") -> bytes:
        """As :meth:`KeyClient.decrypt`."""
        return (await self.open(envelope, context=context)).data

    async def _wrap(self) -> DataKey:
        driven = await self._driver.run(self._envelopes.wrap())
        return self._envelopes.wrapped(driven, self._driver.now())

    async def _unwrap(self, sealed: Envelope) -> tuple[bytes, str]:
        driven = await self._driver.run(self._envelopes.unwrap(sealed))
        return self._envelopes.unwrapped(sealed, driven, self._driver.now())

    async def aclose(self) -> None:
        """Forget every data key and close the connections."""
        self._envelopes.forget()
        await self._driver.aclose()
        await self._driver.transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()
