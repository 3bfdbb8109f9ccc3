"""A call of an operation that may be done twice: wrap, unwrap, rewrap and what only reads.

A small machine. It asks the route where to go, offers a :class:`Try`, hears what came of it, and is
done when an answer is final, its attempts are used up or its deadline is here.
"""

from chaos.client import wire
from chaos.client.call import DecisionKind, Done, Outcome, Result, Step, Try, Wait, Work
from chaos.client.errands import Errand, begin_errand, end_errand, next_errand
from chaos.client.knowledge import Knowledge
from chaos.client.reading import Reading, checked, read
from chaos.client.retrying import Retrying
from chaos.client.route import NEVER, Choice, Hold
from chaos.client.sending import Attempt, Sending
from chaos.exchange import Answer, Reply

_NOTHING = Reading("down", why="none was made")


class RepeatableCall:
    """One operation under way."""

    __slots__ = (
        "_body",
        "_cost",
        "_done",
        "_due",
        "_ending",
        "_errands",
        "_hedged",
        "_last",
        "_prepaid",
        "_retrying",
        "_sending",
        "_stale",
        "_tries",
        "client",
        "deadline",
        "work",
    )

    def __init__(self, client: Knowledge, work: Work, now: float) -> None:
        self.client = client
        self.work = work
        self.deadline = now + client.policy.deadline
        self._sending = Sending(client, self.deadline)
        self._retrying = Retrying(client.policy)
        self._body = wire.body(work)
        self._tries = [0] * len(client.route.regions)
        self._errands: dict[int, Errand] = {}
        self._due = now
        self._cost = 0.0
        self._prepaid = self._hedged = False
        self._stale: list[int] = []
        self._last = _NOTHING
        self._ending: Done | None = None
        self._done: Done | None = None

    @property
    def over(self) -> bool:
        """Whether it has ended, so that nothing that still comes can matter."""
        return self._done is not None

    def step(self, now: float) -> Step:
        """What to do at ``now``."""
        if self._done is not None:
            return self._done
        if now >= self.deadline and self._ending is None and self._cut():
            return self._give_up("its deadline was reached", now)
        if self._sending.under_way:
            return self._beside(now)
        if now < self._due:
            return Wait(self._due if self._ending else min(self._due, self.deadline))
        if self._ending is not None:
            self._finish(self._ending)
            return self._ending
        return self._errand(now) or self._next(now)

    def observe(self, number: int, reply: Reply, now: float) -> None:
        """Tell what came of attempt ``number``; of an errand also after the operation is done."""
        if number in self._errands:
            errand = self._errands.pop(number)
            end_errand(self.client, self.work.number, errand, reply, now)
            return
        attempt = self._sending.end(number)
        if attempt is None:
            return
        reading = self._last = read(self.work, reply)
        if self.client.policy.checks and self.work.digest:
            reading = self._last = checked(self.work, reading)
        throttled = reading.meaning == "throttled"
        accepted = isinstance(reply, Answer) and not throttled and reading.meaning != "down"
        gate = self.client.route.regions[attempt.index].gate
        gate.answered(now, throttled=throttled, accepted=accepted)
        if reading.meaning == "ok":
            self._succeed(attempt, reading.result, now)
        else:
            self._failed(attempt, reply, reading, now)

    def _cut(self) -> bool:
        """Whether the deadline ends this call now: it may not if attempts are not bound by it."""
        return self.client.policy.bounded or not self._sending.under_way

    def _errand(self, now: float) -> Step | None:
        """What must be done for the whole client first; it takes a number of this call's."""
        client = self.client
        if now < client.tokens.due and now < client.rotations.due:
            return None
        sending = self._sending
        step = next_errand(client, self.work.number, sending.numbered + 1, self.deadline, now)
        if isinstance(step, str):
            return self._give_up(step, now)
        if isinstance(step, Try):
            sending.numbered += 1
            self._errands[step.number] = begin_errand(client, step, now)
        return step

    def _succeed(self, attempt: Attempt, result: Result | None, now: float) -> None:
        route, number = self.client.route, self.work.number
        for other in self._sending.under_way.values():
            # It was begun first and still has no answer: that is a strike against its region.
            if other.sent < attempt.sent and other.index != attempt.index:
                route.failed(other.index, other.sent, now, number, "slower than its hedge")
        route.succeeded(attempt.index, attempt.sent, now, number)
        region = route.regions[attempt.index]
        region.account.succeeded(now, self._cost)
        for index in self._stale:
            name = route.regions[index].target.region
            why = f"{region.target.region} opens what this one does not: {self._lack(index)}"
            route.note("stale_backup", now, number, name, "", why)
        self._finish(Done("ok", region.target.region, result))

    def _failed(self, attempt: Attempt, reply: Reply, reading: Reading, now: float) -> None:
        """An attempt did not succeed: blame it, and plan the next one unless it was final."""
        region = self.client.route.regions[attempt.index]
        if reading.meaning == "cancelled":
            region.unask()
            self._give_up("it was cancelled", now)
        elif reading.why.startswith("401") and self.client.tokens.refused(attempt.token, now):
            self._due = now
        elif reading.meaning == "stale" and attempt.index and self.client.route.roams:
            self._stale.append(attempt.index)
            self._tries[attempt.index] = NEVER
            self._due = now
        elif self._retrying.may_follow(reply, reading):
            asked = self._heed(attempt.index, reply, now)
            region.account.failed(now)
            blame = self.client.route.blame(attempt.index, attempt.sent, reading, now, self.work)
            self._tries[attempt.index] += blame
            if not self._sending.under_way:
                self._plan(reply, reading, asked, now)
        elif not self._sending.under_way:
            self._refuse(reading, now)

    def _heed(self, index: int, reply: Reply, now: float) -> float | None:
        """What Retry-After makes this call wait, after holding the region for the whole client."""
        route = self.client.route
        asked, held, said = self._retrying.asked(reply, self.client.wiring.epoch + now, route)
        if held:
            route.hold(index, now + held, now, self.work.number, said)
        return asked

    def _plan(self, reply: Reply, reading: Reading, asked: float | None, now: float) -> None:
        """Set when the next attempt is due; where it goes is decided then."""
        policy, route = self.client.policy, self.client.route
        over = self._retrying.count(reply, reading)
        spent = over or self._sending.made >= policy.attempts
        if spent and not policy.last_wait:
            self._give_up("its attempts are used up", now)
            return
        place = route.peek(self._tries, now)
        if route.roams and place is not None and not self._tries[place]:
            # There is a region that this call has not asked yet: no wait makes that one better.
            self._retrying.waited = wait = 0.0
        else:
            wait = self._retrying.wait(reply, reading, asked, route)
        self._due = now + wait
        if self._due >= self.deadline:
            self._give_up("its deadline comes before the next attempt", now)
        elif spent:
            self._ending = self._ended("its attempts are used up", now)

    def _beside(self, now: float) -> Step:
        """An attempt is under way: wait for it, or put a hedge beside it when it is slow."""
        hedge = self.client.policy.hedge
        until = self.deadline
        if not self.client.policy.bounded:
            until = max(attempt.until for attempt in self._sending.under_way.values())
        spent = self._sending.made >= self.client.policy.attempts
        if hedge is None or self._hedged or spent:
            return Wait(until)
        (first,) = self._sending.under_way.values()
        if first.probe:
            return Wait(until)
        region = self.client.route.regions[first.index]
        at = first.sent + max(hedge.after, hedge.times * region.latency)
        if now < at:
            return Wait(min(until, at))
        self._hedged = True
        index = self.client.route.beside(first.index, now)
        # The region that is slow pays, for it is its operations that fill its account.
        if index is None or region.account.withdraw(now, "timeout") is None:
            return Wait(until)
        why = f"{region.target.region} has not answered for {now - first.sent:.3f} s"
        name = self.client.route.regions[index].target.region
        self.client.route.note("hedge", now, self.work.number, name, "", why)
        return self._try(Choice(index, "hedge"), now, paid=True)

    def _next(self, now: float) -> Step:
        """The next attempt, where the route, the budget and the gate let it be made."""
        choice = self.client.route.choose(self._tries, now, self.work.number)
        if isinstance(choice, Hold):
            return self._held(choice, now)
        if self.client.route.yields(self.work.kind, choice.index, now):
            return self._give_up(f"it is throttled and a {self.work.kind} gives way", now, "shed")
        region = self.client.route.regions[choice.index]
        again = self._sending.asked(choice.index)
        if again and not choice.probe and not self._prepaid:
            cost = region.account.withdraw(now, self._retrying.cause)
            if cost is None:
                return self._broke(choice.index, now)
            self._cost, self._prepaid = cost, True
        wait = region.gate.ask(now, self.client.rng)
        if wait is None:
            return self._give_up("it was shed before it was sent", now, "shed")
        if wait > 0.0:
            self._due = now + wait
            return Wait(min(self._due, self.deadline))
        if not again:
            region.account.began(now)
        return self._try(choice, now, paid=again)

    def _broke(self, index: int, now: float) -> Step:
        """The budget pays for no retry there: on with another region, where there is one."""
        self._tries[index] = NEVER
        if min(self._tries) < NEVER:
            return self._next(now)
        return self._give_up("the retry budget is used up", now, "budget_exhausted")

    def _held(self, hold: Hold, now: float) -> Step:
        """No region may be asked now: wait for the next that may, if the deadline allows."""
        if self._stale:
            return self._give_up(hold.why, now)
        if hold.until <= now:
            self._tries = [made if made >= NEVER else 0 for made in self._tries]
            return self._next(now)
        if hold.asked and self.work.kind in self.client.route.rule.yielding:
            return self._give_up(f"{hold.why} and a {self.work.kind} gives way", now, "shed")
        # Later than allowed, each call by its own: those that wait must not come as one, but those
        # with little time left come before the others.
        wait = hold.until - now
        slack = 0.5 * (self.deadline - now - wait)
        wait += max(0.0, min(1.0, 0.1 + 0.5 * wait, slack)) * self.client.rng.random()
        self._due, self._retrying.waited = now + wait, self._retrying.waited + wait
        if self._due >= self.deadline:
            return self._give_up(hold.why, now)
        return Wait(self._due)

    def _try(self, choice: Choice, now: float, *, paid: bool) -> Try:
        self._prepaid = False
        waited = self._retrying.waited
        return self._sending.begin(choice, self.work, self._body, now, waited=waited, paid=paid)

    def _refuse(self, reading: Reading, now: float) -> None:
        """A final no: it is told to the caller, and no region is asked again."""
        if reading.meaning == "denied":
            name = self._sending.region
            self.client.route.note("denied", now, self.work.number, name, "", reading.why)
        self._finish(Done("failed", self._sending.region, None, reading.why))

    def _give_up(self, why: str, now: float, kind: DecisionKind = "gave_up") -> Done:
        done = self._ended(why, now, kind)
        self._finish(done)
        return done

    def _ended(self, why: str, now: float, kind: DecisionKind = "gave_up") -> Done:
        """How this call ends without an answer that is final, and the decision that says so."""
        route, number = self.client.route, self.work.number
        sentence = f"{why}; the last attempt: {self._last.why}"
        for index in self._stale:
            name = route.regions[index].target.region
            sentence = f"stale backup {name}: {self._lack(index)}; {sentence}"
            route.note("stale_backup", now, number, name, "", sentence)
        route.note(kind, now, number, self._sending.region, "", sentence)
        unknown = self._last.written or self._sending.under_way
        outcome: Outcome = "unknown" if unknown and not self._stale else "failed"
        return Done(outcome, self._sending.region, None, sentence)

    def _lack(self, index: int) -> str:
        """Why a backup does not open a data key, as far as this client knows."""
        owed = self.client.rotations.owed_to(index)
        return "a rotation was not repeated there" if owed else "it lacks that key version"

    def _finish(self, done: Done) -> None:
        self._done = done
        self._sending.abandon()
