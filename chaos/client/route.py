"""Where a client's calls go: home, elsewhere while home is down, and home again by steps.

Leaving a region that fails is never delayed for a call; making another region home is, as is coming
back: dwell, calm and steps are what keeps a flapping region from taking the client with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, nan
from random import Random

from chaos.client.call import Decision, DecisionKind, Why, Wiring, Work
from chaos.client.policy import Failover, Policy
from chaos.client.reading import TIMEOUTS, WRONG_PLAINTEXT, Reading
from chaos.client.region import Region

# As many attempts of a call at a region as no policy allows: that region is out for this call.
NEVER = 1_000_000
_PROBE_SLACK = 3.0
_DWELL_SPREAD = 0.03


@dataclass(frozen=True, slots=True)
class Choice:
    """One attempt may go to the region of that index, and why it is made there."""

    index: int
    why: Why
    probe: bool = False


# What almost every call gets, made once.
_HOME = Choice(0, "first")


@dataclass(frozen=True, slots=True)
class Hold:
    """No region may be asked before ``until``; ``why`` names what stands in the way.

    ``asked`` says that it is the service itself which asked to be left alone.
    """

    until: float
    why: str
    asked: bool = False


class Route:
    """One client's regions in order of preference, and which of them is home now."""

    def __init__(self, policy: Policy, wiring: Wiring, rng: Random) -> None:
        self.rule = policy.failover or Failover()
        self.roams = policy.failover is not None
        targets = wiring.targets if self.roams else wiring.targets[:1]
        self.regions = [Region(target, policy) for target in targets]
        self.rng = rng
        self.home = 0
        self.calm = self.rule.calm
        self.back_at = -inf
        self.noted: list[Decision] = []

    def choose(self, tries: Sequence[int], now: float, number: int) -> Choice | Hold:
        """Where the next attempt of a call goes that made ``tries`` attempts at each region."""
        if not self.home and self.regions[0].free(now) and not any(tries):
            return _HOME
        begun = any(tries)
        returning = None if begun else self._returning(now, number)
        if returning:
            return returning
        free = self.peek(tries, now)
        if free is not None:
            return Choice(free, self._why(free, begun, tries))
        for index in self._order():
            region = self.regions[index]
            if region.state != "closed" and now >= region.askable_at() and not tries[index]:
                return self._probe(index, now, number)
        return self._hold(tries, now)

    def peek(self, tries: Sequence[int], now: float) -> int | None:
        """Where the next attempt of a call would go at once, None when it must wait for a place."""
        for index in self._order():
            if self.regions[index].free(now) and not self._spent(tries, index):
                return index
        return None

    def beside(self, index: int, now: float) -> int | None:
        """Where a hedge of an attempt at that region may go: elsewhere rather than there, too."""
        free = [place for place in self._order() if self.regions[place].free(now)]
        return next((place for place in free if place != index), index if free else None)

    def yields(self, kind: str, index: int, now: float) -> bool:
        """Whether that kind of operation gives way: its region throttles and no other is free."""
        if not self.roams or kind not in self.rule.yielding:
            return False
        region = self.regions[index]
        if now >= max(region.throttled_at, region.held_until) + self.rule.strain:
            return False
        return not any(other.free(now) for other in self.regions if other is not region)

    def succeeded(self, index: int, sent: float, now: float, number: int) -> None:
        """An attempt at that region succeeded: evidence for it, and against a home that is open."""
        region = self.regions[index]
        region.succeeded(sent, now, self.rng)
        home = self.regions[self.home]
        if index == self.home:
            if region.state == "half_open":
                self._close(index, now, number, "it answered a probe and no other is home")
        elif home.state == "open" and region.state == "closed":
            self._move(index, now, number)
        elif region.state == "half_open":
            self._advance(index, now, number)

    def blame(self, index: int, sent: float, reading: Reading, now: float, work: Work) -> int:
        """Hold a failure against its region as far as it is its fault; as how many tries it counts.

        One that timed out counts double: there is no time for a second of that sort.
        """
        name = self.regions[index].target.region
        if self.roams and reading.meaning in self.rule.leaves_on:
            self.shun(index, now, work.number, f"{name} says {reading.why} of this root key")
            return NEVER
        if reading.meaning == "throttled":
            self.regions[index].throttled_at = now
        if reading.meaning == "down":
            self.failed(index, sent, now, work.number, reading.why)
        if reading.why == WRONG_PLAINTEXT:
            why = "what it returned is not the data key that was wrapped"
            self.note("wrong_plaintext", now, work.number, name, "", why)
            return NEVER
        return 2 if reading.why in TIMEOUTS else 1

    def failed(self, index: int, sent: float, now: float, number: int, why: str) -> None:
        """An attempt at that region failed, so that another may be better."""
        region = self.regions[index]
        relapsed = region.state == "half_open" and region.calm_since is not None
        if region.failed(sent, now, self.rng):
            reason = f"{region.strikes} attempts in a row failed, the last: {why}"
            self.note("breaker_opened", now, number, region.target.region, "", reason)
        if relapsed and region.state == "open":
            self.calm = min(self.rule.calm_cap, self.calm * self.rule.relapse)
            reason = f"{why} after it had answered again; {self.calm:g} s of calm are asked for now"
            self.note("breaker_opened", now, number, region.target.region, "", reason)

    def shun(self, index: int, now: float, number: int, why: str) -> None:
        """Leave that region at once: its answer says that it cannot serve this key."""
        region = self.regions[index]
        if not region.breaks:
            return
        opened = region.state == "closed"
        if opened:
            region.open(now, self.rng)
            self.note("breaker_opened", now, number, region.target.region, "", why)
        else:
            region.failed(now, now, self.rng)
        if not self.rule.forgives:
            region.retry_at = inf

    def hold(self, index: int, until: float, now: float, number: int, asked: float = nan) -> None:
        """That region asked to be left alone for ``asked`` seconds, and is until then."""
        region = self.regions[index]
        if until > region.held_until:
            region.held_until = until
            why = f"it asked to be left alone {_during(asked if asked >= 0 else until - now)}"
            if asked < until - now:
                why += f" and is {_during(until - now)}, jitter on top"
            self.note("held", now, number, region.target.region, "", why)

    def probe_patience(self, index: int) -> float:
        """How long a probe of that region may take, in seconds."""
        return max(self.rule.probe, _PROBE_SLACK * self.regions[index].latency)

    def note(
        self, kind: DecisionKind, now: float, number: int, region: str, left: str, why: str
    ) -> None:
        """Keep a decision until it is asked for."""
        self.noted.append(Decision(kind, now, number, region, left, why))

    def _order(self) -> Sequence[int]:
        count = len(self.regions)
        if not self.home:
            return range(count)
        return (self.home, *(index for index in range(count) if index != self.home))

    def _spent(self, tries: Sequence[int], index: int) -> bool:
        return self.roams and tries[index] >= self.rule.patience

    def _why(self, index: int, begun: bool, tries: Sequence[int]) -> Why:  # noqa: FBT001 - private
        if tries[index]:
            return "retry"
        return "first" if index == self.home and not begun else "failover"

    def _returning(self, now: float, number: int) -> Choice | None:
        """The region that this client would rather be at, when this call may ask it."""
        for index in range(self.home + 1):
            region = self.regions[index]
            if region.state == "closed" or now < max(region.held_until, region.asked_until):
                continue
            if region.step >= 0 and self.rng.random() < self.rule.steps[region.step]:
                return Choice(index, "probe", probe=True)
            if now >= region.retry_at:
                return self._probe(index, now, number)
        return None

    def _probe(self, index: int, now: float, number: int) -> Choice:
        region = self.regions[index]
        if region.state == "open":
            name = region.target.region
            self.note("breaker_half_opened", now, number, name, "", "one attempt asks it")
            self.note("probe", now, number, name, "", f"left alone since {region.opened_at:.3f} s")
        region.ask(now, self.probe_patience(index))
        return Choice(index, "probe", probe=True)

    def _hold(self, tries: Sequence[int], now: float) -> Hold:
        """What a call must wait for that no region takes now; for ever if none is left to it."""
        left = [region for region, made in zip(self.regions, tries, strict=True) if made < NEVER]
        if not left:
            return Hold(inf, "no region is left to ask")
        region = min(left, key=Region.askable_at)
        name = region.target.region
        if region.state == "closed" and now >= region.held_until:
            return Hold(now, f"{name} is worth another round")
        asked = region.held_until > now
        why = "asked to be left alone" if asked else "has its breaker open"
        return Hold(max(now, region.askable_at()), f"{name} {why}", asked=asked)

    def _move(self, index: int, now: float, number: int) -> None:
        """Make a region that just answered home instead of one whose breaker is open."""
        if now < self.back_at:
            return
        left, region = self.regions[self.home], self.regions[index]
        self._settle(index, now)
        why = f"{left.target.region} has its breaker open, this one answered"
        self.note("failover", now, number, region.target.region, left.target.region, why)

    def _settle(self, index: int, now: float) -> None:
        """Home is there from now on, and no other for as long as the dwell lasts."""
        self.home = index
        self.back_at = now + self.rule.dwell * (1.0 + _DWELL_SPREAD * self.rng.random())

    def _advance(self, index: int, now: float, number: int) -> None:
        """A region that is not home answered a probe: begin, continue or complete the way back."""
        region = self.regions[index]
        if index > self.home:
            self._close(index, now, number, "it answered a probe")
        elif region.step < 0:
            if now >= max(self.back_at, (region.calm_since or now) + self.calm):
                self._step(region, 0, now)
        elif now - region.step_since >= self.rule.step:
            self._step(region, region.step + 1, now)
        if region.step == len(self.rule.steps):
            self._come_home(index, now, number)

    def _step(self, region: Region, step: int, now: float) -> None:
        region.step, region.step_since = step, now

    def _come_home(self, index: int, now: float, number: int) -> None:
        left, region = self.regions[self.home], self.regions[index]
        since = region.calm_since or now
        self._close(index, now, number, "every step of the way back was free of errors")
        self._settle(index, now)
        self.calm = self.rule.calm
        why = f"it has answered without an error for {now - since:.1f} s"
        self.note("failback", now, number, region.target.region, left.target.region, why)

    def _close(self, index: int, now: float, number: int, why: str) -> None:
        region = self.regions[index]
        region.close()
        self.note("breaker_closed", now, number, region.target.region, "", why)


def _during(length: float) -> str:
    return "for ever" if length == inf else f"for {length:.3f} s"
