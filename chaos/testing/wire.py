"""What a test's clients did, judged from the wire alone: true of any client in any language."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

from chaos.testing.attempt import Attempt

# As the toolkit's reports have it: how much earlier than asked for is not yet early.
TOLERANCE = 0.05
LINES_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Waited:
    """The wait between an attempt that failed and the next attempt at the same work.

    ``asked`` is what the failed answer's Retry-After asked for, NaN for nothing.
    """

    before: Attempt
    after: Attempt
    seconds: float
    asked: float

    @property
    def early(self) -> float:
        """By how many seconds the next attempt came before it was allowed to; 0 for none."""
        return 0.0 if isnan(self.asked) else max(0.0, self.asked - self.seconds)


class Wire:
    """The attempts of one test, from when it began, in the order in which they were sent.

    Attempts are at the same work where they ask for the same action with the same body, in
    whichever region. A connection that is refused leaves no trace on a wire, so attempts at a
    region that refuses are not among them; those that are reset, swallowed or slow are.
    """

    def __init__(self, seen: Sequence[Attempt], begins: float) -> None:
        self._seen = seen
        self._first = len(seen)
        self._begins = begins

    def attempts(self, region: str = "", action: str = "") -> list[Attempt]:
        """All of them, or those at one region (or ``iam``), or those at one action."""
        return [
            attempt
            for attempt in self._seen[self._first :]
            if region in ("", attempt.region) and action in ("", attempt.action)
        ]

    def waits(self, region: str = "") -> list[float]:
        """Seconds from each failure to the next attempt at the same work, in their order.

        With a region: the waits before attempts at it.
        """
        return [each.seconds for each in self.waited() if region in ("", each.after.region)]

    def waited(self) -> list[Waited]:
        """The same with the attempts on both sides."""
        failed: dict[tuple[str, str], list[Attempt]] = {}
        found = []
        for attempt in self.attempts():
            before = self._retried(failed.setdefault(attempt.work, []), attempt)
            if before is not None and before.ended is not None:
                gap = attempt.sent - before.ended
                found.append(Waited(before, attempt, gap, before.retry_after))
            failed[attempt.work].append(attempt)
        return found

    def _retried(self, before: list[Attempt], attempt: Attempt) -> Attempt | None:
        """The failure that an attempt is the next after: the latest that nothing followed yet."""
        for position in range(len(before) - 1, -1, -1):
            one = before[position]
            if one.failed and one.ended is not None and one.ended <= attempt.sent:
                return before.pop(position)
        return None

    def amplification(self) -> float:
        """Attempts for each piece of work; 1.0 where nothing was tried again, 0.0 without any."""
        attempts = self.attempts()
        begun = len(attempts) - len(self.waited())
        return len(attempts) / begun if begun else 0.0

    def assert_retry_after_honoured(self, region: str = "") -> None:
        """Fail where anybody came back to a region earlier than its last Retry-After allowed.

        Also where no answer asked for a wait, because then nothing was tested.
        """
        __tracebackhide__ = True
        asked = [one for one in self.attempts(region) if not isnan(one.retry_after)]
        assert asked, self._told("No answer carried a Retry-After, so nothing was tested.")
        for before in asked:
            after = self._next(before)
            if after is None or before.ended is None:
                continue
            waited = after.sent - before.ended
            early = before.retry_after - waited
            assert early <= TOLERANCE, self._told(
                f"{before.region} answered {before.result} and asked for {before.retry_after:g} s; "
                f"the next {after.action} came after {waited:.3f} s, {early:.3f} s early."
            )

    def assert_amplification(self, at_most: float) -> None:
        """Fail where the clients sent more attempts than that for each piece of work."""
        __tracebackhide__ = True
        amplification = self.amplification()
        assert amplification, self._told("No attempt was seen, so nothing was tested.")
        assert amplification <= at_most, self._told(
            f"{amplification:.2f} attempts for each piece of work, {at_most:g} were allowed."
        )

    def assert_backed_off(self, at_least: float = 0.0, region: str = "") -> None:
        """Fail where a retry followed its failure by less; also where nothing was retried.

        0 asks for any wait that is longer than a machine takes to send the next request.
        """
        __tracebackhide__ = True
        waits = self.waits(region)
        assert waits, self._told("Nothing was tried again, so nothing was tested.")
        floor = at_least or TOLERANCE / 10
        assert min(waits) >= floor, self._told(
            f"A retry followed its failure by {min(waits):.4f} s, {floor:g} s at least was asked."
        )

    def assert_untouched(self, region: str) -> None:
        """Fail where anything was sent to a region, or to ``iam``."""
        __tracebackhide__ = True
        count = len(self.attempts(region))
        assert not count, self._told(f"{count} attempts at {region}, where there should be none.")

    def _next(self, before: Attempt) -> Attempt | None:
        """The first attempt at the same work in the same region after one has ended."""
        ended = before.ended
        return next(
            (
                one
                for one in self.attempts(before.region)
                if ended is not None and one.work == before.work and one.sent > ended
            ),
            None,
        )

    def timeline(self) -> str:
        """The attempts, a line each: when, where, what, how it ended, how long it took."""
        attempts = self.attempts()
        lines = [self._line(one) for one in attempts[:LINES_SHOWN]]
        left = len(attempts) - LINES_SHOWN
        return "\n".join([*lines, f"… and {left} more"] if left > 0 else lines)

    def _line(self, one: Attempt) -> str:
        lasted = "" if one.ended is None else f"{(one.ended - one.sent) * 1000:8.1f} ms"
        asked = "" if isnan(one.retry_after) else f"  Retry-After {one.retry_after:g} s"
        at = one.sent - self._begins
        return f"{at:9.3f} s  {one.region:<10} {one.action:<10} {one.result:<10}{lasted}{asked}"

    def _told(self, sentence: str) -> str:
        return f"{sentence}\n{self.timeline()}" if self.attempts() else sentence
