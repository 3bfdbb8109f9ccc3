"""The addresses that proxies listen on: looked up, tried, reserved and given up."""

import asyncio
import errno
import functools
import socket

from chaos.proxy import address
from chaos.proxy.registry import Open, Problem, Reserve, Resolve

Found = address.Bindable | Problem


class Ports:
    """Bound sockets for listeners. An empty host is ``host``.

    ``shared`` sockets can be bound by several processes at once (SO_REUSEPORT).
    """

    def __init__(self, host: str, *, shared: bool = False) -> None:
        self._host = host
        self._shared = shared
        self._reserved: dict[str, socket.socket] = {}

    async def found(self, change: Open | Reserve | Resolve) -> Found:
        """The address of a change in numbers; a name is looked up beside the loop."""
        look_up = functools.partial(address.looked_up, change.listen, self._host)
        if address.numeric(change.listen):
            return look_up()
        return await asyncio.get_running_loop().run_in_executor(None, look_up)

    def reserve(self, proxy: str, found: Found) -> str | Problem:
        """Bind an address for a proxy without listening on it."""
        self.release(proxy)
        taken = any(address.of(one) == str(found) for one in self._reserved.values())
        if isinstance(found, address.Bindable) and found.port and taken:
            # Two sockets that do not listen yet may share an address, which two listeners cannot.
            in_use = OSError(errno.EADDRINUSE, "")
            return Problem(f"listen tcp {found}: {address.reason(in_use)}")
        bound = self._bound(found)
        if isinstance(bound, Problem):
            return bound
        self._reserved[proxy] = bound
        return address.of(bound)

    def taken(self, proxy: str, found: Found) -> socket.socket | Problem:
        """The socket that was reserved for a proxy, or one bound now."""
        reserved = self._reserved.pop(proxy, None)
        return reserved if reserved is not None else self._bound(found)

    def release(self, proxy: str) -> None:
        """Give up what was reserved for a proxy."""
        reserved = self._reserved.pop(proxy, None)
        if reserved is not None:
            reserved.close()

    def close(self) -> None:
        """Give up everything."""
        for proxy in list(self._reserved):
            self.release(proxy)

    def _bound(self, found: Found) -> socket.socket | Problem:
        if isinstance(found, Problem):
            return Problem(f"listen tcp: {found.text}")
        sock = socket.socket(found.family, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if self._shared:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            sock.settimeout(0)
            sock.bind((found.host, found.port))
        except OSError as error:
            sock.close()
            return Problem(f"listen tcp {found}: {address.reason(error)}")
        return sock
