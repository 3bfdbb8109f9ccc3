"""Options that cannot be meant are refused by name."""

import pytest

from chaos import options
from chaos.errors import ScenarioError, WorldError


def test_a_toxiproxy_is_named_by_its_address_and_only_where_there_is_a_wire() -> None:
    word = "toxiproxy=http://127.0.0.1:8474/"

    assert options.proxy_url(None, "simulated") == ""
    assert options.proxy_url(word, "sockets") == "http://127.0.0.1:8474"
    with pytest.raises(ScenarioError, match="only --world sockets"):
        options.proxy_url(word, "simulated")
    with pytest.raises(ScenarioError, match="say toxiproxy=http"):
        options.proxy_url("toxiproxy=https://127.0.0.1", "sockets")


def test_a_port_that_too_few_follow_is_refused() -> None:
    options.check_ports(0, 3)
    options.check_ports(65_533, 3)
    with pytest.raises(ScenarioError, match=r"--port 65534: 3 ports .*; say 65533 at most\."):
        options.check_ports(65_534, 3)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0", "::1"])  # noqa: S104 - nothing listens
def test_a_host_that_is_known_is_taken(host: str) -> None:
    options.check_host(host)


@pytest.mark.parametrize("host", ["nosuch.invalid", "a..b", "x" * 70])
def test_a_host_that_nobody_knows_is_said(host: str) -> None:
    with pytest.raises(WorldError, match=rf"--host {host}: the name cannot be resolved\."):
        options.check_host(host)
