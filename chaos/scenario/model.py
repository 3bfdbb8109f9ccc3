"""A scenario as immutable values: what should happen, to whom, when, and what must hold.

Times are seconds since time zero, durations are seconds, shares are fractions of one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import Literal

from chaos.quick import quick
from chaos.scenario.objective import Objective

OperationKind = Literal["wrap", "unwrap"]
FaultSite = Literal["wire", "service", "key", "client", "tool"]
PhaseName = Literal["steady", "fault", "recovery"]
ArrivalProcess = Literal["poisson", "constant"]
# The target of a fault of the token service, which belongs to no region.
IAM = "iam"
# The faults that end a region's process, and that have its standby serve in its stead.
CRASH = "crash"
PROVIDER_FAILOVER = "provider_failover"
# Of a fault: seconds, a fraction, a rate per second, a number, a word, several words.
Attribute = float | int | str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Region:
    """A region of the key service; ``latency`` and ``jitter`` are of the round trip to it.

    ``lag`` is how far its standby, which serves under its name once the provider fails over, is
    behind it; None where it has none.
    """

    name: str
    latency: float
    jitter: float
    lag: float | None = None


@dataclass(frozen=True, slots=True)
class RootKey:
    """A root key, imported with the same material in every region; the first is its primary."""

    name: str
    regions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Clients that cope alike, among others that do not; the fields are those of `Clients`.

    ``policy`` is a preset's name, empty where the group copes as the fleet does.
    """

    name: str
    count: int
    policy: str
    regions: tuple[str, ...]
    wrapped: int


@dataclass(frozen=True, slots=True)
class Clients:
    """The processes of the user's software: how many, which policy, which order of regions.

    ``wrapped`` is how many data keys each client holds before time zero, so that it can unwrap from
    its first operation on. Where there are ``groups`` the clients belong to them one after the
    other, by their numbers: the first group has the lowest. Then ``count`` is that of all groups.
    """

    count: int
    policy: str
    regions: tuple[str, ...]
    wrapped: int
    groups: tuple[Group, ...] = ()

    def each(self) -> Iterator[Group]:
        """The group of every client, by number; a fleet of one sort is one group without a name."""
        whole = Group("", self.count, "", self.regions, self.wrapped)
        for group in self.groups or (whole,):
            yield from repeat(group, group.count)

    def numbers(self, group: str) -> range:
        """The numbers of the clients of a group; KeyError where there is none of that name."""
        begins = 0
        for each in self.groups:
            if each.name == group:
                return range(begins, begins + each.count)
            begins += each.count
        raise KeyError(group)

    def reached(self) -> tuple[str, ...]:
        """Every region that some client uses, those of the fleet's own order first."""
        of_groups = (region for group in self.groups for region in group.regions)
        return tuple(dict.fromkeys((*self.regions, *of_groups)))


@dataclass(frozen=True, slots=True)
class Load:
    """Open-loop load: operations per second of the whole fleet and the mix of their kinds."""

    rate: float
    arrivals: ArrivalProcess
    mix: tuple[tuple[OperationKind, float], ...]


@dataclass(frozen=True, slots=True)
class Service:
    """What holds in every region of the service.

    ``token_lasts`` is how long IAM's tokens do. ``timers`` is how many times as fast the service's
    own waiting times pass: the 30 s between two changes of a key's state, the hour between two
    rotations, the 4 h, 30 and 90 days after a deletion, the 7 days of a first approval.
    """

    token_lasts: float = 3600.0
    timers: float = 1.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One scheduled fault: what it does, where, from when, for how long.

    ``attributes`` are the kind's own, sorted by name; decimals are seconds, but for a `share`, a
    fraction, and a `rate`, per second.
    """

    name: str
    kind: str
    site: FaultSite
    target: str
    at: float
    lasts: float
    attributes: tuple[tuple[str, Attribute], ...] = ()

    @property
    def heals(self) -> float:
        """When it is healed; to the nanosecond, so that 0.1 s and 0.2 s make 0.3 s."""
        return round(self.at + self.lasts, 9)


@dataclass(frozen=True, slots=True)
class Change:
    """One step of the nemesis: inject or heal one fault at its time."""

    at: float
    verb: Literal["inject", "heal"]
    fault: Fault


@quick
@dataclass(frozen=True, slots=True)
class Arrival:
    """One operation that the open-loop plan wants to start at ``due``.

    ``draw`` in [0, 1) picks which of the client's data keys is unwrapped, so that every world picks
    by the same rule.
    """

    number: int
    due: float
    client: int
    kind: OperationKind
    draw: float


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of the run: steady to the first fault, fault to the last heal, then recovery."""

    name: PhaseName
    starts: float
    ends: float


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario, resolved: nothing in it is left to a default that the reader cannot see.

    ``source`` is the YAML text it came from and ``overrides`` the `--set` words applied to it.
    ``window`` is W of the measures, the hold time of the recovery rule.
    """

    name: str
    teaches: str
    seed: int
    lasts: float
    regions: tuple[Region, ...]
    keys: tuple[RootKey, ...]
    clients: Clients
    load: Load
    faults: tuple[Fault, ...]
    objectives: tuple[Objective, ...]
    parameters: tuple[tuple[str, float], ...]
    window: float
    source: str
    path: str
    overrides: tuple[str, ...] = ()
    service: Service = Service()

    def region(self, name: str) -> Region:
        """The region of that name; KeyError where there is none."""
        return {region.name: region for region in self.regions}[name]

    def changes(self) -> tuple[Change, ...]:
        """The nemesis's plan: every inject and heal in the order of their times."""
        steps = [Change(fault.at, "inject", fault) for fault in self.faults]
        steps += [Change(fault.heals, "heal", fault) for fault in self.faults]
        # Heal before inject at the same instant: a fault never overlaps the one it follows.
        return tuple(sorted(steps, key=lambda step: (step.at, step.verb != "heal")))

    def phases(self) -> tuple[Phase, ...]:
        """Steady, fault, recovery by first inject and last heal; without faults all is steady."""
        if not self.faults:
            return (Phase("steady", 0.0, self.lasts),)
        begins = min(fault.at for fault in self.faults)
        ends = min(self.lasts, max(fault.heals for fault in self.faults))
        return (
            Phase("steady", 0.0, begins),
            Phase("fault", begins, ends),
            Phase("recovery", ends, self.lasts),
        )
