"""What options mean, checked before anything begins and told by their own names."""

import socket
from urllib.parse import urlsplit

from chaos.errors import ScenarioError, WorldError

LAST_PORT = 65_535


def proxy_url(word: str | None, world: str) -> str:
    """The URL in `--proxy toxiproxy=URL`, empty where none is given; ScenarioError otherwise."""
    if word is None:
        return ""
    url = word.removeprefix("toxiproxy=").rstrip("/")
    parts = urlsplit(url)
    try:
        sound = parts.scheme == "http" and parts.hostname and not parts.path and parts.port != 0
    except ValueError:  # a port that is none
        sound = False
    if not sound:
        right = "say toxiproxy=http://127.0.0.1:8474, the address of its HTTP API"
        raise ScenarioError(f"--proxy {word}: {right}.")
    if world != "sockets":
        raise ScenarioError(f"--proxy {word}: only --world sockets goes through a proxy process.")
    return url


def check_ports(first: int, count: int) -> None:
    """Refuse a first port that too few follow. Raises ScenarioError."""
    last = LAST_PORT + 1 - count
    if first > last:
        needs = f"{count} ports in a row are needed, one for each region and one for IAM"
        raise ScenarioError(f"--port {first}: {needs}; say {last} at most.")


def check_host(host: str) -> None:
    """Refuse a host that is no address and no known name. Raises WorldError."""
    try:
        socket.getaddrinfo(host, None)
    except (OSError, UnicodeError) as error:
        raise WorldError(f"--host {host}: the name cannot be resolved.") from error
