"""The program of one logical operation: asks the client what to do and does it, however often.

Nothing is decided here. The client decides, the world acts, the events say what happened.
"""

from binascii import a2b_base64
from dataclasses import dataclass, field
from hashlib import sha256

from chaos.client.call import Call, Client, Done, Outcome, Result, Try, Wait, Work
from chaos.run.world import Attempted, Decided, Operated, Ticket, World, Wrapped
from chaos.scenario.model import Arrival

WRONG_PLAINTEXT = "wrong plaintext"


@dataclass(frozen=True, slots=True)
class Sealed:
    """A wrapped data key that a client holds: what it stores beside its documents.

    ``digest`` is SHA-256 of the plaintext in hex, the only trace of it that is kept.
    """

    ciphertext: str
    digest: str


@dataclass(slots=True)
class Member:
    """One client of the fleet as the program sees it: policy, data keys, shared attempt."""

    index: int
    client: Client
    sealed: list[Sealed] = field(default_factory=list)
    refresh: "Flight | None" = None

    def pick(self, draw: float) -> Sealed | None:
        """The data key that ``draw`` in [0, 1) names, None where the client holds none."""
        return self.sealed[int(draw * len(self.sealed))] if self.sealed else None


@dataclass(slots=True, eq=False)
class Flight:
    """One attempt under way: its ticket, what was tried, and the call that must be told."""

    ticket: Ticket
    tried: Try
    sent: float
    call: Call
    operation: int
    told: bool = False


def digest_of(plaintext: str) -> str:
    """SHA-256 in hex of what base64 ``plaintext`` stands for; empty where it is not base64."""
    try:
        return sha256(a2b_base64(plaintext, strict_mode=True)).hexdigest()
    except ValueError:
        return ""


async def operate(world: World, member: Member, arrival: Arrival) -> None:
    """Play one arrival from its due time to its outcome."""
    started = world.now()
    chosen = member.pick(arrival.draw) if arrival.kind == "unwrap" else None
    call = member.client.begin(_work(arrival, chosen), started)
    flights: list[Flight] = []
    attempts = 0
    while not isinstance(step := call.step(world.now()), Done):
        if isinstance(step, Try):
            attempts += not step.shared
            _begin(world, member, call, step, arrival.number, flights)
        elif awaited := _awaited(member, step, flights):
            await world.first([flight.ticket for flight in awaited], step.until)
            _hear(world, member, awaited, flights)
        else:
            await world.sleep_until(step.until)
    outcome, why = _judge(step, chosen)
    if outcome == "ok" and step.result is not None and arrival.kind == "wrap":
        _keep(world, member, arrival.number, step.region, step.result)
    world.note(
        Operated(
            arrival.number,
            member.index,
            arrival.kind,
            arrival.due,
            started,
            world.now(),
            outcome,
            step.region,
            attempts,
            why,
        )
    )
    if flights:
        await _finish(world, member, flights)
    _hand_over(world, member)


def _work(arrival: Arrival, chosen: Sealed | None) -> Work:
    """What is asked of the client; the digest goes with it as an envelope would carry it."""
    if chosen is None:
        return Work(arrival.number, arrival.kind)
    return Work(arrival.number, arrival.kind, chosen.ciphertext, digest=chosen.digest)


def _begin(
    world: World, member: Member, call: Call, step: Try, operation: int, flights: list[Flight]
) -> None:
    sent = world.now()
    flight = Flight(world.start(member.index, step), step, sent, call, operation)
    flights.append(flight)
    if step.shared:
        member.refresh = flight


def _awaited(member: Member, step: Wait, flights: list[Flight]) -> list[Flight]:
    """What a call waits for: its own attempts, and the client's shared one where it asks to."""
    shared = member.refresh if step.shared else None
    return flights if shared is None or shared in flights else [*flights, shared]


def _hear(world: World, member: Member, awaited: list[Flight], flights: list[Flight]) -> None:
    """Tell what came of those that ended; a call's own are no longer under way then."""
    for flight in tuple(awaited):
        if flight.ticket.reply is not None:
            _tell(world, member, flight)
            if flight in flights:
                flights.remove(flight)


def _tell(world: World, member: Member, flight: Flight) -> None:
    """Tell the call what came of its attempt, once, whichever program woke first."""
    reply = flight.ticket.reply
    assert reply is not None
    if flight.told:
        return
    flight.told = True
    if member.refresh is flight:
        member.refresh = None
    tried = flight.tried
    flight.call.observe(tried.number, reply, world.now())
    _hand_over(world, member)
    world.note(
        Attempted(
            flight.operation,
            member.index,
            tried.number,
            tried.region,
            flight.sent,
            flight.ticket.ended,
            reply,
            tried.waited,
            tried.why,
        )
    )


async def _finish(world: World, member: Member, flights: list[Flight]) -> None:
    """Cancel what the call left open; a shared attempt is seen to its end, others wait for it."""
    for flight in flights:
        if flight.tried.shared:
            await world.first([flight.ticket], flight.sent + flight.tried.total)
        if flight.ticket.reply is None:
            world.cancel(flight.ticket)
        _tell(world, member, flight)


def _judge(done: Done, chosen: Sealed | None) -> tuple[Outcome, str]:
    """The outcome, after the plaintext that came back was held against the digest kept at wrap."""
    if done.outcome == "ok" and chosen is not None:
        came = done.result.plaintext if done.result is not None else ""
        if digest_of(came) != chosen.digest:
            return "failed", WRONG_PLAINTEXT
    return done.outcome, done.why


def _keep(world: World, member: Member, number: int, region: str, result: Result) -> None:
    digest = digest_of(result.plaintext)
    member.sealed.append(Sealed(result.ciphertext, digest))
    world.note(
        Wrapped(
            number,
            member.index,
            world.now(),
            region,
            digest,
            result.ciphertext,
            result.key_version,
        )
    )


def _hand_over(world: World, member: Member) -> None:
    for decision in member.client.decisions():
        world.note(Decided(member.index, decision))
