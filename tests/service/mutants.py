"""Vaults that lose what they acknowledged, each in its own way: the kill loops must find each out.

A nursery bears regions with one of them in place of the real vault. A process that is killed takes
nothing with it that the system already has, so what counts is what was not handed to it in time.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import orjson

from chaos.service.instance import Entropy, Instance
from chaos.service.keys import State
from chaos.service.vault import Vault

LATER = 0.05


class AcknowledgesFirst(Vault):
    """Answers, and commits a moment later."""

    def keep(self, instance: Instance, touched: frozenset[str], now: float) -> None:
        """Commit when the answer is long gone."""
        asyncio.get_running_loop().call_later(LATER, super().keep, instance, touched, now)


class CommitsInBatches(Vault):
    """Leaves its transaction open until ten changes are in it."""

    changes = 0
    waiting: frozenset[str] = frozenset()

    def keep(self, instance: Instance, touched: frozenset[str], now: float) -> None:
        """Commit every tenth change, with those before it."""
        self.changes += 1
        self.waiting |= touched
        if self.changes % 10 == 0:
            super().keep(instance, self.waiting, now)
            self.waiting = frozenset()


class LosesTheLog(Vault):
    """Opens the database without what is only in its write-ahead log."""

    def __init__(self, directory: Path, region: str) -> None:
        (directory / f"{region}.sqlite-wal").unlink(missing_ok=True)
        super().__init__(directory, region)


class ForgetsKeys(Vault):
    """Keeps tenants, and of their keys nothing."""

    def keep(self, instance: Instance, touched: frozenset[str], now: float) -> None:
        """Commit the tenant's own row."""
        super().keep(instance, frozenset(), now)


class ForgetsAliases(Vault):
    """Finds of a tenant no alias again."""

    def _unsealed(self) -> Iterator[bytes]:
        for plain in super()._unsealed():
            yield plain if b'"key"' in plain else _without_aliases(plain)


class ForgetsDeletions(Vault):
    """Keeps no key in the state that a deletion leads to."""

    def keep(self, instance: Instance, touched: frozenset[str], now: float) -> None:
        """Commit all but the keys that were deleted."""
        alive = {
            key_id
            for key_id in touched
            if key_id in instance.keys and instance.keys[key_id].state is not State.DESTROYED
        }
        super().keep(instance, frozenset(alive), now)


class ForgetsRotations(Vault):
    """Finds of each key its first version again, and no later one."""

    def load(self, entropy: Entropy) -> dict[str, Instance]:
        """The instances, their keys cut short."""
        found = super().load(entropy)
        for instance in found.values():
            for key in instance.keys.values():
                del key.versions[1:]
        return found


def _without_aliases(plain: bytes) -> bytes:
    document = orjson.loads(plain)
    document["tenant"]["aliases"] = {}
    return orjson.dumps(document)


MUTANTS: dict[str, type[Vault]] = {
    each.__name__: each
    for each in (
        AcknowledgesFirst,
        CommitsInBatches,
        LosesTheLog,
        ForgetsKeys,
        ForgetsAliases,
        ForgetsDeletions,
        ForgetsRotations,
    )
}
