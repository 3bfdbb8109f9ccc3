"""The fault kinds that a scenario file may name: a class a kind, its fields the attributes.

The class's docstring is what the plan, the schema and the docs say about it. Names and meaning of
the wire kinds are Toxiproxy's toxics; `down` is its disabled proxy.
"""

from typing import Annotated, ClassVar, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from chaos.scenario.model import FaultSite
from chaos.scenario.words import Duration, Name, RegionOfFile

STRICT = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)
TIMES = frozenset({"name", "kind", "target", "at", "lasts"})


class FaultForm(BaseModel):
    """What every fault has."""

    model_config = STRICT
    site: ClassVar[FaultSite]

    name: Name
    """How reports and `--set faults.NAME.…` call it; unique in the file."""
    at: Duration
    """When it is injected, counted from the start of the run."""
    lasts: Duration
    """How long it lasts before it is healed."""


class WireFault(FaultForm):
    """A fault between the clients and a region, played by the proxy."""

    site: ClassVar[FaultSite] = "wire"

    target: RegionOfFile
    """The region that it hits."""


class Down(WireFault):
    """The region refuses all: nobody listens, live connections are closed."""

    kind: Literal["down"]


class Latency(WireFault):
    """Every answer comes later, by latency ± jitter, on top of the region's own."""

    kind: Literal["latency"]
    latency: Duration
    """How much later the answers come."""
    jitter: Duration = Field("0s", validate_default=True)
    """How far that varies, to either side."""


class Timeout(WireFault):
    """Connections are accepted and everything sent over them is swallowed."""

    kind: Literal["timeout"]
    timeout: Duration = Field("0s", validate_default=True)
    """After how long the connection is closed; 0s: only when the fault heals."""


class ResetPeer(WireFault):
    """Connections are reset (RST)."""

    kind: Literal["reset_peer"]
    timeout: Duration = Field("0s", validate_default=True)
    """How long after the first bytes the reset comes; 0s: at once."""


AnyFault = Annotated[Down | Latency | Timeout | ResetPeer, Field(discriminator="kind")]
KINDS: dict[str, type[FaultForm]] = {
    get_args(form.model_fields["kind"].annotation)[0]: form
    for form in get_args(get_args(AnyFault)[0])
}


def attributes(form: FaultForm) -> tuple[tuple[str, float], ...]:
    """A fault's own attributes, sorted by name, in the units used inside."""
    names = sorted(set(type(form).model_fields) - TIMES)
    return tuple((name, float(getattr(form, name))) for name in names)
