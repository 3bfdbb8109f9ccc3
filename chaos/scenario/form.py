"""The form of a scenario file: strict pydantic models, used at the YAML edge and nowhere else.

The docstrings under the fields are what editors show, by way of :mod:`chaos.scenario.schema`.
"""

from itertools import pairwise
from math import fsum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from chaos.scenario.fault_form import STRICT
from chaos.scenario.faults import AnyFault
from chaos.scenario.model import ArrivalProcess
from chaos.scenario.quantity import render
from chaos.scenario.words import (
    Duration,
    Name,
    Parameter,
    Rate,
    RegionOfFile,
    Rule,
    Share,
    Timers,
)


class StandbyForm(BaseModel):
    """A standby of a region, elsewhere, to which the provider fails over."""

    model_config = STRICT

    lag: Duration
    """How long after it was acknowledged a change of a key is known there."""


class RegionForm(BaseModel):
    """One region of the key service, as seen from the clients."""

    model_config = STRICT

    latency: Duration
    """Round trip to the region without any fault."""
    jitter: Duration = Field("0s", validate_default=True)
    """How far the round trip varies, to either side."""
    standby: StandbyForm | None = None
    """Its standby, for the fault provider_failover; left out: it has none."""

    @model_validator(mode="after")
    def _jitter_within_latency(self) -> "RegionForm":
        if self.jitter > self.latency:
            raise ValueError("jitter is larger than latency")
        return self


Number = Annotated[int, Field(ge=1, le=60_000)]
Policy = Annotated[str, Field(min_length=1, max_length=200)]
Wrapped = Annotated[int, Field(ge=0, le=1000)]


class GroupForm(BaseModel):
    """Clients that cope alike, among others that do not; what is left out is the fleet's."""

    model_config = STRICT

    count: Number | None = None
    """How many of the clients belong to it; or say its share."""
    share: Share | None = None
    """Its share of the clients; the shares of all groups are 100% together."""
    policy: Policy | None = None
    """A preset's name; `--client` does not change that of a group which names its own."""
    regions: Annotated[list[RegionOfFile], Field(min_length=1)] | None = None
    """The order in which its clients prefer the regions."""
    wrapped: Wrapped | None = None
    """How many data keys each of its clients holds before time zero."""

    @model_validator(mode="after")
    def _sized_once(self) -> "GroupForm":
        if (self.count is None) == (self.share is None):
            raise ValueError("needs either 'count' or 'share'")
        return self


class ClientsForm(BaseModel):
    """The processes of the user's software."""

    model_config = STRICT

    count: Number | None = None
    """How many processes there are, each with its own breakers, budget, token and cache."""
    policy: Policy = "recommended"
    """How a client copes: a preset's name; `--client` plays the scenario with another."""
    regions: list[RegionOfFile] = Field(default_factory=list, min_length=1)
    """The order in which a client prefers the regions; left out, the order of the key's."""
    wrapped: Wrapped = 1
    """How many data keys each client holds before time zero, so that it can unwrap at once."""
    groups: Annotated[dict[Name, GroupForm], Field(max_length=16)] = {}
    """Parts of the fleet by name, each with what it has of its own; left out, all are alike."""

    @model_validator(mode="after")
    def _sized(self) -> "ClientsForm":
        sizes = [group.count for group in self.groups.values() if group.count is not None]
        if self.count is None:
            if len(sizes) < len(self.groups) or not sizes:
                raise ValueError("needs 'count'")
        elif sizes and len(sizes) < len(self.groups):
            raise ValueError("needs groups that all say 'count', or all 'share'")
        elif sizes and sum(sizes) != self.count:
            raise ValueError(f"count {self.count}, and its groups are {sum(sizes)} together")
        shares = [group.share for group in self.groups.values() if group.share is not None]
        if shares and abs(fsum(shares) - 1) > 1e-9:  # noqa: PLR2004 - what rounding of decimal shares may leave
            told = render(round(fsum(shares), 9), "share")
            raise ValueError(f"shares of groups must be 100% together, not {told}")
        if 0 in self.sizes():
            raise ValueError("too few for their groups: the share of one is less than a client")
        return self

    def sizes(self) -> list[int]:
        """How many clients each group has; shares are rounded so that none is lost."""
        ends, below = [0], 0.0
        for group in self.groups.values():
            below += group.share or 0.0
            size = ends[-1] + group.count if group.count else round(below * (self.count or 0))
            ends.append(size)
        return [end - begin for begin, end in pairwise(ends)]


class MixForm(BaseModel):
    """The shares of the operations; together 100%."""

    model_config = STRICT

    wrap: Share = Field("0%", validate_default=True)
    """Share of operations that wrap a new data key."""
    unwrap: Share = Field("0%", validate_default=True)
    """Share of operations that unwrap a data key wrapped before."""

    @model_validator(mode="after")
    def _whole(self) -> "MixForm":
        total = fsum((self.wrap, self.unwrap))
        if abs(total - 1) > 1e-9:  # noqa: PLR2004 - what rounding of decimal shares may leave
            raise ValueError(f"must be 100% together, not {render(round(total, 9), 'share')}")
        return self


class LoadForm(BaseModel):
    """Open-loop load: operations are due when the plan says, however slow the answers are."""

    model_config = STRICT

    rate: Rate
    """Operations per second of the whole fleet."""
    arrivals: ArrivalProcess = "poisson"
    """poisson: independent arrivals; constant: evenly spaced."""
    operations: MixForm
    """The mix of operations."""


class ServiceForm(BaseModel):
    """What holds in every region of the key service."""

    model_config = STRICT

    token_lasts: Annotated[Duration, Field(ge=1)] = Field("1h", validate_default=True)
    """How long an access token is good."""
    timers: Timers = Field("real", validate_default=True)
    """How fast the service's own waiting times pass, such as an hour between two rotations."""


class ObjectivesForm(BaseModel):
    """What must hold: rules, and any number of named limits that rules refer to."""

    model_config = ConfigDict(
        extra="allow", strict=True, frozen=True, use_attribute_docstrings=True
    )
    __pydantic_extra__: dict[str, Parameter] = Field(init=False)

    rules: Annotated[list[Rule], Field(min_length=1)]
    """Rules over the measures, such as 'failover.p95 <= rto'."""


class ScenarioForm(BaseModel):
    """One scenario: who calls whom, how often, what goes wrong when, and what must hold."""

    model_config = STRICT

    scenario: Name
    """The scenario's name: small letters, digits and dashes."""
    teaches: Annotated[str, Field(min_length=1, max_length=500)]
    """One sentence: what a reader learns from playing it."""
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    """Seed of all randomness; the same seed simulates the same run."""
    lasts: Annotated[Duration, Field(gt=0)]
    """How long operations arrive."""
    regions: Annotated[dict[Name, RegionForm], Field(min_length=1, max_length=16)]
    """The regions of the key service, by name."""
    keys: Annotated[
        dict[Name, Annotated[list[RegionOfFile], Field(min_length=1)]],
        Field(min_length=1),
    ]
    """Root keys: for each the regions that hold the same material, its primary first."""
    service: ServiceForm = Field(default_factory=lambda: ServiceForm.model_validate({}))
    """What holds in every region of the key service."""
    clients: ClientsForm
    """The processes of the user's software."""
    load: LoadForm
    """Their operations."""
    faults: Annotated[list[AnyFault], Field(max_length=1000)] = []
    """What goes wrong, where, when and for how long."""
    objectives: ObjectivesForm
    """What must hold."""
    window: Annotated[Duration, Field(gt=0)] = Field("5s", validate_default=True)
    """W of the measures: for how long an objective must hold to count as held."""
