"""Addresses as Go writes and reads them, and what its net package says when one is no good."""

import errno
import os
import socket
from dataclasses import dataclass

from chaos.proxy.registry import Problem

HIGHEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Bindable:
    """A numeric address that a socket can be bound to."""

    family: socket.AddressFamily
    host: str
    port: int

    def __str__(self) -> str:
        return joined(self.host, self.port)


def joined(host: str, port: int) -> str:
    """`host:port`, with brackets around an IPv6 address."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def split(address: str) -> tuple[str, str] | Problem:
    """Host and port of `host:port`, neither looked at."""
    host, colon, port = address.rpartition(":")
    if not colon:
        return Problem(f"address {address}: missing port in address")
    if host.startswith("["):
        if not host.endswith("]"):
            return Problem(f"address {address}: missing ']' in address")
        return host[1:-1], port
    if ":" in host:
        return Problem(f"address {address}: too many colons in address")
    return host, port


def port_number(port: str) -> int | Problem:
    """A port by number or service name; an empty one is 0."""
    if not port:
        return 0
    if port.lstrip("+-").isdecimal():
        number = int(port)
        return number if 0 <= number <= HIGHEST_PORT else Problem(f"address {port}: invalid port")
    try:
        return socket.getservbyname(port, "tcp")
    except OSError:
        return Problem(f"lookup tcp/{port}: unknown port")


def looked_up(address: str, otherwise: str) -> Bindable | Problem:
    """A listen address in numbers, IPv4 first; blocks while the resolver is asked.

    An empty host is ``otherwise``: the host of the API, so that nothing listens beyond loopback
    unless it was asked for; Toxiproxy listens on every interface.
    """
    if not address:
        address = ":0"
    parts = split(address)
    if isinstance(parts, Problem):
        return parts
    port = port_number(parts[1])
    if isinstance(port, Problem):
        return port
    host = parts[0] or otherwise
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return Problem(f"lookup {host}: no such host")
    found.sort(key=lambda one: one[0] != socket.AF_INET)
    family, _, _, _, numeric = found[0]
    return Bindable(socket.AddressFamily(family), str(numeric[0]), int(numeric[1]))


def of(sock: socket.socket) -> str:
    """The address that a socket is bound to."""
    host, port = sock.getsockname()[:2]
    return joined(host, port)


def reason(error: OSError) -> str:
    """Why a bind or a listen failed, in Go's words."""
    said = os.strerror(error.errno or errno.EIO)
    return f"bind: {said[0].lower()}{said[1:]}"


def numeric(listen: str) -> bool:
    """Whether a listen address needs no resolver."""
    parts = split(listen or ":0")
    if isinstance(parts, Problem):
        return True
    return not parts[0] or parts[0][0].isdigit() or ":" in parts[0]


def dialled(upstream: str) -> tuple[str, int]:
    """Where to dial; Toxiproxy takes any text for an upstream, and fails when it dials."""
    parts = split(upstream)
    if isinstance(parts, Problem):
        return "", 0
    port = port_number(parts[1])
    return parts[0] or "127.0.0.1", 0 if isinstance(port, Problem) else port
