"""A region's tenants and keys as documents, so that a shell can keep them: the storage seam.

Whoever keeps them is told of an instance and of the keys that a request touched, before the answer
that acknowledges it is given. Import tokens are not kept: they live for minutes, and a caller makes
a new one.
"""

from collections.abc import Iterable, Iterator

from pydantic import BaseModel, ConfigDict

from chaos.service.instance import (
    Alias,
    Entropy,
    Instance,
    InstancePolicy,
    Registration,
    Ring,
)
from chaos.service.keys import Key
from chaos.service.kmip import Adapter

_DERIVED = {"key": {"versions": {"__all__": {"cipher"}}}}


class Tenant(BaseModel):
    """Everything of an instance but its keys."""

    id: str
    account: str
    region: str
    name: str
    plan: str
    created: float
    aliases: dict[str, Alias]
    rings: dict[str, Ring]
    registrations: list[Registration]
    policies: dict[str, InstancePolicy]
    adapters: dict[str, Adapter]

    def instance(self, entropy: Entropy) -> Instance:
        """The instance, still without keys."""
        made = Instance(self.id, self.account, self.region, entropy, self.name, self.plan)
        made.created, made.aliases, made.rings = self.created, self.aliases, self.rings
        made.registrations, made.policies = self.registrations, self.policies
        made.adapters = self.adapters
        return made


class Record(BaseModel):
    """One step: a tenant as it now is, one of its keys as it now is, or that one is no more.

    Neither of them: the tenant is no more, with all its keys.
    """

    model_config = ConfigDict(
        ser_json_bytes="base64",
        val_json_bytes="base64",
        ser_json_inf_nan="strings",
        arbitrary_types_allowed=True,
    )

    instance: str
    tenant: Tenant | None = None
    key: Key | None = None
    purged: str = ""

    def written(self) -> bytes:
        """The record as JSON, with the key's material in it: seal it before it is stored."""
        return self.model_dump_json(exclude=_DERIVED, exclude_defaults=True).encode()


def records(instance: Instance, touched: Iterable[str]) -> Iterator[Record]:
    """What has to be kept of an instance of which these keys were touched."""
    if instance.removed:
        yield Record.model_construct(instance=instance.id)
        return
    for key_id in sorted(touched):
        key = instance.keys.get(key_id)
        if key is None:
            yield Record.model_construct(instance=instance.id, purged=key_id)
        else:
            yield Record.model_construct(instance=instance.id, key=key)
    parts = {name: getattr(instance, name) for name in Tenant.model_fields}
    tenant = Tenant.model_construct(**parts)
    yield Record.model_construct(instance=instance.id, tenant=tenant)


def restored(kept: Iterable[bytes], entropy: Entropy) -> dict[str, Instance]:
    """The instances that records describe; ValueError when they describe none."""
    instances: dict[str, Instance] = {}
    keys: dict[str, dict[str, Key]] = {}
    for line in kept:
        record = Record.model_validate_json(line)
        held = keys.setdefault(record.instance, {})
        if record.tenant is not None:
            instances[record.instance] = record.tenant.instance(entropy)
        elif record.key is not None:
            held[record.key.id] = record.key
        elif record.purged:
            held.pop(record.purged, None)
        else:
            instances.pop(record.instance, None)
            held.clear()
    for name, instance in instances.items():
        instance.keys = keys[name]
    return instances
