"""A small blocking client of Toxiproxy's HTTP API: one connection kept open, every wait bounded."""

import contextlib
import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from chaos.errors import WorldError


@dataclass(frozen=True, slots=True)
class Told:
    """What the API answered: its status, its JSON (None for none), its headers in lower case."""

    status: int
    value: Any
    headers: Mapping[str, str]

    @property
    def fine(self) -> bool:
        """Whether the API did what it was asked."""
        return self.status < http.client.BAD_REQUEST

    @property
    def error(self) -> str:
        """The API's own sentence about what was wrong."""
        if isinstance(self.value, dict) and "error" in self.value:
            return str(self.value["error"])
        return f"status {self.status}"


def path(*segments: str) -> str:
    """A path whose segments are escaped."""
    return "/" + "/".join(quote(segment, safe="") for segment in segments)


class ApiClient:
    """The API at one URL, for any number of threads.

    Raises WorldError, in one sentence, where nothing that speaks HTTP answers in ``timeout``.
    """

    def __init__(self, url: str, timeout: float = 5.0) -> None:
        parts = urlsplit(url if "//" in url else f"//{url}")
        wrong = f"{url!r} is not the address of a fault proxy; http://HOST:PORT is."
        try:
            port = parts.port
        except ValueError as error:
            raise WorldError(wrong) from error
        if not parts.hostname:
            raise WorldError(wrong)
        self.host = parts.hostname
        self.port = port or 8474
        self.timeout = timeout
        # Sent with every request.
        self.headers: Mapping[str, str] = {}
        self._lock = threading.Lock()
        self._connection: http.client.HTTPConnection | None = None

    @property
    def url(self) -> str:
        """The API's address."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def ask(
        self,
        method: str,
        *segments: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Told:
        """One request; the segments of its path are escaped."""
        return self.send(method, path(*segments), body, headers)

    def send(
        self,
        method: str,
        target: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Told:
        """One request to a target that is escaped already."""
        sent = None if body is None else json.dumps(body).encode()
        with self._lock, self._sentences():
            try:
                return self._exchange(method, target, sent, {**self.headers, **(headers or {})})
            except (ConnectionError, http.client.RemoteDisconnected):
                # A kept connection may have been closed by the other side meanwhile.
                self._drop()
                return self._exchange(method, target, sent, {**self.headers, **(headers or {})})

    def _exchange(
        self, method: str, target: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Told:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(self.host, self.port, self.timeout)
        self._connection.request(method, target, body, dict(headers))
        answer = self._connection.getresponse()
        text = answer.read()
        named = {name.lower(): value for name, value in answer.getheaders()}
        try:
            value = json.loads(text) if text else None
        except ValueError:
            value = None
        return Told(answer.status, value, named)

    @contextlib.contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except TimeoutError:
            self._drop()
            within = f"within {self.timeout:g} s"
            raise WorldError(f"The fault proxy at {self.url} did not answer {within}.") from None
        except (OSError, http.client.HTTPException) as error:
            self._drop()
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            sentence = f"The fault proxy at {self.url} cannot be reached: {reason}."
            raise WorldError(sentence) from None

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def close(self) -> None:
        """Give the connection back."""
        with self._lock:
            self._drop()
