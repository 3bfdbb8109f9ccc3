"""KMIP adapters and certificates."""

from base64 import encodebytes
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from chaos.service.bodies import written
from tests.service.caller import EPOCH, Caller, envelope


@cache
def certificate(name: str) -> tuple[str, str]:
    """A certificate and its private key, both PEM."""
    key = Ed25519PrivateKey.generate()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begins = datetime(2024, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=1))
        .sign(key, None)
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return made.public_bytes(Encoding.PEM).decode(), private


def altered(old: str, new: str) -> str:
    """A certificate with other bytes at one place; both in hex."""
    der = x509.load_pem_x509_certificate(certificate("client")[0].encode()).public_bytes(
        Encoding.DER
    )
    assert der.count(bytes.fromhex(old)) == 1
    body = encodebytes(der.replace(bytes.fromhex(old), bytes.fromhex(new))).decode()
    return f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n"


def adapter(key: str, **changed: object) -> dict[str, object]:
    profile = {"profile": "native_1.0", "profile_data": {"crk_id": key}}
    return envelope({"name": "vmware", **profile, **changed}, kind="kmip_adapter")


def make(caller: Caller, **changed: object) -> Any:
    key = caller.create()["id"]
    return caller.ok("POST", "kmip_adapters", adapter(key, **changed))["resources"][0]


def test_an_adapter_is_made_found_by_id_and_name_and_removed(south: Caller) -> None:
    made = make(south, description="for vSAN")
    for name in ("vmware", made["id"]):
        assert south.ok("GET", f"kmip_adapters/{name}")["resources"] == [made]
    root_key = made["profile_data"]["crk_id"]
    listed = south.ok("GET", f"kmip_adapters?crk_id={root_key}&totalCount=true")
    assert listed["metadata"]["totalCount"] == 1
    assert south.ok("GET", "kmip_adapters?crk_id=other")["resources"] == []
    assert south.call("DELETE", "kmip_adapters/vmware").status == 204
    assert south.refused("GET", "kmip_adapters/vmware") == "404 KMIP_ADAPTER_NOT_FOUND_ERR"


def test_an_adapter_without_a_name_is_given_one(south: Caller) -> None:
    assert make(south, name=None)["name"].startswith("kmip_adapter_")


def test_certificates_are_listed_without_their_pem_and_shown_with_it(south: Caller) -> None:
    make(south)
    pem, private = certificate("client")
    path = "kmip_adapters/vmware/certificates"
    body = envelope({"name": "client", "certificate": private + pem})
    made = south.ok("POST", path, body)["resources"][0]
    assert made["certificate"] == pem
    (listed,) = south.ok("GET", path + "?totalCount=true")["resources"]
    assert "certificate" not in listed
    shown = south.ok("GET", f"{path}/client")["resources"][0]
    assert shown == made
    assert "PRIVATE" not in str(south.instance.adapters)
    assert south.refused("POST", path, body) == "409 KMIP_CLIENT_CERTIFICATE_NOT_UNIQUE_ERR"
    assert south.call("DELETE", f"{path}/{made['id']}").status == 204
    code = "404 KMIP_CLIENT_CERTIFICATE_NOT_FOUND_ERR"
    assert south.refused("GET", f"{path}/client") == code


def test_no_objects_are_ever_there(south: Caller) -> None:
    make(south)
    path = "kmip_adapters/vmware/kmip_objects"
    assert south.ok("GET", path + "?state=1,2,3,4")["resources"] == []
    assert south.refused("GET", path + "?state=7") == "400 INVALID_QUERY_PARAM_ERR"
    for method in ("GET", "DELETE"):
        assert south.refused(method, path + "/x") == "404 KMIP_OBJECT_NOT_FOUND_ERR"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"profile": "other"}, "400 INVALID_FIELD_ERR"),
        ({"profile_data": None}, "400 BAD_BODY_ERR"),
        ({"profile_data": {}}, "400 BAD_BODY_ERR"),
        ({"profile_data": {"crk_id": "unknown"}}, "404 KEY_NOT_FOUND_ERR"),
        ({"name": "with space"}, "400 INVALID_FIELD_ERR"),
        ({"more": 1}, "400 BAD_BODY_ERR"),
    ],
)
def test_a_bad_adapter_is_refused(south: Caller, changed: dict[str, object], code: str) -> None:
    body = adapter(south.create()["id"], **changed)
    assert south.refused("POST", "kmip_adapters", body) == code


def test_an_adapter_needs_an_active_root_key_that_does_not_expire(south: Caller) -> None:
    make(south)
    expiring = south.create(expirationDate=written(EPOCH + 60))["id"]
    standard = south.create(extractable=True)["id"]
    path = "kmip_adapters"
    body = adapter(expiring, name="second")
    assert south.refused("POST", path, body) == "409 KMIP_EXPIRING_KEY_ERR"
    south.ok("POST", path + "?allowExpiringKey=true", body)
    assert south.refused("POST", path, adapter(standard, name="third")) == "400 KEY_ROOT_REQ_ERR"
    code = south.refused("POST", path, adapter(south.create()["id"]))
    assert code == "409 KMIP_ADAPTER_NOT_UNIQUE_ERR"


@pytest.mark.parametrize("pem", ["", "text", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_what_is_no_certificate_is_refused(south: Caller, pem: str) -> None:
    make(south)
    body = envelope({"name": "client", "certificate": pem})
    code = south.refused("POST", "kmip_adapters/vmware/certificates", body)
    assert code == "400 INVALID_FIELD_ERR"


def test_there_are_two_hundred_adapters_at_most(south: Caller) -> None:
    key = south.create()["id"]
    for number in range(200):
        south.ok("POST", "kmip_adapters", adapter(key, name=f"adapter-{number}"))
    body = adapter(key, name="one-more")
    assert south.refused("POST", "kmip_adapters", body) == "409 KMIP_ADAPTER_LIMIT_ERR"
    assert len(south.ok("GET", "kmip_adapters?limit=200")["resources"]) == 200


VERSION_3, SERIAL_1 = "a003020102", "020101"


@pytest.mark.parametrize(
    "instead",
    ["a003020109" + SERIAL_1, VERSION_3 + "020100", VERSION_3 + "0201ff"],
    ids=["an unknown version", "serial 0", "serial -1"],
)
def test_a_certificate_that_no_standard_allows_is_refused(south: Caller, instead: str) -> None:
    make(south)
    body = envelope({"name": "client", "certificate": altered(VERSION_3 + SERIAL_1, instead)})
    code = south.refused("POST", "kmip_adapters/vmware/certificates", body)
    assert code == "400 INVALID_FIELD_ERR"
