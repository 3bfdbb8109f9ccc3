"""What a fault proxy has been told: its proxies and their toxics, and the changes that make it so.

The API plans :data:`Change` values against this registry; a shell carries them out on sockets and
answers each with an :data:`Outcome`. Nothing here touches a socket.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Stream = Literal["upstream", "downstream"]


@dataclass(frozen=True, slots=True)
class ToxicRecord:
    """A toxic as its JSON shows it; attributes in Toxiproxy's units (milliseconds, kB/s, bytes).

    ``shown`` is the stream as it was spelt, which Toxiproxy echoes.
    """

    name: str
    type: str
    stream: Stream
    shown: str
    toxicity: float
    attributes: Mapping[str, float]


@dataclass(slots=True)
class ProxyRecord:
    """A proxy as its JSON shows it; ``toxics`` in the order in which they were added."""

    name: str
    listen: str
    upstream: str
    enabled: bool
    toxics: list[ToxicRecord] = field(default_factory=list)

    def ordered(self) -> list[ToxicRecord]:
        """Upstream toxics first, then downstream, each in the order added."""
        return sorted(self.toxics, key=lambda toxic: toxic.stream == "downstream")

    def toxic(self, name: str) -> ToxicRecord | None:
        """The toxic of that name, in either direction."""
        return next((toxic for toxic in self.toxics if toxic.name == name), None)


Registry = dict[str, ProxyRecord]


@dataclass(frozen=True, slots=True)
class Resolve:
    """Look up the listen address; the outcome is its numeric form."""

    listen: str


@dataclass(frozen=True, slots=True)
class Open:
    """Listen for a proxy; the outcome is the bound address."""

    proxy: str
    listen: str
    upstream: str


@dataclass(frozen=True, slots=True)
class Reserve:
    """Take a listen address without listening yet; the outcome is the address."""

    proxy: str
    listen: str


@dataclass(frozen=True, slots=True)
class Release:
    """Give up the address that was reserved for a proxy."""

    proxy: str


@dataclass(frozen=True, slots=True)
class Shut:
    """Stop listening and close every connection at once; toxics and counts stay."""

    proxy: str


@dataclass(frozen=True, slots=True)
class Forget:
    """Shut a proxy and drop its toxics and counts."""

    proxy: str


@dataclass(frozen=True, slots=True)
class Place:
    """Add a toxic to the end of its direction's chain, on live connections too."""

    proxy: str
    toxic: ToxicRecord


@dataclass(frozen=True, slots=True)
class Alter:
    """Give the toxic of that name new attributes and toxicity."""

    proxy: str
    toxic: ToxicRecord


@dataclass(frozen=True, slots=True)
class Lift:
    """Take the toxic of that name away; of two that stand for a moment, the older."""

    proxy: str
    toxic: str
    stream: Stream


@dataclass(frozen=True, slots=True)
class Count:
    """Read the proof of injection; the outcome is the counts by proxy."""

    proxies: tuple[str, ...]


Change = Count | Resolve | Reserve | Release | Open | Shut | Forget | Place | Alter | Lift


@dataclass(frozen=True, slots=True)
class Problem:
    """The operating system refused a change, in the words that Toxiproxy would use."""

    text: str


Outcome = str | Problem | Mapping[str, Mapping[str, object]] | None
