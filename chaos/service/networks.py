"""Whom an instance's network policies let in, by where a request comes from and where it goes to.

A twin listens in one place for both of a region's endpoints. A request whose Host begins with
``private.``, as in `private.us-south.kms.cloud.ibm.com`, went to the private one, every other to
the public one.
"""

from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address, ip_network
from typing import cast

from chaos.service.instance import InstancePolicy
from chaos.service.refusal import feature_restricted, unauthorized

PRIVATE_HOST = "private."
PRIVATE_ONLY = "private-only"


def require_let_in(policies: Mapping[str, InstancePolicy], address: str, host: str) -> None:
    """Refuse a request to ``host`` that the policies keep out.

    allowedNetwork may take no request but by the private endpoint, allowedIP none but from its
    subnets; one without an address came from here. Subnets may be of either family, yet the private
    endpoint knows IPv4 alone, and who comes by IPv6 to a policy of IPv4 subnets is told that much.
    """
    private = host[: len(PRIVATE_HOST)].lower() == PRIVATE_HOST
    network = policies.get("allowedNetwork")
    if network is not None and network.enabled and not private:
        _require_open(network)
    allowed = policies.get("allowedIP")
    if allowed is not None and allowed.enabled and address:
        subnets = cast("list[str]", allowed.attributes["allowed_ip"])
        _require_within(subnets, address, private=private)


def _require_open(network: InstancePolicy) -> None:
    if network.attributes["allowed_network"] == PRIVATE_ONLY:
        raise unauthorized()


def _require_within(subnets: list[str], address: str, *, private: bool) -> None:
    asked = ip_address(address)
    if isinstance(asked, IPv6Address) and asked.ipv4_mapped is not None:
        # A server that listens for both families sees IPv4 callers by their mapped address.
        asked = asked.ipv4_mapped
    networks = [ip_network(each, strict=False) for each in subnets]
    same = [network for network in networks if network.version == asked.version]
    if isinstance(asked, IPv6Address) and (private or not same):
        raise feature_restricted()
    if not any(asked in network for network in same):
        raise unauthorized()
