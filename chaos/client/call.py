"""The words between a policy and the world that plays it: what to do next, and why.

A :class:`Call` never acts. The program asks ``step(now)``, does what it says, and tells what came
of it with ``observe(number, reply, now)``.
"""

from dataclasses import dataclass
from random import Random
from typing import Literal, Protocol

from chaos.exchange import Reply, Request
from chaos.quick import quick

Outcome = Literal["ok", "failed", "unknown"]
Why = Literal["first", "retry", "failover", "probe", "hedge", "refresh", "reconcile", "repeat"]
WorkKind = Literal[
    "wrap",
    "unwrap",
    "rewrap",
    "metadata",
    "find",
    "list",
    "create",
    "rotate",
    "delete",
    "restore",
    "disable",
    "enable",
]
DecisionKind = Literal[
    "failover",
    "failback",
    "probe",
    "breaker_opened",
    "breaker_half_opened",
    "breaker_closed",
    "budget_exhausted",
    "gave_up",
    "denied",
    "stale_backup",
    "refresh",
    "hedge",
    "held",
    "shed",
    "reconciled",
    "rotation_queued",
    "rotation_repeated",
    "wrong_plaintext",
]


@dataclass(frozen=True, slots=True)
class Target:
    """Where one root key lives in one region: the same material, its own instance, id and address.

    ``endpoint`` is an absolute URL without a path, as an SDK would be given.
    """

    region: str
    endpoint: str
    instance: str
    key_id: str


@dataclass(frozen=True, slots=True)
class Credential:
    """What a client may call with: its API key, where tokens come from, and a token to begin with.

    ``token`` may be empty; ``issued`` and ``expires`` are seconds since time zero.
    """

    api_key: str
    endpoint: str
    token: str = ""
    issued: float = 0.0
    expires: float = 0.0


@dataclass(frozen=True, slots=True)
class Wiring:
    """What a client is given when it is built: its name, where to call in which order, and as whom.

    ``targets`` are in order of preference, the primary first. ``epoch`` is the UTC time of time
    zero, in seconds since 1970, as this client's wall clock has it.
    """

    name: str
    targets: tuple[Target, ...]
    credential: Credential
    epoch: float


@quick
@dataclass(frozen=True, slots=True)
class Work:
    """One logical operation as a caller asks for it.

    ``kind`` is the Key Protect action. ``ciphertext`` is the wrapped data key to open (unwrap,
    rewrap); ``plaintext`` is base64 of what to wrap, empty to have the service draw a new data key.
    ``digest`` is SHA-256 in hex of the plaintext that an unwrap must give, empty if it is not
    known. ``name`` is the name of a key to create or find, ``payload`` base64 of the material to
    import (create, rotate), ``aad`` what wrap binds the data key to and unwrap must repeat,
    ``offset`` the first key of a list.
    """

    number: int
    kind: WorkKind
    ciphertext: str = ""
    plaintext: str = ""
    digest: str = ""
    name: str = ""
    payload: str = ""
    aad: tuple[str, ...] = ()
    offset: int = 0


@quick
@dataclass(frozen=True, slots=True)
class Result:
    """What a successful operation gave: base64 texts as the service sent them.

    ``ciphertext`` of an unwrap is the rewrapped form, where the service sent one. ``key_id`` and
    ``state`` (1 active, 2 suspended, 3 deactivated, 5 destroyed) tell of the key of a create,
    metadata or find.
    """

    plaintext: str
    ciphertext: str
    key_version: str
    key_id: str = ""
    state: int = 0


@quick
@dataclass(frozen=True, slots=True)
class Try:
    """Begin one attempt now. Timeouts are seconds, each counted from its own beginning.

    ``total`` bounds the whole attempt, ``connect`` the TCP connect, ``read`` each wait for bytes.
    ``waited`` is the backoff before it and ``why`` the reason it is made. ``fresh`` asks for a new
    connection instead of one from the client's pool. ``shared`` lets the client's other calls await
    this attempt too (the single-flight token refresh): it is seen to its end, and its call told,
    also when that call is done before.
    """

    number: int
    region: str
    endpoint: str
    request: Request
    connect: float
    read: float
    total: float
    waited: float
    why: Why
    fresh: bool = False
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before ``until``, unless an attempt under way ends first.

    ``shared`` wakes the call also when the client's shared attempt ends.
    """

    until: float
    shared: bool = False


@quick
@dataclass(frozen=True, slots=True)
class Done:
    """The operation is over. ``why`` says in a few words what ended it when it is not ok."""

    outcome: Outcome
    region: str
    result: Result | None
    why: str = ""


Step = Try | Wait | Done


@dataclass(frozen=True, slots=True)
class Decision:
    """Something a client decided, and why in a sentence that a report can print.

    ``number`` is the operation during which it was decided; ``region`` is where the client goes (or
    which breaker moved), ``left`` the region it turns away from, empty where none.
    """

    kind: DecisionKind
    at: float
    number: int
    region: str
    left: str
    why: str


class Call(Protocol):
    """One operation under way: asked what next, told what came. Pure: time is an argument."""

    def step(self, now: float) -> Step:
        """What to do at ``now``; a Try is begun at once and step is asked again."""

    def observe(self, number: int, reply: Reply, now: float) -> None:
        """Tell what came of attempt ``number``."""


class Factory(Protocol):
    """Builds one client: what `--client` names, a preset of ours or a user's own function."""

    def __call__(self, wiring: Wiring, rng: Random) -> "Client":
        """A client wired to its targets; all its randomness comes from ``rng``."""


class Client(Protocol):
    """One process of the user's software: its region order, breakers, budget, token and cache."""

    def begin(self, work: Work, now: float) -> Call:
        """Begin one operation."""

    def decisions(self) -> tuple[Decision, ...]:
        """Hand over the decisions made since the last time this was asked."""
