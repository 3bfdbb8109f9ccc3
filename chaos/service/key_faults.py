"""What somebody did to keys: deleted or disabled them, and how that is taken back.

It happens to the keys themselves and is kept like any change. Rules that would stop a caller do not
stop a fault: no second approval is asked for, and healing does not wait 30 seconds.
"""

from collections.abc import Iterator
from contextlib import suppress

from chaos.errors import ScenarioError
from chaos.service.api import KeyService
from chaos.service.faults import KeyDeleted, KeyDisabled
from chaos.service.instance import Instance
from chaos.service.keys import NEVER, Key, State
from chaos.service.refusal import Refusal

KeyFault = KeyDeleted | KeyDisabled
BY = "keychaos"
USABLE = (State.ACTIVE, State.SUSPENDED, State.DEACTIVATED)


def befall(service: KeyService, fault: KeyFault, now: float) -> dict[str, str]:
    """Let it happen; the ids of the keys that it hit, each with its instance's.

    ScenarioError where there is no key that it could happen to.
    """
    hit = {}
    at = service.clock.at(now)
    for instance, key in _keys(service, fault, at):
        if isinstance(fault, KeyDisabled):
            if key.state is not State.ACTIVE:
                continue
            key.disable(at)
        elif key.state in USABLE:
            key.destroy(BY, at)
        else:
            continue
        hit[key.id] = instance.id
        service.keep(instance, key.id, now)
    if not hit:
        wanted = fault.key or "any root key"
        raise ScenarioError(f"Fault of the service: no live root key is {wanted}.")
    return hit


def undo(service: KeyService, fault: KeyFault, hit: dict[str, str], now: float) -> None:
    """Restore or enable what was hit, unless somebody or time has made that impossible."""
    at = service.clock.at(now)
    for key_id, tenant in hit.items():
        instance = service.instances.get(tenant)
        key = instance.keys.get(key_id) if instance is not None else None
        if instance is None or key is None:
            continue
        wanted = State.SUSPENDED if isinstance(fault, KeyDisabled) else State.DESTROYED
        if key.state is not wanted or (wanted is State.DESTROYED and key.deleted_by != BY):
            continue
        key.changed = -NEVER
        with suppress(Refusal):
            if wanted is State.SUSPENDED:
                key.enable(at)
            else:
                key.restore(at)
            service.keep(instance, key.id, now)


def _keys(service: KeyService, fault: KeyFault, now: float) -> Iterator[tuple[Instance, Key]]:
    for instance in service.instances.values():
        if fault.instance not in ("", instance.id):
            continue
        alias = instance.aliases.get(fault.key)
        wanted = alias.key_id if alias is not None else fault.key
        for key in instance.settled_keys(now):
            if not key.extractable and wanted in ("", key.id):
                yield instance, key
