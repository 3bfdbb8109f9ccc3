"""A call of an operation that changes something: it must not happen twice, and never by chance.

Key Protect has no idempotency keys. So such a call looks before it acts, acts, and when an answer
is lost it looks again before it acts again: was the key rotated, is it there, is it destroyed? It
asks the primary only, since a backup's key is another key.
"""

from typing import Literal

from chaos.client import wire
from chaos.client.call import Done, Result, Step, Try, Wait, Why, Work, WorkKind
from chaos.client.errands import Errand, begin_errand, end_errand, next_errand
from chaos.client.knowledge import Knowledge
from chaos.client.reading import Reading, read
from chaos.client.retrying import Retrying
from chaos.client.route import Choice
from chaos.client.sending import Attempt, Sending
from chaos.exchange import Reply

CHANGING = frozenset({"create", "rotate", "delete", "restore", "disable", "enable"})
_ACTIVE, _SUSPENDED, _DESTROYED = 1, 2, 5
_STATES = {
    "delete": _DESTROYED,
    "restore": _ACTIVE,
    "disable": _SUSPENDED,
    "enable": _ACTIVE,
}
_NOTHING = Reading("down", why="none was made")


class ChangingCall:
    """One operation under way: look, act, and look again when it is not known what happened."""

    def __init__(self, client: Knowledge, work: Work, now: float) -> None:
        self.client = client
        self.work = work
        self.deadline = now + client.policy.deadline
        self._sending = Sending(client, self.deadline)
        self._retrying = Retrying(client.policy)
        looks: WorkKind = "find" if work.kind == "create" else "metadata"
        self._look = Work(work.number, looks, name=work.name)
        self._before: Result | None = None
        # Only a new version and a new key can be told from an old one by looking before.
        self._phase: Literal["look", "act", "reconcile"] = (
            "look" if work.kind in ("create", "rotate") else "act"
        )
        self._acted = 0
        self._unsure = False
        self._was_unsure = False
        self._errands: dict[int, Errand] = {}
        self._due = now
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
        if now >= self.deadline:
            return self._give_up("its deadline was reached", now)
        if self._sending.under_way or (self._ending and self._errands):
            return Wait(self.deadline)
        if now < self._due:
            return Wait(min(self._due, self.deadline))
        errand = self._errand(now)
        if errand is not None:
            return errand
        return self._finish(self._ending, now) if self._ending else self._try(now)

    def observe(self, number: int, reply: Reply, now: float) -> None:
        """Tell what came of attempt ``number``; of an errand also after the operation is done."""
        if number in self._errands:
            errand = self._errands.pop(number)
            end_errand(self.client, self.work.number, errand, reply, now)
            return
        attempt = self._sending.end(number)
        if attempt is None or self._done is not None:
            return
        work = self.work if self._phase == "act" else self._look
        reading = self._last = read(work, reply)
        if reading.meaning == "cancelled":
            self._unsure = self._unsure or self._phase == "act"
            self._give_up("it was cancelled", now)
        elif self._unauthorized(attempt, reading, now):
            self._due = now
        elif reading.meaning in ("down", "throttled"):
            self._again(reply, reading, now)
        elif self._phase == "act":
            self._acted_with(reading, now)
        else:
            self._looked_with(reading, now)

    def _unauthorized(self, attempt: Attempt, reading: Reading, now: float) -> bool:
        tokens = self.client.tokens
        return reading.why.startswith("401") and tokens.refused(attempt.token, now)

    def _again(self, reply: Reply, reading: Reading, now: float) -> None:
        """The service could not: try again later, but look first if it may have."""
        route = self.client.route
        if self._phase == "act" and reading.written:
            self._unsure = self._was_unsure = True
            self._phase = "reconcile"
        spent = self._retrying.count(reply, reading)
        if spent or self._sending.made >= self.client.policy.attempts:
            self._give_up("its attempts are used up", now)
            return
        asked, held, said = self._retrying.asked(reply, self.client.wiring.epoch + now, route)
        if held:
            route.hold(0, now + held, now, self.work.number, said)
        self._due = now + self._retrying.wait(reply, reading, asked, route)
        if self._due >= self.deadline:
            self._give_up("its deadline comes before the next attempt", now)

    def _acted_with(self, reading: Reading, now: float) -> None:
        if reading.meaning == "ok":
            self._succeed(reading.result, now)
        elif self._was_unsure and not self._unsure:
            # We looked, it had not happened, we acted again, and now it cannot be done: it may be
            # that the first attempt arrived late.
            self._unsure, self._was_unsure = True, False
            self._phase, self._due = "reconcile", now
        else:
            self._refuse(reading, now)

    def _looked_with(self, reading: Reading, now: float) -> None:
        """What was seen: before acting it is remembered, afterwards it decides."""
        self._due = now
        if self._phase == "look":
            self._before = reading.result
            self._phase = "act"
            if reading.meaning != "ok":
                self._refuse(reading, now)
            elif self.work.kind == "create" and self._before and self._before.key_id:
                taken = f"a key named {self.work.name!r} is there already"
                self._finish(Done("failed", self._sending.region, self._before, taken), now)
            return
        happened = self._happened(reading)
        if happened is None:
            self._refuse(reading, now)
            return
        self._unsure, self._phase = False, "act"
        name, number = self._sending.region, self.work.number
        why = f"{self.work.kind} had {'' if happened else 'not '}been carried out"
        self.client.route.note("reconciled", now, number, name, "", why)
        if happened:
            self._succeed(reading.result, now)

    def _happened(self, reading: Reading) -> bool | None:
        """Whether the change is there to be seen; None where looking was refused."""
        kind = self.work.kind
        if reading.result is None:
            return True if kind == "delete" and reading.meaning == "gone" else None
        if kind == "rotate":
            return self._before is None or reading.result.key_version != self._before.key_version
        if kind == "create":
            return bool(reading.result.key_id)
        return reading.result.state == _STATES[kind]

    def _succeed(self, result: Result | None, now: float) -> None:
        """It is done at the primary; a rotation is repeated at the backups while time remains."""
        client = self.client
        if self.work.kind == "rotate" and self.work.payload:
            backups = range(1, len(client.route.regions))
            client.rotations.owe(backups, self.work.payload, now)
        self._ending = Done("ok", self._sending.region, result)
        self._due = now

    def _errand(self, now: float) -> Step | None:
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

    def _try(self, now: float) -> Step:
        held_until = self.client.route.regions[0].held_until
        if now < held_until:
            self._due = held_until
            return Wait(min(held_until, self.deadline))
        work = self.work if self._phase == "act" else self._look
        why: Why = "retry" if self._acted else "first"
        if self._phase == "act":
            self._acted += 1
        else:
            why = "reconcile"
        waited = self._retrying.waited
        choice = Choice(0, why)
        return self._sending.begin(choice, work, wire.body(work), now, waited=waited, paid=False)

    def _refuse(self, reading: Reading, now: float) -> None:
        if reading.meaning == "denied":
            name = self._sending.region
            self.client.route.note("denied", now, self.work.number, name, "", reading.why)
        outcome: Literal["failed", "unknown"] = "unknown" if self._unsure else "failed"
        self._finish(Done(outcome, self._sending.region, None, reading.why), now)

    def _give_up(self, why: str, now: float) -> Done:
        """End without a final answer, unless the change itself is known to be done."""
        if self._ending is not None:
            return self._finish(self._ending, now)
        unsure = self._unsure or (self._phase == "act" and bool(self._sending.under_way))
        sentence = f"{why}; the last attempt: {self._last.why}"
        self.client.route.note("gave_up", now, self.work.number, self._sending.region, "", sentence)
        outcome: Literal["failed", "unknown"] = "unknown" if unsure else "failed"
        return self._finish(Done(outcome, self._sending.region, None, sentence), now)

    def _finish(self, done: Done, now: float) -> Done:
        self._done = done
        self._sending.abandon()
        client = self.client
        if done.outcome == "ok" and self.work.kind == "rotate":
            for index in range(1, len(client.route.regions)):
                if client.rotations.owed_to(index):
                    name = client.route.regions[index].target.region
                    why = "it could not be repeated there yet, so that backup is stale"
                    client.route.note("rotation_queued", now, self.work.number, name, "", why)
        return done
