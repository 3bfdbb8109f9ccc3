"""An adapter finds its certificates."""

from chaos.service.kmip import Adapter, Certificate
from tests.service.caller import refusal_of


def test_a_certificate_is_found_by_id_and_by_name() -> None:
    adapter = Adapter("id", "name", "", "native_1.0", "key", 0.0, "me", 0.0, "me")
    certificate = Certificate("c-id", "c-name", "pem", 0.0, "me")
    adapter.certificates["c-id"] = certificate
    assert adapter.certificate("c-id") is adapter.certificate("c-name") is certificate
    refused = refusal_of(lambda: adapter.certificate("pem"))
    assert refused is not None
    assert refused.code == "KMIP_CLIENT_CERTIFICATE_NOT_FOUND_ERR"
