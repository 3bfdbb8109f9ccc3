"""The attempts of one call: what is under way, what was asked where, and how a Try is made."""

from chaos.client.call import Try, Why, Work
from chaos.client.knowledge import Knowledge
from chaos.client.route import Choice

# Over a connection of its own, for one from before the trouble may be dead without knowing it.
_FRESH = frozenset({"retry", "hedge", "probe"})
# What an attempt is called for where it goes, as long as its call has not been there before.
_WHERE = frozenset({"first", "failover"})


class Attempt:
    """An attempt under way: where, since when, until when at most, with which token.

    ``paid`` says that the retry budget paid for it, ``probe`` that it asks a region left alone.
    """

    __slots__ = ("index", "paid", "probe", "sent", "token", "until")

    def __init__(
        self, choice: Choice, sent: float, until: float, token: str, *, paid: bool
    ) -> None:
        self.index = choice.index
        self.probe = choice.probe
        self.sent = sent
        self.until = until
        self.token = token
        self.paid = paid


class Sending:
    """Numbers, counts and bounds the attempts of one call.

    ``made`` counts its attempts, ``numbered`` those and its errands; ``region`` is where the last
    one went, empty before the first.
    """

    __slots__ = ("_asked", "_client", "_deadline", "made", "numbered", "region", "under_way")

    def __init__(self, client: Knowledge, deadline: float) -> None:
        self._client = client
        self._deadline = deadline
        self._asked = 0
        self.made = 0
        self.numbered = 0
        self.region = ""
        self.under_way: dict[int, Attempt] = {}

    def asked(self, index: int) -> bool:
        """Whether this call has asked that region before."""
        return bool(self._asked >> index & 1)

    def begin(
        self, choice: Choice, work: Work, body: bytes, now: float, *, waited: float, paid: bool
    ) -> Try:
        """Make an attempt at ``now``, cut by the deadline unless the policy does not pass it on."""
        client, index = self._client, choice.index
        policy, region = client.policy, client.route.regions[index]
        timeouts, target = policy.timeouts, region.target
        why: Why = choice.why
        asked = 1 << index
        if self._asked & asked and why in _WHERE:
            why = "retry"
        self._asked |= asked
        self.made += 1
        self.numbered = number = self.numbered + 1
        total = timeouts.total
        if choice.probe:
            total = min(total, client.route.probe_patience(index))
        if policy.bounded and total > self._deadline - now:
            total = self._deadline - now
        self.region = name = target.region
        self.under_way[number] = Attempt(choice, now, now + total, client.tokens.text, paid=paid)
        region.account.sent(retry=paid)
        return Try(
            number,
            name,
            target.endpoint,
            client.request(index, work, number, body),
            min(total, timeouts.connect),
            min(total, timeouts.read),
            total,
            waited,
            why,
            policy.fresh and why in _FRESH,
        )

    def end(self, number: int) -> Attempt | None:
        """That attempt ended; None where it is none of this call's."""
        attempt = self.under_way.pop(number, None)
        if attempt is not None:
            self._client.route.regions[attempt.index].account.ended(retry=attempt.paid)
        return attempt

    def abandon(self) -> None:
        """The call is over: what is under way will be cancelled and says nothing."""
        for number in tuple(self.under_way):
            attempt = self.under_way[number]
            self._client.route.regions[attempt.index].unask()
            self.end(number)
