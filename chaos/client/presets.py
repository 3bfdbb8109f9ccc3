"""Named policies: ours, and those of well-known software, so that a "what if" is one word."""

import difflib
from collections.abc import Mapping
from random import Random

from chaos.client.backoff import full_jitter
from chaos.client.budget import Bucket
from chaos.client.call import Client, Factory, Wiring
from chaos.client.caller import PolicyClient
from chaos.client.policy import Breaker, Failover, Hedge, Policy, Refresh, Timeouts
from chaos.client.retry_after import RetryAfter
from chaos.client.sdks import LATEST, SDKS
from chaos.errors import ScenarioError

RECOMMENDED = Policy(
    name="recommended",
    timeouts=Timeouts(connect=0.5, read=1.0, total=2.0),
    deadline=5.0,
    attempts=8,
    backoff=full_jitter(base=0.05, cap=1.0),
    throttled=full_jitter(base=0.2, cap=2.0),
    # Clients that were sent away together must not come back together: with a tenth on top, a
    # region that throttles at 100/s is left idle for an eighth of its time.
    retry_after=RetryAfter(cap=60.0, spread=0.5, plus=0.25, shared=True),
    budget=Bucket(capacity=10.0, ratio=0.1),
    # Probes two seconds apart bring a healed region 3.7 times its usual load; five seconds apart,
    # they leave it idle too long (`scenarios/storm/thundering-herd.yaml`, `test_presets.py`).
    breaker=Breaker(cap=4.0),
    failover=Failover(yielding=frozenset({"wrap"})),
    hedge=Hedge(),
    refresh=Refresh(),
    reconciles=True,
    fresh=True,
)

PRESETS: Mapping[str, Policy] = {
    RECOMMENDED.name: RECOMMENDED,
    **SDKS,
    **{name: SDKS[versioned] for name, versioned in LATEST.items()},
}


def factory_for(name: str) -> Factory:
    """The factory of the preset of that name; ScenarioError names the nearest if there is none."""
    return factory(named(name, PRESETS, "preset"))


def named(name: str, policies: Mapping[str, Policy], what: str) -> Policy:
    """The policy of that name; ScenarioError says which there are and which was meant."""
    policy = policies.get(name)
    if policy is not None:
        return policy
    near = difflib.get_close_matches(name, policies, n=1, cutoff=0.4)
    meant = f" Did you mean {near[0]!r}?" if near else ""
    known = ", ".join(sorted(policies))
    raise ScenarioError(f"There is no client {what} {name!r}.{meant} There are: {known}.")


def factory(policy: Policy) -> Factory:
    """A factory that builds clients with that policy."""

    def build(wiring: Wiring, rng: Random) -> Client:
        return PolicyClient(policy, wiring, rng)

    return build
