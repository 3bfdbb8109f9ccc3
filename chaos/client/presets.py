"""Named policies: ours, and what well-known software does, so that "what if we used …" is one word.

Each names its source. A client that retries but knows one region only gets its primary target.
"""

import difflib
from random import Random

from chaos.client.backoff import exponential, full_jitter
from chaos.client.budget import Bucket
from chaos.client.call import Client, Factory, Wiring
from chaos.client.caller import PolicyClient
from chaos.client.policy import (
    ALL_FAILURES,
    Breaker,
    Failover,
    Hedge,
    Policy,
    Refresh,
    Retried,
    Timeouts,
)
from chaos.client.retry_after import RetryAfter
from chaos.errors import ScenarioError

PRESETS: dict[str, Policy] = {
    policy.name: policy
    for policy in (
        Policy(
            name="recommended",
            timeouts=Timeouts(connect=0.5, read=1.0, total=2.0),
            deadline=5.0,
            attempts=8,
            backoff=full_jitter(base=0.05, cap=1.0),
            throttled=full_jitter(base=0.2, cap=2.0),
            retry_after=RetryAfter(cap=60.0, spread=0.1, plus=0.25, shared=True),
            budget=Bucket(capacity=10.0, ratio=0.1),
            breaker=Breaker(),
            failover=Failover(yielding=frozenset({"wrap"})),
            hedge=Hedge(),
            refresh=Refresh(),
            reconciles=True,
            fresh=True,
        ),
        Policy(
            name="key-protect-docs",
            timeouts=Timeouts(connect=60.0, read=60.0),
            attempts=3,
            backoff=exponential(base=1.0, cap=60.0),
            retried=Retried(statuses=None, failures=ALL_FAILURES),
            last_wait=True,
        ),
    )
}


def factory_for(name: str) -> Factory:
    """The factory of the preset of that name; ScenarioError names the nearest if there is none."""
    policy = PRESETS.get(name)
    if policy is None:
        near = difflib.get_close_matches(name, PRESETS, n=1, cutoff=0.4)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        known = ", ".join(sorted(PRESETS))
        raise ScenarioError(f"There is no client preset {name!r}.{meant} The presets are: {known}.")
    return factory(policy)


def factory(policy: Policy) -> Factory:
    """A factory that builds clients with that policy."""

    def build(wiring: Wiring, rng: Random) -> Client:
        return PolicyClient(policy, wiring, rng)

    return build
