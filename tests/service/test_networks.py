"""Network policies of an instance: which address may ask, and by which endpoint."""

from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.service.instance import InstancePolicy
from chaos.service.networks import require_let_in
from tests.service.caller import refusal_of

PUBLIC, PRIVATE = "us-south.kms.cloud.ibm.com", "Private.us-south.kms.cloud.ibm.com:13000"
IPV4, BOTH = ("192.0.2.0/24",), ("192.0.2.0/24", "2001:db8::/32")


def policy(kind: str, *, enabled: bool = True, **attributes: object) -> InstancePolicy:
    return InstancePolicy(kind, enabled, attributes, 0.0, "me", 0.0, "me")


def met(address: str, host: str, *policies: InstancePolicy) -> str:
    """How a request fares: nothing when it is let in, else status and code."""
    held = {each.kind: each for each in policies}
    refused = refusal_of(lambda: require_let_in(held, address, host))
    return "" if refused is None else f"{refused.status} {refused.code}".strip()


@pytest.mark.parametrize(
    ("allowed", "address", "public", "private"),
    [
        (IPV4, "192.0.2.7", "", ""),
        (IPV4, "::ffff:192.0.2.7", "", ""),
        (IPV4, "192.0.3.7", "401", "401"),
        (IPV4, "2001:db8::7", "403 FEATURE_RESTRICTED_ERR", "403 FEATURE_RESTRICTED_ERR"),
        (BOTH, "2001:db8::7", "", "403 FEATURE_RESTRICTED_ERR"),
        (BOTH, "2001:db9::7", "401", "403 FEATURE_RESTRICTED_ERR"),
        (BOTH, "", "", ""),
    ],
)
def test_an_allowed_ip_policy_lets_its_subnets_in_and_ipv6_by_the_public_endpoint_alone(
    allowed: tuple[str, ...], address: str, public: str, private: str
) -> None:
    rule = policy("allowedIP", allowed_ip=list(allowed))
    assert met(address, PUBLIC, rule) == public
    assert met(address, PRIVATE, rule) == private
    lifted = policy("allowedIP", enabled=False)
    assert met(address, PUBLIC, lifted) == met(address, PRIVATE) == ""


@given(st.ip_addresses(v=4), st.integers(0, 32), st.ip_addresses(v=4))
def test_an_ipv4_address_is_let_in_exactly_by_a_subnet_that_holds_it(
    base: IPv4Address, length: int, asked: IPv4Address
) -> None:
    subnet = f"{base}/{length}"
    within = asked in IPv4Network(subnet, strict=False)
    rule = policy("allowedIP", allowed_ip=[subnet])
    assert met(str(asked), PUBLIC, rule) == ("" if within else "401")


@pytest.mark.parametrize("host", ["", PUBLIC, "127.0.0.1:8080", "privateer.example", "private"])
def test_a_private_only_instance_is_closed_but_to_the_private_endpoint(host: str) -> None:
    private_only = policy("allowedNetwork", allowed_network="private-only")
    assert met("192.0.2.7", host, private_only) == "401"
    assert met("192.0.2.7", PRIVATE, private_only) == ""
    both = policy("allowedNetwork", allowed_network="public-and-private")
    lifted = policy("allowedNetwork", enabled=False)
    assert met("192.0.2.7", host, both) == met("192.0.2.7", host, lifted) == ""


def test_both_policies_must_let_a_request_in() -> None:
    rules = (
        policy("allowedNetwork", allowed_network="private-only"),
        policy("allowedIP", allowed_ip=list(IPV4)),
    )
    assert met("192.0.2.7", PRIVATE, *rules) == ""
    assert met("192.0.2.7", PUBLIC, *rules) == met("192.0.3.7", PRIVATE, *rules) == "401"
