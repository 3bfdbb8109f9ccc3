"""A state machine over random faults, clocks and answers: what a client must never do.

Hypothesis begins operations, lets time pass and says what each attempt meets. Whatever it does, the
promises of the policy hold: deadlines, budgets, Retry-After, dwell, one probe, one refresh, and no
plaintext but the right one.
"""

import hashlib
from dataclasses import dataclass, replace
from math import inf
from random import Random

import orjson
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chaos.client.call import Call, Credential, Done, Try, Wait, Work, WorkKind
from chaos.client.caller import PolicyClient
from chaos.client.policy import Failover, Policy
from chaos.client.presets import RECOMMENDED
from chaos.exchange import FAILURE_KINDS, Answer, Failure, FailureKind, Reply
from tests.client.playing import WRAPPED, wiring

RIGHT = hashlib.sha256(b"plain").hexdigest()
WRONG = b'{"plaintext":"d3Jvbmc=","ciphertext":"Y2lwaGVy","keyVersion":{"id":"v2"}}'
ROUNDING = 1e-9
RULE = RECOMMENDED.failover or Failover()
STATUSES = [400, 401, 403, 404, 408, 409, 410, 422, 429, 500, 501, 502, 503, 504]


@dataclass
class Open:
    """A call of the machine: when it must be over, what it asked for, how many attempts it made."""

    call: Call
    deadline: float
    attempts: int = 0
    retries: int = 0


@dataclass(frozen=True)
class Flight:
    """An attempt under way and when its own timeout ends it."""

    number: int
    attempt: Try
    sent: float

    @property
    def until(self) -> float:
        """When the world ends it."""
        return self.sent + min(self.attempt.total, self.attempt.read)


class Clients(RuleBasedStateMachine):
    """One client, any number of calls, all in one virtual time."""

    policy: Policy = RECOMMENDED

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.count = 0
        self.calls: dict[int, Open] = {}
        self.flights: list[Flight] = []
        self.wakes: dict[int, Wait] = {}
        self.held: dict[str, float] = {}
        self.switches: list[float] = []
        self.operations: dict[str, int] = {}
        self.bought: dict[str, int] = {}

    @initialize(seed=st.integers(0, 2**16), token=st.booleans())
    def build(self, seed: int, token: bool) -> None:  # noqa: FBT001 - hypothesis passes it
        """A client with or without a token to begin with."""
        wired = wiring()
        credential = Credential("key", "http://iam", "token" if token else "", 0.0, 300.0)
        self.client = PolicyClient(self.policy, replace(wired, credential=credential), Random(seed))

    @rule(kind=st.sampled_from(["wrap", "unwrap", "rewrap", "rotate", "disable"]))
    def begin(self, kind: WorkKind) -> None:
        """Begin an operation."""
        self.start(kind)

    def start(self, kind: WorkKind) -> None:
        """Begin an operation of that kind and ask it what to do."""
        self.count += 1
        digest = RIGHT if kind in ("wrap", "unwrap") else ""
        work = Work(self.count, kind, ciphertext="Y2lwaGVy", digest=digest, payload="bmV3")
        call = self.client.begin(work, self.now)
        self.calls[self.count] = Open(call, self.now + self.policy.deadline)
        self.drive(self.count)

    @rule(seconds=st.sampled_from([0.01, 0.1, 0.3, 1.0, 3.0, 30.0, 200.0]))
    def pass_time(self, seconds: float) -> None:
        """Let time pass: timeouts and wake-ups happen in their order."""
        until = self.now + seconds
        while True:
            ends = min(self.flights, key=lambda each: each.until, default=None)
            wakes = min(self.wakes.items(), key=lambda each: each[1].until, default=None)
            at = min(ends.until if ends else inf, wakes[1].until if wakes else inf)
            if at > until:
                break
            self.now = max(self.now, at)
            if ends is not None and ends.until == at:
                self.end(ends, Failure("total_timeout", written=True))
            elif wakes is not None:
                self.drive(wakes[0])
        self.now = until

    @precondition(lambda self: self.flights)
    @rule(which=st.integers(0, 100), after=st.floats(0.0, 0.2))
    def succeed(self, which: int, after: float) -> None:
        """An attempt is answered as it should be."""
        self.later(which, after, None)

    @precondition(lambda self: self.flights)
    @rule(which=st.integers(0, 100), kind=st.sampled_from(FAILURE_KINDS), written=st.booleans())
    def fail(self, which: int, kind: FailureKind, written: bool) -> None:  # noqa: FBT001
        """An attempt is not answered."""
        self.later(which, 0.0, Failure(kind, written=written))

    @precondition(lambda self: self.flights)
    @rule(
        which=st.integers(0, 100),
        status=st.sampled_from(STATUSES),
        asks=st.sampled_from([None, "0", "1", "2", "30", "300", "soon"]),
    )
    def refuse(self, which: int, status: int, asks: str | None) -> None:
        """An attempt is answered by a refusal, with or without Retry-After."""
        headers = {} if asks is None else {"retry-after": asks}
        self.later(which, 0.0, Answer(status, headers))

    @precondition(lambda self: self.flights)
    @rule(which=st.integers(0, 100), body=st.sampled_from([WRONG, WRAPPED[:30], b"", b"{}"]))
    def garble(self, which: int, body: bytes) -> None:
        """An attempt is answered by something that looks like success."""
        self.later(which, 0.0, Answer(200, body=body))

    @invariant()
    def nothing_is_left_past_its_deadline(self) -> None:
        """Every call that is still open has time left."""
        assert all(each.deadline > self.now - ROUNDING for each in self.calls.values())

    @invariant()
    def one_refresh_and_one_probe_at_a_time(self) -> None:
        """Single flight of the token, and no crowd at a region that is down."""
        whys = [(flight.attempt.why, flight.attempt.region) for flight in self.flights]
        assert sum(why == "refresh" for why, _ in whys) <= 1

    def later(self, which: int, after: float, reply: Reply | None) -> None:
        """That attempt ends a little later, unless its timeout is sooner."""
        flight = self.flights[which % len(self.flights)]
        self.pass_time(min(after, max(0.0, flight.until - self.now) / 2.0))
        if flight in self.flights:
            self.end(flight, reply or self.success(flight))

    def success(self, flight: Flight) -> Answer:
        """What a service that works answers to that attempt."""
        path = flight.attempt.request.path
        if flight.attempt.why == "refresh":
            body = {"access_token": f"token-{self.count}", "expires_in": 300}
            return Answer(200, body=orjson.dumps(body))
        if path.endswith("metadata"):
            key = {"id": "k", "state": 1, "keyVersion": {"id": "v1"}}
            return Answer(200, body=orjson.dumps({"resources": [key]}))
        if path.endswith("rewrap"):
            body = {"ciphertext": "Y2lwaGVy", "rewrappedKeyVersion": {"id": "v2"}}
            return Answer(200, body=orjson.dumps(body))
        return Answer(200, body=WRAPPED)

    def end(self, flight: Flight, reply: Reply) -> None:
        """Tell the call what came of its attempt, and look whether it asked for patience."""
        self.flights.remove(flight)
        open_call = self.calls.get(flight.number)
        if open_call is None:
            return
        if isinstance(reply, Answer) and reply.headers.get("retry-after", "").isdigit():
            retried = self.policy.retried.covers(reply)
            if retried and flight.attempt.why not in ("refresh", "repeat"):
                until = self.now + float(reply.headers["retry-after"])
                region = flight.attempt.region
                self.held[region] = max(self.held.get(region, 0.0), until)
        open_call.call.observe(flight.attempt.number, reply, self.now)
        self.drive(flight.number)
        for number in [n for n, wait in self.wakes.items() if wait.shared]:
            self.drive(number)

    def drive(self, number: int) -> None:
        """Ask a call what to do until it waits or is done."""
        open_call = self.calls[number]
        step = open_call.call.step(self.now)
        while isinstance(step, Try):
            self.check_try(number, open_call, step)
            self.flights.append(Flight(number, step, self.now))
            step = open_call.call.step(self.now)
        self.note_decisions()
        self.wakes.pop(number, None)
        if isinstance(step, Done):
            self.check_done(open_call, step)
            del self.calls[number]
            self.flights = [flight for flight in self.flights if flight.number != number]
            return
        busy = any(flight.number == number for flight in self.flights)
        assert step.until > self.now or busy, "it spins in place"
        assert step.until <= open_call.deadline + ROUNDING
        self.wakes[number] = step

    def check_try(self, number: int, open_call: Open, step: Try) -> None:
        """An attempt is within its deadline, its count and what was asked of its client."""
        assert step.connect <= step.total
        assert step.read <= step.total
        if step.shared:
            return
        assert self.now + step.total <= open_call.deadline + ROUNDING
        assert self.now >= self.held.get(step.region, 0.0) - ROUNDING, "too early"
        open_call.attempts += 1
        assert open_call.attempts <= self.policy.attempts
        if step.why in ("retry", "hedge"):
            self.bought[step.region] = self.bought.get(step.region, 0) + 1
        assert sum(self.bought.values()) <= 2 * (10 + 0.1 * self.count + self.changes())

    def changes(self) -> int:
        """Attempts of operations that change something; no budget pays for those."""
        return 8 * self.count

    def check_done(self, open_call: Open, done: Done) -> None:
        """What is returned is right, and in time."""
        assert self.now <= open_call.deadline + ROUNDING
        assert (done.outcome == "ok") == (not done.why)
        if done.result is not None and done.result.plaintext:
            assert done.result.plaintext == "cGxhaW4="

    def note_decisions(self) -> None:
        """Homes change no faster than the dwell, in whichever direction."""
        for decision in self.client.decisions():
            assert decision.why
            if decision.kind in ("failover", "failback"):
                last = self.switches[-1] if self.switches else -inf
                assert decision.at - last >= RULE.dwell - ROUNDING
                self.switches.append(decision.at)


class Budgeted(Clients):
    """The same without operations that change something: then the budget binds every retry."""

    @rule(kind=st.sampled_from(["wrap", "unwrap"]))
    def begin(self, kind: WorkKind) -> None:
        """Begin an operation that may be repeated."""
        self.start(kind)

    def changes(self) -> int:
        """There are none."""
        return 0


TestClients = Clients.TestCase
TestClients.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestBudgeted = Budgeted.TestCase
TestBudgeted.settings = settings(max_examples=40, stateful_step_count=60, deadline=None)
