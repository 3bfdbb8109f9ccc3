"""Envelope encryption against the twin, in threads and in asyncio, in fair weather and foul."""

import asyncio
import base64
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Thread
from typing import Self

import httpx
import orjson
import pytest

from chaos.client.cache import CacheRule
from chaos.client.call import Decision, Wiring
from chaos.client.envelope import EnvelopeError
from chaos.client.key_client import (
    AsyncKeyClient,
    KeyClient,
    Opened,
    RefusedError,
    UnavailableError,
)
from chaos.client.policy import Policy
from chaos.client.presets import RECOMMENDED
from tests.client.live import two_regions
from tests.client.twin import NEWER, Twin, TwinTransport

SHORT = replace(RECOMMENDED, deadline=0.3)
BOTH = pytest.mark.parametrize("kind", ["threads", "asyncio"])


class Rig:
    """One key client of either kind over the twin, called alike."""

    def __init__(
        self,
        kind: str,
        *,
        policy: Policy = RECOMMENDED,
        cache: CacheRule | None = None,
        wiring: Wiring | None = None,
    ) -> None:
        self.twin = Twin()
        self.transport = TwinTransport(self.twin)
        self.decided: list[Decision] = []
        self.cache = cache or CacheRule()
        self._loop = asyncio.new_event_loop() if kind == "asyncio" else None
        wired = wiring or self.twin.wiring()
        if self._loop is None:
            self._keys = KeyClient(
                wired,
                policy=policy,
                cache=self.cache,
                transport=self.transport,
                observe=self.decided.append,
            )
        else:
            self._async = AsyncKeyClient(
                wired,
                policy=policy,
                cache=self.cache,
                transport=self.transport,
                observe=self.decided.append,
            )

    def encrypt(self, data: bytes, context: bytes = b"") -> bytes:
        if self._loop is None:
            return self._keys.encrypt(data, context=context)
        return self._loop.run_until_complete(self._async.encrypt(data, context=context))

    def open(self, envelope: bytes, context: bytes = b"") -> Opened:
        if self._loop is None:
            return self._keys.open(envelope, context=context)
        return self._loop.run_until_complete(self._async.open(envelope, context=context))

    def decrypt(self, envelope: bytes, context: bytes = b"") -> bytes:
        if self._loop is None:
            return self._keys.decrypt(envelope, context=context)
        return self._loop.run_until_complete(self._async.decrypt(envelope, context=context))

    def encrypt_at_once(self, many: int) -> list[bytes]:
        """So many at the same time; the service is slow enough for all to find no key."""
        self.transport.latency = 0.1
        if self._loop is None:
            with ThreadPoolExecutor(many) as threads:
                return list(threads.map(self._keys.encrypt, [b"document"] * many))

        async def all_at_once() -> list[bytes]:
            return await asyncio.gather(*(self._async.encrypt(b"document") for _ in range(many)))

        return self._loop.run_until_complete(all_at_once())

    def decrypt_at_once(self, envelopes: list[bytes]) -> list[bytes]:
        """All of them at the same time."""
        if self._loop is None:
            with ThreadPoolExecutor(len(envelopes)) as threads:
                return list(threads.map(self._keys.decrypt, envelopes))

        async def all_at_once() -> list[bytes]:
            return await asyncio.gather(*(self._async.decrypt(each) for each in envelopes))

        return self._loop.run_until_complete(all_at_once())

    def forget(self) -> None:
        """Empty the cache, as a restart would."""
        keys = self._keys if self._loop is None else self._async
        keys._envelopes.forget()

    def __enter__(self) -> Self:
        if self._loop is None:
            self._keys.__enter__()
        else:
            self._loop.run_until_complete(self._async.__aenter__())
        return self

    def __exit__(self, *_: object) -> None:
        if self._loop is None:
            self._keys.__exit__(None, None, None)
        else:
            self._loop.run_until_complete(self._async.__aexit__(None, None, None))
            self._loop.close()


def down(*hosts: str, what: str = "refuses") -> Callable[[str], str]:
    return lambda host: what if host in hosts else "answers"


@BOTH
def test_what_is_encrypted_is_decrypted_and_one_call_serves_many(kind: str) -> None:
    with Rig(kind) as rig:
        envelopes = [rig.encrypt(f"document {n}".encode(), b"tenant") for n in range(20)]
        assert len(rig.transport.asked) == 1
        rig.forget()
        assert [rig.decrypt(each, b"tenant") for each in envelopes] == [
            f"document {n}".encode() for n in range(20)
        ]
        assert len(rig.transport.asked) == 2
        assert len(set(envelopes)) == 20


@BOTH
def test_another_context_opens_nothing(kind: str) -> None:
    with Rig(kind) as rig:
        envelope = rig.encrypt(b"document", b"tenant-1")
        with pytest.raises(EnvelopeError):
            rig.decrypt(envelope, b"tenant-2")


@BOTH
def test_documents_are_opened_at_the_backup_when_the_primary_is_down(kind: str) -> None:
    with Rig(kind) as rig:
        envelope = rig.encrypt(b"document")
        rig.forget()
        rig.transport.meets = down("us-south")
        assert rig.decrypt(envelope) == b"document"
        assert rig.decrypt(rig.encrypt(b"another")) == b"another"
        assert rig.transport.asked[-1].startswith("us-east")


@BOTH
def test_a_silent_primary_costs_a_hedge_and_not_a_timeout(kind: str) -> None:
    with Rig(kind) as rig:
        rig.transport.meets = down("us-south", what="swallows")
        assert rig.decrypt(rig.encrypt(b"document")) == b"document"
        assert [decision.kind for decision in rig.decided] == ["hedge"]


@BOTH
def test_an_outage_everywhere_is_told_as_unavailable(kind: str) -> None:
    with Rig(kind, policy=SHORT) as rig:
        rig.transport.meets = down("us-south", "us-east")
        with pytest.raises(UnavailableError, match="no data key"):
            rig.encrypt(b"document")
        rig.transport.meets = down()


@BOTH
def test_a_stale_key_is_used_in_an_outage_only_if_the_rule_allows_it(kind: str) -> None:
    for stale in (0.0, 60.0):
        cache = CacheRule(lasts=0.0, stale=stale)
        with Rig(kind, policy=SHORT, cache=cache) as rig:
            envelope = rig.encrypt(b"document")
            rig.transport.meets = down("us-south", "us-east")
            if stale:
                assert rig.decrypt(envelope) == b"document"
                assert rig.decrypt(rig.encrypt(b"another")) == b"another"
            else:
                with pytest.raises(UnavailableError):
                    rig.decrypt(envelope)


@BOTH
def test_a_no_is_told_as_such_and_no_stale_key_helps_over_it(kind: str) -> None:
    cache = CacheRule(lasts=0.0, stale=600.0)
    with Rig(kind, policy=SHORT, cache=cache) as rig:
        envelope = rig.encrypt(b"document")
        rig.transport.meets = lambda _: "403"
        with pytest.raises(RefusedError, match="403"):
            rig.decrypt(envelope)
        with pytest.raises(RefusedError):
            rig.encrypt(b"another")
        rig.transport.meets = down("us-south", "us-east")
        with pytest.raises(UnavailableError):
            rig.decrypt(envelope)


@BOTH
def test_after_a_rotation_the_renewed_envelope_replaces_the_old_one(kind: str) -> None:
    with Rig(kind) as rig:
        envelope = rig.encrypt(b"document")
        assert rig.open(envelope).renewed is None
        key = rig.twin.targets[0].key_id
        path = f"/api/v2/keys/{key}/actions/rotate"
        rig.twin.ask("us-south", "POST", path, {"payload": NEWER})
        rig.forget()
        opened = rig.open(envelope)
        assert opened.data == b"document"
        assert opened.renewed is not None
        assert opened.renewed != envelope
        assert rig.decrypt(opened.renewed) == b"document"
        rig.forget()
        assert rig.open(opened.renewed) == Opened(b"document", None)


@BOTH
def test_a_client_that_has_no_token_gets_one_by_itself(kind: str) -> None:
    with Rig(kind, wiring=Twin().wiring(token="")) as rig:
        assert rig.decrypt(rig.encrypt(b"document")) == b"document"
        assert rig.transport.asked[0] == "iam/identity/token"


@BOTH
def test_a_data_key_of_an_odd_length_is_refused(kind: str) -> None:
    with Rig(kind) as rig:
        odd = {"plaintext": base64.b64encode(b"short").decode(), "ciphertext": "Y2lwaGVy"}
        body = orjson.dumps({**odd, "keyVersion": {"id": "v"}})
        rig.transport._answer = lambda *_: httpx.Response(200, content=body)  # type: ignore[method-assign]
        with pytest.raises(RefusedError, match="odd length"):
            rig.encrypt(b"document")


@BOTH
def test_a_transport_with_a_bug_of_its_own_is_a_failed_attempt(kind: str) -> None:
    with Rig(kind) as rig:
        rig.transport.meets = down("us-south", what="breaks")
        assert rig.decrypt(rig.encrypt(b"document")) == b"document"


def test_many_threads_share_one_client() -> None:
    with Rig("threads", cache=CacheRule(uses=1)) as rig:
        failed: list[BaseException] = []

        def work(number: int) -> None:
            try:
                for again in range(5):
                    text = f"{number}/{again}".encode()
                    assert rig.decrypt(rig.encrypt(text)) == text
            except BaseException as error:  # noqa: BLE001 - told to the test's own thread
                failed.append(error)

        threads = [Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failed


def test_many_tasks_share_one_token_request() -> None:
    twin = Twin()
    transport = TwinTransport(twin)

    async def all_at_once() -> None:
        async with AsyncKeyClient(
            twin.wiring(token=""), transport=transport, cache=CacheRule(uses=1)
        ) as keys:
            texts = [f"{n}".encode() for n in range(20)]
            envelopes = await asyncio.gather(*(keys.encrypt(text) for text in texts))
            assert await asyncio.gather(*(keys.decrypt(each) for each in envelopes)) == texts

    asyncio.run(all_at_once())
    assert transport.asked.count("iam/identity/token") == 1


@BOTH
@pytest.mark.parametrize("uses", [1, 1000])
def test_all_who_find_the_key_expired_at_once_wait_for_one_renewal(kind: str, uses: int) -> None:
    many = 12
    # A hedge on a busy machine would be a request more.
    policy = replace(RECOMMENDED, hedge=None)
    with Rig(kind, policy=policy, cache=CacheRule(uses=uses)) as rig:
        envelopes = rig.encrypt_at_once(many)
        wraps = len(rig.transport.asked)
        assert wraps == (many if uses == 1 else 1)
        rig.forget()
        assert rig.decrypt_at_once([envelopes[0]] * many) == [b"document"] * many
        assert len(rig.transport.asked) == wraps + 1


def test_what_the_one_that_asked_was_told_all_are_told() -> None:
    with Rig("asyncio", policy=replace(RECOMMENDED, hedge=None)) as rig:
        rig.transport.meets = lambda _: "403"
        with pytest.raises(RefusedError):
            rig.encrypt_at_once(12)
        assert len(rig.transport.asked) == 1


def test_a_cancelled_call_gives_up_its_attempts_and_its_probe() -> None:
    twin = Twin()
    transport = TwinTransport(twin)
    transport.meets = down("us-south", "us-east", what="swallows")

    async def cancelled() -> set[str]:
        async with AsyncKeyClient(twin.wiring(), transport=transport) as keys:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await keys.encrypt(b"document")
            return {task.get_name() for task in asyncio.all_tasks()} - {
                task.get_name() for task in [asyncio.current_task()] if task
            }

    assert asyncio.run(cancelled()) == set()


def test_the_usual_transports_are_used_where_none_is_given() -> None:
    wiring = Twin().wiring()
    KeyClient(wiring).close()

    async def opened() -> None:
        async with AsyncKeyClient(wiring):
            pass

    asyncio.run(opened())


@pytest.mark.slow
def test_documents_survive_a_region_that_freezes_and_one_that_dies() -> None:
    """Two real processes: the primary is stopped, goes on, is killed; nothing is ever lost."""
    with two_regions() as live, KeyClient(live.wiring, cache=CacheRule(uses=1)) as keys:
        envelopes = {f"{n}".encode(): keys.encrypt(f"{n}".encode()) for n in range(20)}
        keys._envelopes.forget()
        primary = live.processes["us-south"]
        primary.send_signal(signal.SIGSTOP)
        slowest = 0.0
        for text, envelope in envelopes.items():
            begun = time.monotonic()
            assert keys.decrypt(envelope) == text
            slowest = max(slowest, time.monotonic() - begun)
        assert slowest < 2.0, "a frozen region costs a hedge or one probe, never a whole timeout"
        primary.send_signal(signal.SIGCONT)
        keys._envelopes.forget()
        primary.kill()
        primary.wait()
        for text, envelope in envelopes.items():
            assert keys.decrypt(envelope) == text
        assert keys.decrypt(keys.encrypt(b"after")) == b"after"
