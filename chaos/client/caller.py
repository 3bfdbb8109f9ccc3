"""One client: what a process of the user's software knows, shared by all its calls.

Sans IO. A client begins calls and hands over decisions; the calls do the deciding.
"""

from random import Random

from chaos.client import wire
from chaos.client.call import Decision, Wiring, Work
from chaos.client.changing import CHANGING, ChangingCall
from chaos.client.errands import Errands
from chaos.client.policy import Policy
from chaos.client.repeatable import RepeatableCall
from chaos.client.rotations import Rotations
from chaos.client.route import Route
from chaos.client.tokens import Tokens
from chaos.exchange import Request


class PolicyClient:
    """One process of the user's software under one policy.

    ``route`` knows the regions, ``tokens`` the access token, ``rotations`` what is owed to the
    backups, ``errands`` what a call must do for all of them first.
    """

    def __init__(self, policy: Policy, wiring: Wiring, rng: Random) -> None:
        self.policy = policy
        self.wiring = wiring
        self.rng = rng
        self.route = Route(policy, wiring, rng)
        self.tokens = Tokens(wiring.credential, policy.refresh, rng)
        self.rotations = Rotations()
        self.errands = Errands(self)
        self._mark = wire.client_mark(wiring.name)
        self._fixed: dict[tuple[int, str], wire.Headers] = {}

    def begin(self, work: Work, now: float) -> RepeatableCall | ChangingCall:
        """Begin one operation; its deadline is counted from now."""
        if self.policy.reconciles and work.kind in CHANGING:
            return ChangingCall(self, work, now)
        return RepeatableCall(self, work, now)

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
        fixed = self._fixed.get((index, work.kind))
        if fixed is None:
            fixed = wire.fixed_headers(target, work.kind, self.tokens.text)
            self._fixed[index, work.kind] = fixed
        correlation = ("Correlation-Id", wire.correlation_id(self._mark, work.number, attempt))
        method, path = wire.method_and_path(target, work)
        return Request(method, path, (*fixed, correlation), body)

    def forget_headers(self) -> None:
        """The token has changed, so the headers that carry it must be made anew."""
        self._fixed.clear()
