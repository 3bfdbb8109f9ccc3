"""The operator's own calls: they set the stage and audit it, and are not measured."""

import json
from http import HTTPStatus

from chaos.client.call import Credential, Target, Try
from chaos.client.wire import client_mark, token_request
from chaos.errors import WorldError
from chaos.exchange import Answer, Request
from chaos.run.world import World, send

OPERATOR = 65_535
MARK = client_mark("operator")
CONNECT, READ, TOTAL = 2.0, 5.0, 10.0


def asking(target: Target, request: Request, number: int = 1) -> Try:
    """One attempt of the operator at one target, with patient timeouts."""
    return Try(number, target.region, target.endpoint, request, CONNECT, READ, TOTAL, 0.0, "first")


async def sign_in(world: World, api_key: str, iam: str) -> Credential:
    """A new token of the operator's. Raises WorldError where the token service gives none."""
    issued = world.now()
    asked = asking(Target("", iam, "", ""), token_request(Credential(api_key, iam)))
    reply = await send(world, OPERATOR, asked)
    told = f"HTTP {reply.status}" if isinstance(reply, Answer) else reply.kind
    if isinstance(reply, Answer) and reply.status == HTTPStatus.OK:
        try:
            members = json.loads(reply.body)
            token, lasts = str(members["access_token"]), float(members["expires_in"])
        except (ValueError, KeyError, TypeError):
            told = "its answer holds none"
        else:
            return Credential(api_key, iam, token, issued, issued + lasts)
    # Bodies are never quoted: they may hold secrets.
    raise WorldError(f"The token service at {iam} gave no token: {told}.")
