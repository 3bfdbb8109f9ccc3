"""The program that unwraps every data key again, in each region that should be able to.

It runs after the load, with every fault healed: what does not open now is lost, and another
plaintext than the one noted at wrap is wrong, which is never tolerated. A region that gives no
answer has said nothing about a key, so that nothing is noted and the audit ends.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

from chaos.client import wire
from chaos.client.call import Credential, Target, Work
from chaos.errors import WorldError
from chaos.exchange import Answer
from chaos.run.operate import digest_of
from chaos.run.operator import MARK, OPERATOR, asking, sign_in
from chaos.run.world import Audited, World, Wrapped, send

ATTEMPTS = 3
# Seconds before another attempt where none was answered: a process that died is noticed by then.
PAUSE = 0.3
# Seconds before its end at which a token is not used any more.
SPARE = 5.0


async def audit(
    world: World, entries: Iterable[Wrapped], targets: Sequence[Target], credential: Credential
) -> None:
    """Unwrap each ledger entry at every target and note right, wrong or lost.

    Raises WorldError where a region does not answer at all, and where a new token is needed and the
    token service gives none.
    """
    for entry in entries:
        for target in targets:
            if world.now() > credential.expires - SPARE:
                credential = await sign_in(world, credential.api_key, credential.endpoint)
            verdict, why = await _unwrap(world, entry, target, credential.token)
            world.note(Audited(entry.number, target.region, verdict, why))


async def _unwrap(
    world: World, entry: Wrapped, target: Target, token: str
) -> tuple[Literal["right", "wrong", "lost"], str]:
    work = Work(entry.number, "unwrap", ciphertext=entry.ciphertext)
    why, answered = "", True
    for number in range(1, ATTEMPTS + 1):
        if not answered:
            await world.sleep_until(world.now() + PAUSE)
        request = wire.request(target, work, token, wire.correlation_id(MARK, entry.number, number))
        reply = await send(world, OPERATOR, asking(target, request, number))
        answered, reading = isinstance(reply, Answer), wire.read(work, reply)
        if reading.result is not None:
            if digest_of(reading.result.plaintext) == entry.digest:
                return "right", ""
            return "wrong", "another plaintext came than was wrapped"
        why = reading.why
    if not answered:
        times = f"{ATTEMPTS} attempts in a row"
        raise WorldError(f"{target.region} did not answer the audit: {why}, {times}.")
    return "lost", why
