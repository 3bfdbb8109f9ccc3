"""The fault kinds that a scenario file may name: a class a kind, its fields the attributes.

The class's docstring is what the plan, the schema and the docs say about it. Names and meaning of
the wire kinds are Toxiproxy's toxics; `down` is its disabled proxy. Those inside the service are in
:mod:`chaos.scenario.service_faults`.
"""

from typing import Annotated, ClassVar, Literal, get_args

from pydantic import Field

from chaos.scenario import service_faults as service
from chaos.scenario.fault_form import FaultForm
from chaos.scenario.model import FaultSite
from chaos.scenario.words import Duration, RegionOfFile


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


WireKinds = Down | Latency | Timeout | ResetPeer
ServiceKinds = (
    service.Throttle
    | service.Error
    | service.Slow
    | service.Hang
    | service.AnswersLost
    | service.RejectTokens
    | service.Capacity
    | service.Quota
    | service.ZoneLoss
    | service.KeyDeleted
    | service.KeyDisabled
    | service.Crash
    | service.ProviderFailover
    | service.IamOutage
    | service.IamSlow
)
AnyFault = Annotated[WireKinds | ServiceKinds, Field(discriminator="kind")]
KINDS: dict[str, type[FaultForm]] = {
    get_args(form.model_fields["kind"].annotation)[0]: form
    for form in get_args(get_args(AnyFault)[0])
}
