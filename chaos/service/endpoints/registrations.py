"""Registrations: which cloud resources a root key protects. Users read them, services make them."""

from fnmatch import fnmatchcase
from urllib.parse import unquote

from chaos.exchange import Answer
from chaos.service.admitted import Admitted
from chaos.service.bodies import Document, written
from chaos.service.instance import Registration
from chaos.service.queries import flag, page, total
from chaos.service.refusal import service_only

BY_DEFAULT = 200


def of_key(asked: Admitted) -> Answer:
    """What one key protects."""
    key = asked.key()
    key.require_root()
    return _shown(asked, asked.instance.registered(key))


def of_all_keys(asked: Admitted) -> Answer:
    """What the keys of the instance protect, or those of one ring."""
    instance, ring = asked.instance, asked.ring
    rows = [row for row in instance.registrations if ring in ("", instance.keys[row.key_id].ring)]
    return _shown(asked, rows)


def refuse(_: Admitted) -> Answer:
    """Only an integrated service may do this."""
    raise service_only()


def _shown(asked: Admitted, rows: list[Registration]) -> Answer:
    pattern = unquote(asked.query.get("urlEncodedResourceCRNQuery", ""))
    holds = flag(asked.query, "preventKeyDeletion")
    chosen = [
        row
        for row in rows
        if (not pattern or _matches(row.resource_crn, pattern)) and holds in (None, row.holds)
    ]
    documents = [_document(asked, row) for row in page(asked.query, chosen, BY_DEFAULT)]
    return asked.collection("registration", documents, metadata=total(asked.query, chosen))


def _matches(crn: str, pattern: str) -> bool:
    # In a CRN query only `*` is special; fnmatch would also read brackets and question marks.
    return fnmatchcase(crn, pattern.replace("[", "[[]").replace("?", "[?]"))


def _document(asked: Admitted, row: Registration) -> Document:
    key = asked.instance.keys[row.key_id]
    newest = key.newest
    return {
        "keyId": row.key_id,
        "keyName": key.name,
        "resourceCrn": row.resource_crn,
        "createdBy": row.created_by,
        "creationDate": written(row.created),
        "updatedBy": row.created_by,
        "lastUpdated": written(row.created),
        "description": row.description,
        "preventKeyDeletion": row.holds,
        "keyVersion": {"id": newest.id, "creationDate": written(newest.created)},
    }
