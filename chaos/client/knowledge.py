"""What one process of the user's software knows, shared by all its calls.

Sans IO. Calls and errands are given it; :mod:`chaos.client.caller` is who begins them.
"""

from random import Random

from chaos.client import wire
from chaos.client.call import Wiring, Work
from chaos.client.policy import Policy
from chaos.client.rotations import Rotations
from chaos.client.route import Route
from chaos.client.tokens import Tokens
from chaos.exchange import Request


class Knowledge:
    """What the calls of one client share under its policy.

    ``route`` knows the regions, ``tokens`` the access token, ``rotations`` what is owed to the
    backups.
    """

    def __init__(self, policy: Policy, wiring: Wiring, rng: Random) -> None:
        self.policy = policy
        self.wiring = wiring
        self.rng = rng
        self.route = Route(policy, wiring, rng)
        self.tokens = Tokens(wiring.credential, policy.refresh, rng)
        self.rotations = Rotations()
        self._mark = wire.client_mark(wiring.name)
        self._fixed: dict[tuple[int, str], wire.Headers] = {}

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
