"""One client and its calls: the sans-IO core that decides and never acts.

A call is a small machine: it asks the route where to go, offers a :class:`Try`, hears what came of
it, and is done when an answer is final, its attempts are used up or its deadline is here.
"""

from random import Random

from chaos.client import wire
from chaos.client.call import Decision, DecisionKind, Done, Outcome, Step, Try, Wait, Wiring, Work
from chaos.client.policy import Policy
from chaos.client.route import Choice, Hold, Route
from chaos.client.wire import Reading
from chaos.exchange import Failure, Reply, Request

_TIMEOUTS = frozenset({"connect timeout", "read timeout", "total timeout"})


class PolicyClient:
    """One process of the user's software under one policy: its route, its token, its decisions."""

    def __init__(self, policy: Policy, wiring: Wiring, rng: Random) -> None:
        self.policy = policy
        self.wiring = wiring
        self.rng = rng
        self.route = Route(policy, wiring, rng)
        self.token = wiring.credential.token
        self.mark = wire.client_mark(wiring.name)
        self._headers: dict[tuple[int, str], tuple[tuple[str, str], ...]] = {}

    def begin(self, work: Work, now: float) -> "PolicyCall":
        """Begin one operation; its deadline is counted from now."""
        return PolicyCall(self, work, now)

    def decisions(self) -> tuple[Decision, ...]:
        """Hand over the decisions made since the last time this was asked."""
        if not self.route.noted:
            return ()
        noted = tuple(self.route.noted)
        self.route.noted.clear()
        return noted

    def request(self, index: int, work: Work, attempt: int, body: bytes) -> Request:
        """The request of one attempt at the region of that index."""
        target = self.route.regions[index].target
        fixed = self._headers.get((index, work.kind))
        if fixed is None:
            fixed = wire.fixed_headers(target, work.kind, self.token)
            self._headers[index, work.kind] = fixed
        correlation = ("Correlation-Id", wire.correlation_id(self.mark, work.number, attempt))
        return Request("POST", wire.action_path(target, work.kind), (*fixed, correlation), body)


class _Open:
    """An attempt under way."""

    __slots__ = ("index", "sent", "until")

    def __init__(self, index: int, sent: float, until: float) -> None:
        self.index = index
        self.sent = sent
        self.until = until


class PolicyCall:
    """One operation under way."""

    def __init__(self, client: PolicyClient, work: Work, now: float) -> None:
        self.client = client
        self.work = work
        self.deadline = now + client.policy.deadline
        self.attempts = 0
        self._body = wire.body(work)
        self._tries = [0] * len(client.route.regions)
        self._spent = False
        self._open: dict[int, _Open] = {}
        self._due = now
        self._waited = 0.0
        self._retries = 0
        self._round = 0
        self._region = ""
        self._last = Reading("down", why="no attempt was made")
        self._ending: Done | None = None
        self._done: Done | None = None

    def step(self, now: float) -> Step:
        """What to do at ``now``."""
        if self._done is not None:
            return self._done
        if self._ending is None and now >= self.deadline:
            return self._give_up("its deadline was reached", now)
        if self._open:
            return Wait(self.deadline)
        if now < self._due:
            return Wait(self._due if self._ending else min(self._due, self.deadline))
        if self._ending is not None:
            self._done = self._ending
            return self._done
        return self._next(now)

    def observe(self, number: int, reply: Reply, now: float) -> None:
        """Tell what came of attempt ``number``."""
        attempt = self._open.pop(number, None)
        if attempt is None or self._done is not None:
            return
        route = self.client.route
        reading = wire.read(self.work, reply)
        self._last = reading
        if reading.meaning == "ok":
            route.succeeded(attempt.index, attempt.sent, now, self.work.number)
            self._done = Done("ok", self._region, reading.result)
        elif reading.meaning == "cancelled":
            self._give_up("it was cancelled", now)
        elif self._retries_after(reply, reading):
            self._blame(attempt, reading, now)
            self._plan(now)
        else:
            self._refuse(attempt, reading, now)

    def _retries_after(self, reply: Reply, reading: Reading) -> bool:
        """Whether the policy lets another attempt follow this reply."""
        if reading.meaning == "gone":
            return self.client.policy.failover is not None
        # A 200 that was cut short comes as an answer but is a failure all the same.
        cut = reading.why == "truncated"
        return self.client.policy.retried.covers(
            Failure("truncated", written=True) if cut else reply
        )

    def _blame(self, attempt: _Open, reading: Reading, now: float) -> None:
        """Hold this failure against the region where it happened, as far as it is its fault."""
        route, number = self.client.route, self.work.number
        rule = self.client.policy.failover
        self._tries[attempt.index] += 1
        if rule and reading.why in _TIMEOUTS:
            self._tries[attempt.index] += 1
        if reading.meaning == "gone":
            name = route.regions[attempt.index].target.region
            route.shun(attempt.index, now, number, f"the root key is not there in {name}")
        elif reading.meaning == "down":
            route.failed(attempt.index, attempt.sent, now, number, reading.why)

    def _plan(self, now: float) -> None:
        """Set when the next attempt is due; where it goes is decided then."""
        policy = self.client.policy
        self._retries += 1
        spent = self.attempts >= policy.attempts
        if spent and not policy.last_wait:
            self._give_up("its attempts are used up", now)
            return
        choice = self.client.route.peek(self._tries, now)
        wait = 0.0
        if choice is None or self._tries[choice]:
            wait = policy.backoff.draw(self._retries, self._waited, self.client.rng)
        self._due, self._waited = now + wait, wait
        if self._due >= self.deadline:
            self._give_up("its deadline comes before the next attempt", now)
        elif spent:
            self._ending = self._ended("its attempts are used up", now)

    def _next(self, now: float) -> Step:
        choice = self.client.route.choose(self._tries, now, self.work.number)
        if isinstance(choice, Hold):
            return self._held(choice, now)
        region = self.client.route.regions[choice.index]
        first_here = not self._tries[choice.index] and not self._round
        if region.account:
            if first_here:
                region.account.deposit()
            elif not choice.probe and not region.account.withdraw():
                return self._give_up("the retry budget is used up", now, exhausted=True)
        return self._try(choice, now)

    def _held(self, hold: Hold, now: float) -> Step:
        """No region may be asked now: wait for the next that may, if the deadline allows."""
        if hold.until <= now:
            self._round += 1
            self._tries = [0] * len(self._tries)
            return self._next(now)
        # A little later than allowed, each call its own: those that wait must not come as one.
        self._due = hold.until + self._spread(hold.until - now)
        if self._due >= self.deadline:
            return self._give_up(hold.why, now)
        self._waited += self._due - now
        return Wait(self._due)

    def _spread(self, wait: float) -> float:
        return min(0.5, 0.1 + 0.1 * wait) * self.client.rng.random()

    def _try(self, choice: Choice, now: float) -> Try:
        client, timeouts = self.client, self.client.policy.timeouts
        self.attempts += 1
        target = client.route.regions[choice.index].target
        total = min(timeouts.total, self.deadline - now)
        if choice.probe:
            total = min(total, client.route.probe_patience(choice.index))
        self._region = target.region
        self._open[self.attempts] = _Open(choice.index, now, now + total)
        request = client.request(choice.index, self.work, self.attempts, self._body)
        return Try(
            number=self.attempts,
            region=target.region,
            endpoint=target.endpoint,
            request=request,
            connect=min(timeouts.connect, total),
            read=min(timeouts.read, total),
            total=total,
            waited=self._waited,
            why=choice.why,
            fresh=choice.why == "retry",
        )

    def _refuse(self, attempt: _Open, reading: Reading, now: float) -> None:
        """A final no: it is told to the caller, and no region is asked again."""
        if reading.meaning == "denied":
            self.client.route.note("denied", now, self.work.number, self._region, "", reading.why)
        self._done = Done("failed", self._region, None, reading.why)

    def _give_up(self, why: str, now: float, *, exhausted: bool = False) -> Done:
        self._done = self._ended(why, now, exhausted=exhausted)
        return self._done

    def _ended(self, why: str, now: float, *, exhausted: bool = False) -> Done:
        sentence = f"{why}; the last attempt: {self._last.why}"
        kind: DecisionKind = "budget_exhausted" if exhausted else "gave_up"
        self.client.route.note(kind, now, self.work.number, self._region, "", sentence)
        outcome: Outcome = "unknown" if self._last.written or self._open else "failed"
        return Done(outcome, self._region, None, sentence)
