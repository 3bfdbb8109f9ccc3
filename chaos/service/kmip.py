"""KMIP adapters and their client certificates: stored and listed, no KMIP is spoken."""

from dataclasses import dataclass, field

from chaos.service.refusal import not_found

ADAPTERS_AT_MOST = 200
CERTIFICATES_AT_MOST = 200


@dataclass(frozen=True, slots=True)
class Certificate:
    """A client certificate that may speak KMIP to an adapter."""

    id: str
    name: str
    pem: str
    created: float
    created_by: str


@dataclass(slots=True)
class Adapter:
    """A KMIP adapter over one root key."""

    id: str
    name: str
    description: str
    profile: str
    root_key: str
    created: float
    created_by: str
    updated: float
    updated_by: str
    certificates: dict[str, Certificate] = field(default_factory=dict)

    def certificate(self, name: str) -> Certificate:
        """The certificate of that id or name."""
        for each in self.certificates.values():
            if name in (each.id, each.name):
                return each
        raise not_found("kmip_client_certificate")
