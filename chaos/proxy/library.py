"""toxiproxy-python, mended: the address and a bounded session are lent to it call by call.

Tried on Python 3.11 with toxiproxy-python 0.1.1 against Toxiproxy 2.12 it imports without a warning
(it needs the `future` package) and creates proxies, adds and removes toxics, enables, disables and
resets. It is unfit on its own because

- the server's address is class-wide state, so a process can speak to one server at a time;
- nothing it sends has a timeout, each call opens a connection of its own, and `requests` sends it
  through an HTTP proxy where the environment names one, even to loopback;
- a 500, such as a port in use, becomes ``KeyError: 'name'`` and the server's sentence is lost;
  other failures pass for success (`reset`, `disable`), and `destroy("name")` does nothing;
- names are not escaped in paths, and it knows neither PATCH nor the update of a toxic, `/populate`,
  leases, batches and counts.
"""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import requests
import toxiproxy
import toxiproxy.api
from requests.adapters import HTTPAdapter

_LENT = threading.Lock()


class Refused(Exception):  # noqa: N818 - an answer of the server's, not a fault of ours
    """The server refused, and the library kept its sentence."""


class Lost(Exception):  # noqa: N818 - likewise
    """It did not go well, and the library does not say why."""


class _Bounded(HTTPAdapter):
    """An adapter that gives every request a timeout."""

    def __init__(self, timeout: float) -> None:
        super().__init__()
        self._timeout = timeout

    def send(self, request: Any, **options: Any) -> requests.Response:  # type: ignore[override] # options pass through
        return super().send(request, **{**options, "timeout": self._timeout})


class Library:
    """toxiproxy-python for one server, beside as many others as there are."""

    def __init__(self, host: str, port: int, timeout: float) -> None:
        self._address = (f"[{host}]" if ":" in host else host, port)
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.mount("http://", _Bounded(timeout))
        self.server = toxiproxy.Toxiproxy()

    def proxy(self, name: str) -> Any:
        """The library's object for a proxy, made without asking the server."""
        return toxiproxy.Proxy(name=name, upstream="", enabled=True, listen="")

    def send_always(self, headers: Mapping[str, str]) -> None:
        """Send these headers with every request."""
        self._session.headers.update(headers)

    def call(self, call: Callable[[], object]) -> None:
        """Make one call of the library. Raises Refused with the server's sentence, or Lost."""
        try:
            with self._lent():
                call()
        except (requests.RequestException, KeyError, ValueError):
            raise Lost from None
        except (
            toxiproxy.api.NotFound,
            toxiproxy.api.ProxyExists,
            toxiproxy.api.InvalidToxic,
        ) as error:
            raise Refused(_sentence(error.args[0])) from None

    @contextlib.contextmanager
    def _lent(self) -> Iterator[None]:
        consumer = toxiproxy.api.APIConsumer
        with _LENT:
            before = consumer.host, consumer.port, toxiproxy.api.requests
            consumer.host, consumer.port = self._address
            toxiproxy.api.requests = self._session
            try:
                yield
            finally:
                consumer.host, consumer.port, toxiproxy.api.requests = before

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()


def _sentence(content: bytes | str) -> str:
    """The server's sentence in what the library raises: the answer's body, undecoded."""
    try:
        return str(json.loads(content)["error"])
    except (ValueError, KeyError, TypeError):
        text = content.decode("utf-8", "replace") if isinstance(content, bytes) else content
        return text.strip().rstrip(".")
