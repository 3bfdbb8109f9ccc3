"""What a test's twin stands on: a thread with real sockets, or virtual time; one set of verbs."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from chaos.exchange import Answer, Request
from chaos.run.faults import WireFault
from chaos.testing.attempt import Attempt

IAM = "iam"
ACCOUNT = "keychaos"


@dataclass(frozen=True, slots=True)
class Secrets:
    """What opens a twin: the API key that may do everything, and the token of its control API."""

    api_key: str = field(repr=False)
    control: str = field(repr=False)

    @classmethod
    def drawn(cls) -> "Secrets":
        """New ones."""
        return cls(secrets.token_urlsafe(24), secrets.token_urlsafe(24))


class Ground(Protocol):
    """Where a twin runs: its regions and its IAM, each behind a proxy of that name.

    ``attempts`` is what was seen on the clients' side of the proxies, in the order of sending.
    """

    regions: tuple[str, ...]
    secrets: Secrets
    attempts: list[Attempt]

    def now(self) -> float:
        """The clock of the attempts, in seconds."""

    def endpoint(self, name: str) -> str:
        """The URL by which clients reach a region, or ``iam``."""

    def ask(self, name: str, request: Request) -> Answer:
        """Ask a region or IAM itself, past the proxy, as its operator does."""

    def set_enabled(self, name: str, *, enabled: bool) -> None:
        """Let a proxy listen, or refuse connections and close those that live."""

    def place(self, name: str, toxic: WireFault) -> None:
        """Add a toxic, on live connections too."""

    def lift(self, name: str, toxic: WireFault) -> None:
        """Take a toxic away."""

    def touched(self, name: str, toxic: WireFault) -> int:
        """How many connections a toxic that is in place has touched."""

    def inject(self, name: str, fault: str, document: Mapping[str, object]) -> None:
        """Inject a fault into a region or IAM itself; chaos.service.faults has the kinds."""

    def heal(self, name: str, fault: str) -> int:
        """Heal it; how many requests it has touched."""
