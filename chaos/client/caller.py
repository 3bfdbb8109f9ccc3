"""One client: a process of the user's software that begins calls under one policy.

Sans IO. A client begins calls and hands over decisions; the calls do the deciding.
"""

from chaos.client.call import Decision, Work
from chaos.client.changing import CHANGING, ChangingCall
from chaos.client.knowledge import Knowledge
from chaos.client.repeatable import RepeatableCall


class PolicyClient(Knowledge):
    """One process of the user's software under one policy, and what it knows."""

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
