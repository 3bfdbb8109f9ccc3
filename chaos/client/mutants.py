"""Clients that are wrong in one way each: a scenario that none of them fails teaches nothing.

Each is the recommended policy with one part of it damaged.
"""

from collections.abc import Mapping
from dataclasses import replace
from math import inf

from chaos.client.backoff import exponential
from chaos.client.call import Factory
from chaos.client.policy import Breaker, Failover, Policy, Refresh, Retried, Timeouts
from chaos.client.presets import RECOMMENDED, factory, named
from chaos.client.retry_after import RetryAfter

_ROAMS = RECOMMENDED.failover or Failover()

MUTANTS: Mapping[str, Policy] = {
    name: replace(policy, name=name)
    for name, policy in {
        "ignores-retry-after": replace(
            RECOMMENDED, retry_after=None, refresh=Refresh(retry_after=None)
        ),
        "retries-4xx": replace(RECOMMENDED, retried=Retried(statuses=None)),
        "no-jitter": replace(
            RECOMMENDED,
            backoff=exponential(base=0.05, cap=1.0),
            throttled=exponential(base=0.2, cap=2.0),
            retry_after=RetryAfter(cap=60.0, shared=True),
            breaker=Breaker(spread=0.0),
        ),
        "never-fails-back": replace(RECOMMENDED, failover=replace(_ROAMS, calm=inf, calm_cap=inf)),
        "fails-over-on-denied": replace(
            RECOMMENDED, failover=replace(_ROAMS, leaves_on=frozenset({"gone", "denied"}))
        ),
        "remembers-410-for-ever": replace(RECOMMENDED, failover=replace(_ROAMS, forgives=False)),
        "trusts-plaintext-unchecked": replace(RECOMMENDED, checks=False),
        "retries-rotate-blindly": replace(RECOMMENDED, reconciles=False),
        "breaker-never-half-opens": replace(RECOMMENDED, breaker=Breaker(pause=inf, cap=inf)),
        "deadline-not-passed-down": replace(
            RECOMMENDED, bounded=False, timeouts=Timeouts(connect=0.5, read=10.0, total=10.0)
        ),
        "no-failover": replace(RECOMMENDED, failover=None),
        "ping-pong": replace(
            RECOMMENDED,
            breaker=Breaker(trips=1, pause=0.05, cap=0.05),
            failover=replace(_ROAMS, patience=1, dwell=0.0, calm=0.0, relapse=1.0, steps=()),
        ),
    }.items()
}


def factory_for(name: str) -> Factory:
    """The factory of the mutant of that name; ScenarioError names the nearest if there is none."""
    return factory(named(name, MUTANTS, "mutant"))
