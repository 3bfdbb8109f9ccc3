"""What one call does for its whole client, beside its own work: renew the token, repay a rotation.

An errand is a shared attempt: it is seen to its end even when its call is done before.
"""

from dataclasses import dataclass

from chaos.client import wire
from chaos.client.call import Step, Try, Wait, Work
from chaos.client.knowledge import Knowledge
from chaos.client.reading import read
from chaos.client.rotations import Owed
from chaos.exchange import Reply

TOKEN_SERVICE = "iam"  # noqa: S105 - a name, no password


@dataclass(frozen=True, slots=True)
class Errand:
    """An errand under way since ``sent``: a refresh of the token, or a rotation to repeat."""

    sent: float
    owed: Owed | None = None


def next_errand(
    client: Knowledge, operation: int, number: int, deadline: float, now: float
) -> Step | str | None:
    """The errand that a call must begin or wait for before its next attempt; None for none.

    There is at most one of each sort at a time. A Try is the errand itself, numbered ``number``. A
    Wait is for somebody else's refresh, or for when the next may be tried. A text says why there
    will be no token by ``deadline``.
    """
    tokens = client.tokens
    need = tokens.need(now)
    if need == "none":
        return _repeat(client, operation, number, now)
    if need == "must" and (_refused(client, deadline) or tokens.retry_at >= deadline):
        return f"there is no valid token: {tokens.trouble}"
    if tokens.under_way(now):
        return None if need == "early" else Wait(min(deadline, tokens.ends_at), shared=True)
    if now < tokens.retry_at:
        return None if need == "early" else Wait(tokens.retry_at, shared=True)
    tokens.begin(now)
    return _refresh(client, number)


def begin_errand(client: Knowledge, step: Try, now: float) -> Errand:
    """The errand that this step begins."""
    owed = client.rotations.repeating if step.why == "repeat" else None
    return Errand(now, owed)


def end_errand(client: Knowledge, operation: int, errand: Errand, reply: Reply, now: float) -> None:
    """An errand ended with that reply."""
    if errand.owed is not None:
        reading = read(Work(operation, "rotate"), reply)
        name = client.route.regions[errand.owed.index].target.region
        if client.rotations.repaid(errand.owed, reading, now, client.rng):
            why = f"owed since {errand.owed.since:.3f} s"
            client.route.note("rotation_repeated", now, operation, name, "", why)
        return
    renewal = client.tokens.observe(errand.sent, reply, now)
    if renewal.ok:
        client.forget_headers()
    client.route.note("refresh", now, operation, TOKEN_SERVICE, "", renewal.why)


def _refused(client: Knowledge, deadline: float) -> bool:
    """Whether a refresh failed since the call of that deadline began, and that is its end."""
    tokens, begun = client.tokens, deadline - client.policy.deadline
    return not tokens.rule.insists and tokens.failed_at >= begun


def _refresh(client: Knowledge, number: int) -> Try:
    credential, tokens = client.wiring.credential, client.tokens
    timeouts = tokens.rule.timeouts
    return Try(
        number,
        TOKEN_SERVICE,
        credential.endpoint,
        wire.token_request(credential),
        timeouts.connect,
        timeouts.read,
        timeouts.total,
        tokens.waited,
        "refresh",
        shared=True,
    )


def _repeat(client: Knowledge, operation: int, number: int, now: float) -> Try | None:
    regions, timeouts = client.route.regions, client.policy.timeouts
    owed = client.rotations.begin(
        now, client.rng, timeouts.total, lambda index: regions[index].free(now)
    )
    if owed is None:
        return None
    work = Work(operation, "rotate", payload=owed.payload)
    target = regions[owed.index].target
    return Try(
        number,
        target.region,
        target.endpoint,
        client.request(owed.index, work, number, wire.body(work)),
        timeouts.connect,
        timeouts.read,
        timeouts.total,
        client.rotations.waited,
        "repeat",
        shared=True,
    )
