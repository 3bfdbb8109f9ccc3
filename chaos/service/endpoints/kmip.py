"""KMIP adapters, their client certificates and their (never any) objects."""

import re
from warnings import catch_warnings

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509 import InvalidVersion, load_pem_x509_certificate

from chaos.exchange import Answer
from chaos.service.admitted import Admitted
from chaos.service.bodies import Document, as_object, read_one, text, written
from chaos.service.endpoints.aliases import is_uuid
from chaos.service.keys import NEVER, State
from chaos.service.kmip import ADAPTERS_AT_MOST, CERTIFICATES_AT_MOST, Adapter, Certificate
from chaos.service.queries import flag, numbers, page, total
from chaos.service.refusal import (
    Refusal,
    already_there,
    at_most,
    bad_body,
    invalid_field,
    not_found,
)

BY_DEFAULT = 100
LISTED_AT_MOST = 200
PROFILE = "native_1.0"
OBJECT_STATES = (1, 2, 3, 4, 5, 6)
SHAPE = re.compile(r"[A-Za-z0-9_-]{2,40}")
PEM_AT_MOST = 16_384
_ADAPTER = frozenset({"name", "description", "profile", "profile_data"})
_CERTIFICATE = frozenset({"name", "certificate"})


def list_adapters(asked: Admitted) -> Answer:
    """The adapters of the instance, or those over one root key."""
    root_key = asked.query.get("crk_id", "")
    adapters = asked.instance.adapters.values()
    chosen = [each for each in adapters if root_key in ("", each.root_key)]
    rows = page(asked.query, chosen, BY_DEFAULT, LISTED_AT_MOST)
    documents = [_adapter_document(each) for each in rows]
    return asked.collection("kmip_adapter", documents, metadata=total(asked.query, chosen))


def create_adapter(asked: Admitted) -> Answer:
    """Make an adapter over an active root key."""
    body = read_one(asked.body, _ADAPTER)
    if body.get("profile") != PROFILE:
        raise invalid_field("profile", f"The field `profile` must be {PROFILE}")
    profile = as_object(body.get("profile_data"), frozenset({"crk_id"}))
    name = _name(asked, body, "kmip_adapter")
    description = text(body, "description", 0, 240)
    root_key = _root_key(asked, text(profile, "crk_id", 1, 90))
    adapters = asked.instance.adapters
    if any(each.name == name for each in adapters.values()):
        raise already_there("kmip_adapter")
    if len(adapters) >= ADAPTERS_AT_MOST:
        raise at_most("kmip_adapter", ADAPTERS_AT_MOST)
    now, by = asked.now, asked.identity.iam_id
    made = asked.instance.new_id()
    adapter = Adapter(made, name, description, PROFILE, root_key, now, by, now, by)
    adapters[adapter.id] = adapter
    return asked.collection("kmip_adapter", [_adapter_document(adapter)], 201)


def read_adapter(asked: Admitted) -> Answer:
    """One adapter."""
    return asked.collection("kmip_adapter", [_adapter_document(_adapter(asked))])


def delete_adapter(asked: Admitted) -> Answer:
    """Remove an adapter with its certificates."""
    del asked.instance.adapters[_adapter(asked).id]
    return asked.empty()


def list_certificates(asked: Admitted) -> Answer:
    """The client certificates of an adapter, without their PEM."""
    held = list(_adapter(asked).certificates.values())
    rows = page(asked.query, held, BY_DEFAULT, LISTED_AT_MOST)
    documents = [_certificate_document(each) for each in rows]
    return asked.collection("kmip_client_certificate", documents, metadata=total(asked.query, held))


def add_certificate(asked: Admitted) -> Answer:
    """Let a client certificate speak to an adapter."""
    adapter = _adapter(asked)
    body = read_one(asked.body, _CERTIFICATE)
    pem = _pem(body)
    name = _name(asked, body, "kmip_cert")
    if any(each.name == name or each.pem == pem for each in adapter.certificates.values()):
        raise already_there("kmip_client_certificate")
    if len(adapter.certificates) >= CERTIFICATES_AT_MOST:
        raise at_most("kmip_client_certificate", CERTIFICATES_AT_MOST)
    made = asked.instance.new_id()
    certificate = Certificate(made, name, pem, asked.now, asked.identity.iam_id)
    adapter.certificates[certificate.id] = certificate
    _touch(asked, adapter)
    shown = {**_certificate_document(certificate), "certificate": pem}
    return asked.collection("kmip_client_certificate", [shown], 201)


def read_certificate(asked: Admitted) -> Answer:
    """One client certificate with its PEM."""
    certificate = _adapter(asked).certificate(asked.path[1])
    shown = {**_certificate_document(certificate), "certificate": certificate.pem}
    return asked.collection("kmip_client_certificate", [shown])


def delete_certificate(asked: Admitted) -> Answer:
    """Remove a client certificate."""
    adapter = _adapter(asked)
    del adapter.certificates[adapter.certificate(asked.path[1]).id]
    _touch(asked, adapter)
    return asked.empty()


def list_objects(asked: Admitted) -> Answer:
    """The KMIP objects of an adapter: none, as no KMIP is spoken."""
    _adapter(asked)
    numbers(asked.query.get("state", ""), "state", OBJECT_STATES)
    none: list[object] = []
    rows = page(asked.query, none, BY_DEFAULT)
    return asked.collection("kmip_object", rows, metadata=total(asked.query, none))


def no_object(asked: Admitted) -> Answer:
    """One KMIP object: none is there."""
    _adapter(asked)
    raise not_found("kmip_object")


def _adapter(asked: Admitted) -> Adapter:
    for each in asked.instance.adapters.values():
        if asked.path[0] in (each.id, each.name):
            return each
    raise not_found("kmip_adapter")


def _root_key(asked: Admitted, name: str) -> str:
    if not name:
        raise bad_body("the field `crk_id` must be given", field="crk_id")
    key = asked.instance.find(name, asked.ring, asked.now)
    key.require_root()
    key.require(State.ACTIVE)
    if key.expires != NEVER and not flag(asked.query, "allowExpiringKey"):
        # No code is published; the query parameter that allows it is.
        sentence = "The root key has an expiration date; allow it with `allowExpiringKey`"
        raise Refusal(409, "KMIP_EXPIRING_KEY_ERR", sentence)
    return key.id


def _pem(body: Document) -> str:
    """The certificate alone, whatever else the text holds (people paste private keys too)."""
    given = text(body, "certificate", 1, PEM_AT_MOST).encode()
    try:
        # What the library will refuse in some later version, a serial number that is not positive
        # for one, it warns of today: refused already, so that no upgrade changes an answer.
        with catch_warnings(action="error", category=CryptographyDeprecationWarning):
            certificate = load_pem_x509_certificate(given)
    except (ValueError, InvalidVersion, CryptographyDeprecationWarning):
        raise invalid_field("certificate", "The field must be a PEM certificate") from None
    return certificate.public_bytes(Encoding.PEM).decode()


def _name(asked: Admitted, body: Document, kind: str) -> str:
    name = text(body, "name", 2, 40) or f"{kind}_{asked.entropy(4).hex()}"
    if not SHAPE.fullmatch(name) or is_uuid(name):
        raise invalid_field("name", "A name has 2 to 40 letters, digits, - or _, and is no UUID")
    return name


def _touch(asked: Admitted, adapter: Adapter) -> None:
    adapter.updated, adapter.updated_by = asked.now, asked.identity.iam_id


def _adapter_document(adapter: Adapter) -> Document:
    return {
        "id": adapter.id,
        "name": adapter.name,
        "description": adapter.description,
        "profile": adapter.profile,
        "profile_data": {"crk_id": adapter.root_key},
        "created_at": written(adapter.created),
        "created_by": adapter.created_by,
        "updated_at": written(adapter.updated),
        "updated_by": adapter.updated_by,
    }


def _certificate_document(certificate: Certificate) -> Document:
    return {
        "id": certificate.id,
        "name": certificate.name,
        "created_at": written(certificate.created),
        "created_by": certificate.created_by,
    }
