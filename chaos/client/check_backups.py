"""Asks a real service, or the twin, whether its root keys' backups are worth something.

``check(read_service(text, path), os.environ)`` gives the rows; :func:`chaos.client.backups.table`
shows them and :func:`chaos.client.backups.exit_code` judges. One data key is wrapped at each key of
each pair; no key is changed.
"""

import hashlib
import itertools
import time
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import replace
from random import SystemRandom
from typing import Any

import httpx
import orjson

from chaos.client.backups import (
    Opens,
    RootKey,
    Row,
    alone,
    idle,
    judge,
    pairs,
    telling,
    unasked,
    waiting,
)
from chaos.client.blocking_transport import BlockingTransport
from chaos.client.call import Credential, Target, Wiring, Work
from chaos.client.caller import PolicyClient
from chaos.client.driving import BlockingDriver, Driven
from chaos.client.policy import Policy
from chaos.client.presets import RECOMMENDED
from chaos.client.service_file import RegionEntry, ServiceFile
from chaos.client.wire import LIST_LIMIT
from chaos.errors import ScenarioError
from chaos.exchange import Answer

# Each region is asked for itself: nothing may be answered by another one in its place.
_POLICY = replace(RECOMMENDED, name="check-backups", failover=None, hedge=None, breaker=None)


def check(
    service: ServiceFile,
    environ: Mapping[str, str],
    transport: httpx.BaseTransport | None = None,
    *,
    deadline: float = 5.0,
) -> list[Row]:
    """Try every root key's duplicates, both ways; each operation has ``deadline`` seconds.

    Raises ScenarioError where the environment lacks an API key that the file names. A region that
    cannot be asked is a row.
    """
    carrier = transport or BlockingTransport()
    try:
        policy = replace(_POLICY, deadline=deadline)
        return list(_rows(service, _Doors(service, environ, carrier, policy)))
    finally:
        if transport is None:
            carrier.close()


def _rows(service: ServiceFile, doors: "_Doors") -> Iterator[Row]:
    listed: list[RootKey] = []
    silent: list[str] = []
    for region in service.regions:
        try:
            listed += doors.root_keys(region)
        except _UnaskedError as error:
            silent.append(region.name)
            yield unasked(region.name, str(error))
    for original, duplicates in pairs(service, listed):
        asked = [backup for backup in duplicates if backup.region not in silent]
        if original.region in silent or not asked:
            yield waiting(original, silent) if silent else alone(original)
        else:
            yield from telling([_row(doors, original, backup) for backup in asked])


def _row(doors: "_Doors", original: RootKey, backup: RootKey) -> Row:
    inactive = idle(original, backup)
    if inactive is not None:
        return inactive
    there = doors.opens(original, backup)
    return judge(original, backup, there, doors.opens(backup, original))


class _Doors:
    """The regions of a service, each with a client of its own."""

    def __init__(
        self,
        service: ServiceFile,
        environ: Mapping[str, str],
        carrier: httpx.BaseTransport,
        policy: Policy,
    ) -> None:
        self._policy = policy
        self._carrier = carrier
        self._numbers = itertools.count(1)
        self._zero = time.monotonic()
        self._regions = {region.name: region for region in service.regions}
        self._api_keys = {
            region.name: _api_key(service, region, environ) for region in service.regions
        }
        self._drivers: dict[tuple[str, str], BlockingDriver] = {}

    def root_keys(self, region: RegionEntry) -> Iterator[RootKey]:
        """The root keys that a region lists, page by page."""
        seen: set[str] = set()
        for page in itertools.count():
            driven = self._run(region.name, "", Work(0, "list", offset=page * LIST_LIMIT))
            listed = [key for key in _page(region, driven) if key.key_id not in seen]
            yield from listed
            seen.update(key.key_id for key in listed)
            # A service that knows no pages gives the same one for ever.
            if len(listed) < LIST_LIMIT:
                return

    def opens(self, wraps: RootKey, unwraps: RootKey) -> Opens:
        """Whether the second key opens what the first wraps now."""
        wrapped = self._run(wraps.region, wraps.key_id, Work(0, "wrap")).done
        if wrapped.result is None:
            return Opens("unknown", f"wrap in {wraps.region}: {wrapped.why}")
        digest = hashlib.sha256(b64decode(wrapped.result.plaintext)).hexdigest()
        work = Work(0, "unwrap", ciphertext=wrapped.result.ciphertext)
        opened = self._run(unwraps.region, unwraps.key_id, work)
        if opened.done.result is not None:
            came = hashlib.sha256(b64decode(opened.done.result.plaintext)).hexdigest()
            return Opens("opened" if came == digest else "wrong")
        if opened.meaning == "stale":
            return Opens("refused", opened.done.why)
        return Opens("unknown", f"unwrap in {unwraps.region}: {opened.done.why}")

    def _run(self, region: str, key_id: str, work: Work) -> Driven:
        driver = self._drivers.get((region, key_id))
        if driver is None:
            driver = self._drivers[region, key_id] = self._driver(region, key_id)
        return driver.run(replace(work, number=next(self._numbers)))

    def _driver(self, name: str, key_id: str) -> BlockingDriver:
        region = self._regions[name]
        target = Target(name, region.url, region.instance, key_id)
        credential = Credential(self._api_keys[name], region.iam)
        wiring = Wiring("check-backups", (target,), credential, time.time())
        client = PolicyClient(self._policy, wiring, SystemRandom())
        known = self._drivers.get((name, ""))
        if known is not None:
            # One token serves all keys of a region, and its life is told by one clock.
            client.tokens = known.client.tokens
        return BlockingDriver(client, self._carrier, zero=self._zero)


class _UnaskedError(Exception):
    """A region does not list its root keys; the message says why."""


def _api_key(service: ServiceFile, region: RegionEntry, environ: Mapping[str, str]) -> str:
    api_key = environ.get(region.api_key_env, "")
    if not api_key:
        raise ScenarioError(
            f"{service.path}: region {region.name} takes its API key from the environment variable "
            f"{region.api_key_env}, which is not set."
        )
    return api_key


def _page(region: RegionEntry, driven: Driven) -> list[RootKey]:
    """The keys of one page; raises where the region does not list them."""
    reply = driven.reply
    if driven.done.outcome == "ok" and isinstance(reply, Answer):
        try:
            resources = orjson.loads(reply.body).get("resources") or ()
            return [_root_key(region, each) for each in resources]
        except (ValueError, AttributeError, TypeError, KeyError) as error:
            what = f"{region.url} does not list its keys as Key Protect does"
            raise _UnaskedError(what) from error
    if reply is None:
        # No attempt was made, so that it is the token which is missing.
        what = f"{region.iam} gives no token for the API key in {region.api_key_env}"
        raise _UnaskedError(f"{what} ({driven.done.why})")
    raise _UnaskedError(f"{region.url} does not list its keys ({driven.done.why})")


def _root_key(region: RegionEntry, told: Mapping[str, Any]) -> RootKey:
    name = str(told.get("name", told["id"]))
    imported, state = bool(told.get("imported", False)), int(told.get("state", 0))
    return RootKey(region.name, str(told["id"]), name, imported, state)
