"""A key as the API shows it."""

from base64 import b64encode

from chaos.service.admitted import MEDIA
from chaos.service.bodies import Document, written
from chaos.service.instance import Instance
from chaos.service.keys import NEVER, PURGE_WAITS, PURGED_AFTER, RESTORABLE, Key, State

DEPRECATED = "Deprecated"  # the service no longer tells algorithms, SDKs still expect the fields


def key_document(instance: Instance, key: Key, now: float, *, payload: bool = False) -> Document:
    """All fields of a key; ``payload`` adds a standard key's own content, never a root key's."""
    bits = 8 * len(key.payload if key.extractable else key.newest.material)
    document: Document = {
        "type": MEDIA.format("key"),
        "id": key.id,
        "name": key.name,
        "aliases": list(key.aliases),
        "description": key.description,
        "tags": list(key.tags),
        "state": int(key.state),
        "extractable": key.extractable,
        "crn": instance.crn("key", key.id),
        "imported": key.imported,
        "keyRingID": key.ring,
        "creationDate": written(key.created),
        "createdBy": key.created_by,
        "algorithmType": DEPRECATED,
        "algorithmMetadata": {"bitLength": str(bits), "mode": DEPRECATED},
        "algorithmBitSize": bits,
        "algorithmMode": DEPRECATED,
        "dualAuthDelete": _dual_auth(key),
        "deleted": key.state is State.DESTROYED,
    }
    if not key.extractable:
        newest = key.newest
        document["keyVersion"] = {"id": newest.id, "creationDate": written(newest.created)}
    elif payload:
        document["payload"] = b64encode(key.payload).decode()
    if key.rotation is not None and key.rotation.interval_month:
        rule, interval = key.rotation, key.rotation.interval_month
        document["rotation"] = {"enabled": rule.enabled, "interval_month": interval}
    document.update(_dates(key))
    document.update(_deletion(key, now))
    return document


def _dual_auth(key: Key) -> Document:
    enabled = key.dual_auth is not None and key.dual_auth.enabled
    shown: Document = {"enabled": enabled}
    if enabled:
        shown["keySetForDeletion"] = key.approval is not None
    if key.approval is not None:
        shown["authExpiration"] = written(key.approval.expires)
    return shown


def _dates(key: Key) -> Document:
    shown: Document = {}
    if key.expires != NEVER:
        shown["expirationDate"] = written(key.expires)
    if key.updated is not None:
        shown["lastUpdateDate"] = written(key.updated)
    if key.rotated is not None:
        shown["lastRotateDate"] = written(key.rotated)
    if key.state is State.DEACTIVATED:
        shown["nonactiveStateReason"] = 2
    return shown


def _deletion(key: Key, now: float) -> Document:
    if key.deleted is None:
        return {}
    return {
        "deletionDate": written(key.deleted),
        "deletedBy": key.deleted_by,
        "restoreExpirationDate": written(key.deleted + RESTORABLE),
        "restoreAllowed": now < min(key.deleted + RESTORABLE, key.expires),
        "purgeAllowed": now >= key.deleted + PURGE_WAITS,
        "purgeAllowedFrom": written(key.deleted + PURGE_WAITS),
        "purgeScheduledOn": written(key.deleted + PURGED_AFTER),
    }
