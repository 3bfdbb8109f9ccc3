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
    """What has to be kept of an instance of which these keys were touched, the tenant first."""
    if instance.removed:
        yield Record.model_construct(instance=instance.id)
        return
    parts = {name: getattr(instance, name) for name in Tenant.model_fields}
    tenant = Tenant.model_construct(**parts)
    yield Record.model_construct(instance=instance.id, tenant=tenant)
    for key_id in sorted(touched):
        key = instance.keys.get(key_id)
        if key is None:
            yield Record.model_construct(instance=instance.id, purged=key_id)
        else:
            yield Record.model_construct(instance=instance.id, key=key)


def name_of(kept: bytes) -> tuple[str, str]:
    """What a record is about: the instance's id, and the key's or nothing."""
    record = Record.model_validate_json(kept)
    return record.instance, record.key.id if record.key is not None else record.purged


def absorb(instances: dict[str, Instance], kept: bytes, entropy: Entropy) -> None:
    """Let one record happen to the instances; ValueError when it is none."""
    record = Record.model_validate_json(kept)
    known = instances.get(record.instance)
    if record.tenant is not None:
        made = instances[record.instance] = record.tenant.instance(entropy)
        if known is not None:
            made.keys, made.import_token = known.keys, known.import_token
            made.touched, made.unkept = known.touched, known.unkept
    elif record.key is None and not record.purged:
        instances.pop(record.instance, None)
    elif known is None:
        raise ValueError("A key was kept of an instance that was not.")
    elif record.key is not None:
        known.keys[record.key.id] = record.key
    else:
        known.keys.pop(record.purged, None)


def restored(kept: Iterable[bytes], entropy: Entropy) -> dict[str, Instance]:
    """The instances that records describe; ValueError when they describe none."""
    instances: dict[str, Instance] = {}
    for record in kept:
        absorb(instances, record, entropy)
    return instances
